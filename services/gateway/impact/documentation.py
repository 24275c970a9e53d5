"""What OpenAPI says of the impact doors; their parameters are read by hand, so that a mistake is told in words."""

from __future__ import annotations

from typing import Any, Final

from services.gateway.impact.asking import REFERENCES, Purpose
from services.gateway.openapi import parameter
from shared.media_types import JSON_TYPE

REF: Final = parameter("ref", f"Whom it is about: {REFERENCES}", where="path", required=True)
PURPOSE: Final = parameter("purpose", "What the impact is read for; or X-Purpose", required=True, enum=list(Purpose))
AS_OF: Final = parameter("as_of", "The moment to which evidence fades (RFC 3339); default: now", format="date-time")
SINCE: Final = parameter("changed_since", "`next_cursor` of the last answer; without it, from the beginning")
AFTER: Final = parameter("after", "`next_cursor` of the page before; without it, the first page")
LIMIT: Final = parameter("limit", "How many at most", type="integer", minimum=1)

ABSENT: Final = {"description": "Nobody has facts under this reference: unknown, not yet scored, or objecting"}
ASYNCHRONOUS: Final = {"description": "Passed on; in force as soon as scoring hears it"}
JSON: Final = {"description": "Impact, provisional and advisory", "content": {JSON_TYPE: {}}}
CSV: Final = {"description": "The same as flat CSV; the next cursor is in X-Next-Cursor", "content": {"text/csv": {}}}

IMPACT: Final[dict[str, Any]] = {"parameters": [REF, PURPOSE, AS_OF], "responses": {"200": JSON, "404": ABSENT}}
EXPLANATION: Final[dict[str, Any]] = {
    "parameters": [REF, PURPOSE, AS_OF, AFTER, LIMIT],
    "responses": {"200": JSON, "404": ABSENT},
}
CHANGES: Final[dict[str, Any]] = {"parameters": [PURPOSE, AS_OF, SINCE, LIMIT], "responses": {"200": JSON}}
CHANGES_AS_CSV: Final[dict[str, Any]] = {"parameters": [PURPOSE, AS_OF, SINCE, LIMIT], "responses": {"200": CSV}}
OBJECTION: Final[dict[str, Any]] = {"parameters": [REF], "responses": {"202": ASYNCHRONOUS}}
