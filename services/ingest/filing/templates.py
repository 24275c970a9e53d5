"""Templates of a column map, such as `{workspace}/messages/{id}`, and what they come to with the cells of a row."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Final
from urllib.parse import quote

from services.ingest.connectors.fields import Incomplete
from shared.spreadsheets import PLACEHOLDER, ROUNDED
from shared.xapi.validation import is_iri

LONGEST_NAME: Final = 800


def filled(template: str, cells: Mapping[str, str]) -> str:
    """Fill *template*; empty where one of its cells is."""
    if any(not cells.get(name) for name in PLACEHOLDER.findall(template)):
        return ""
    return PLACEHOLDER.sub(lambda found: cells[found[1]], template)


def needed(name: str, template: str, cells: Mapping[str, str]) -> str:
    """Fill the *template* of what *name* says; raise Incomplete where it comes to nothing that can be used."""
    found = filled(template, cells)
    if not found or len(found) > LONGEST_NAME:
        raise Incomplete(f"{name} ({template}) is {'too long' if found else 'empty'}")
    if any(ROUNDED.fullmatch(cells.get(column, "")) for column in PLACEHOLDER.findall(template)):
        raise Incomplete(f"{name} ({template}) was rounded by a spreadsheet: import the file as it was exported")
    return found


def iri(template: str, cells: Mapping[str, str]) -> str:
    """Fill the template of an IRI: a cell that is not its whole beginning is a part of it, and is escaped."""
    begin = PLACEHOLDER.match(template)
    whole = begin[1] if begin else ""
    escaped = {name: value if name in (whole, "workspace") else quote(value, safe="") for name, value in cells.items()}
    found = needed("iri", template, escaped)
    if not is_iri(found):
        raise Incomplete(f"iri ({template}) is no IRI")
    return found


def moment(template: str, cells: Mapping[str, str], formats: Iterable[str]) -> str:
    """Fill the template of a time, ISO 8601 or as *formats* (of `strptime`) say; raise Incomplete where it is none."""
    written = needed("happened", template, cells)
    found = next((found for form in (None, *formats) if (found := _parsed(written, form))), None)
    if found is None:
        raise Incomplete(f"happened ({template}) is not a time")
    return found


def _parsed(written: str, form: str | None) -> str | None:
    try:
        at = datetime.fromisoformat(written) if form is None else datetime.strptime(written, form)  # noqa: DTZ007  below
        at = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return at.replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"
