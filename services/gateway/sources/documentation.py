"""What OpenAPI says of the doors to the sources."""

from __future__ import annotations

from typing import Any, Final

from services.gateway.openapi import COUNT, MOMENT, TEXT, TO_ALL, answer, nullable, parameter, record, reference, refused

NAME: Final = parameter("source", "The source's name, as `symposia source list` shows it", where="path", required=True)
TOLD: Final = (
    "Last event, events and statements of the last hour and day, what was ignored and refused by reason, how long events "
    "took to the log, how asking the platform goes, what may be heard; never secrets"
)

_NUMBERS: Final = record({"last_hour": COUNT, "last_day": COUNT})
_REASONS: Final = {"type": "object", "additionalProperties": COUNT}
_SECONDS: Final = nullable({"type": "number"})
_FLAG: Final = {"type": "boolean"}
_POLICY: Final = {
    "keeps": TEXT,
    "channels": {"type": "array", "items": TEXT},
    "private": _FLAG,
    "direct": _FLAG,
    "excluded_accounts": COUNT,
}
_ASKING: Final = {
    "waiting": COUNT,
    "given_up": COUNT,
    "lookup_failures_in_a_row": COUNT,
    "failures_in_a_row": COUNT,
    "last_failure": nullable(TEXT),
    "last_success_at": nullable(MOMENT),
}
_SOURCE: Final = {
    "as_of": MOMENT,
    "source": TEXT,
    "platform": TEXT,
    "workspace": TEXT,
    "state": TEXT,
    "policy": record(_POLICY),
    "last_event_at": nullable(MOMENT),
    "events": _NUMBERS,
    "statements": _NUMBERS,
    "ignored": _REASONS,
    "refused": _REASONS,
    "event_to_log_seconds": record({"half_within": _SECONDS, "most_within": _SECONDS}),
    "asking": record(_ASKING),
}

SCHEMAS: Final[dict[str, Any]] = {
    "Source": record(_SOURCE, "as_of"),
    "Sources": record({"as_of": MOMENT, "sources": {"type": "array", "items": reference("Source")}}),
}

SOURCES: Final[dict[str, Any]] = {
    "operationId": "listSources",
    "summary": "Read how every source does",
    "responses": {"200": answer(TOLD, reference("Sources")), **refused({}, *TO_ALL)},
}
SOURCE: Final[dict[str, Any]] = {
    "operationId": "readSource",
    "summary": "Read how one source does",
    "parameters": [NAME],
    "responses": {"200": answer(TOLD, reference("Source")), **refused({"404": "There is no such source"}, *TO_ALL, "404")},
}
