"""Look again at what was written: WordPress does not tell what is deleted, nor what is shown no more.

A collection lists only what everybody may see, so what it does not list of the one thing that it is asked for is not to be seen.
"""

from __future__ import annotations

from typing import Final
from urllib.parse import urlencode

from services.ingest.connectors import looking_again
from services.ingest.connectors.connector import Fetch
from services.ingest.connectors.fields import optional_identifier
from services.ingest.connectors.wordpress.items import TYPES, api
from services.ingest.domain.asking import Answer, Circumstances, Request
from services.ingest.domain.interaction import Artefact, NativeId
from services.ingest.domain.reading import Known, Lookup, Reading
from services.ingest.domain.source import Source
from shared.xapi.model import JSON


def look_of(source: Source, known: Known) -> tuple[Lookup, ...]:
    """Return that a post, a page or a comment is to be looked at again, if its text is kept."""
    reference = {"name": known.artefact.native, "link": known.artefact.iri}
    return looking_again.first_look(source, known.artefact.native, reference, known.author)


def ask(source: Source, lookup: Lookup, circumstances: Circumstances) -> Request:
    """Ask a collection for one of its items."""
    del circumstances
    collection, _, number = lookup.reference["name"].partition("/")
    asked = urlencode({"include": number, "_fields": "id"})
    return Request(f"{api(source)}/wp/v2/{collection}?{asked}", headers={"Accept": "application/json"})


def read(source: Source, lookup: Lookup, answer: Answer) -> Reading:
    """Read whether it is there still."""
    del source
    name = lookup.reference["name"]
    collection, _, number = name.partition("/")
    artefact = Artefact(NativeId(name), lookup.reference["link"], TYPES[collection])

    def is_there(items: JSON) -> bool | None:
        if not isinstance(items, list):
            return None
        return (optional_identifier(items[0], "id") == number or None) if items else False

    return looking_again.read(lookup, artefact, answer, is_there)


FETCH: Final = Fetch(ask, read)
