"""What OpenAPI says of the doors to the sources."""

from __future__ import annotations

from typing import Any, Final

from services.gateway.openapi import parameter
from shared.media_types import JSON_TYPE

NAME: Final = parameter("source", "The source's name, as `symposia source list` shows it", where="path", required=True)
TOLD: Final = {
    "description": (
        "Last event, events and statements of the last hour and day, what was ignored and refused by reason, how long events "
        "took to the log, how asking the platform goes, what may be heard; never secrets"
    ),
    "content": {JSON_TYPE: {}},
}

SOURCES: Final[dict[str, Any]] = {"responses": {"200": TOLD}}
SOURCE: Final[dict[str, Any]] = {
    "parameters": [NAME],
    "responses": {"200": TOLD, "404": {"description": "There is no such source"}},
}
