"""Look again at statuses: who asks Mastodon is not told what is deleted (docs.joinmastodon.org/methods/statuses)."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

from services.ingest.connectors import looking_again
from services.ingest.connectors.connector import Fetch
from services.ingest.connectors.fields import identifier, optional_identifier, optional_text
from services.ingest.connectors.mastodon import places
from services.ingest.domain.asking import Answer, Circumstances, Request
from services.ingest.domain.reading import Lookup, Reading
from services.ingest.domain.source import Source
from shared.xapi.model import JSON

REFUSALS: Final = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.GONE})
NOT_FOUND: Final = "Record not found"
"""What Mastodon says of a status that is not there; its proxy says 404 in other words, or in none."""


def look_of(source: Source, status: JSON) -> tuple[Lookup, ...]:
    """Return that a status is to be looked at again, if its text is kept."""
    name = identifier(status, "id")
    return looking_again.first_look(source, name, {"id": name}, places.account(status))


def ask(source: Source, lookup: Lookup, circumstances: Circumstances) -> Request:
    """Ask for a status."""
    del circumstances
    return Request(f"{source.workspace}/api/v1/statuses/{lookup.reference['id']}", bears=REFUSALS)


def read(source: Source, lookup: Lookup, answer: Answer) -> Reading:
    """Read whether a status is there still."""
    name = lookup.reference["id"]

    def is_there(document: JSON) -> bool | None:
        if answer.status in REFUSALS:
            return False if optional_text(document, "error") == NOT_FOUND else None
        return optional_identifier(document, "id") == name or None

    return looking_again.read(lookup, places.status(source, name), answer, is_there)


FETCH: Final = Fetch(ask, read)
