"""Look again at comments: YouTube does not tell which are removed (developers.google.com/youtube/v3/docs/comments/list)."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlencode

from services.ingest.connectors import looking_again
from services.ingest.connectors.fields import member, optional_text
from services.ingest.connectors.youtube import names
from services.ingest.domain.asking import Answer, Request
from services.ingest.domain.interaction import AccountName, NativeId
from services.ingest.domain.reading import Lookup, Reading
from services.ingest.domain.source import Source
from shared.xapi.model import JSON

LIST: Final = "youtube#commentListResponse"


def look_of(source: Source, name: str, video: NativeId, author: AccountName) -> tuple[Lookup, ...]:
    """Return that the comment called *name* is to be looked at again, if its text is kept."""
    return looking_again.first_look(source, name, {"comment": name, "video": video}, author)


def ask(lookup: Lookup) -> Request:
    """Ask for a comment, and nothing but its name."""
    return Request(f"{names.API}/comments?{urlencode({'part': 'id', 'id': lookup.reference['comment']})}")


def read(lookup: Lookup, answer: Answer) -> Reading:
    """Read whether a comment is there still: a list of nothing says that it is not."""
    name = lookup.reference["comment"]

    def is_there(document: JSON) -> bool | None:
        items = member(document, "items")
        if optional_text(document, "kind") != LIST or not isinstance(items, list):
            return None
        return (optional_text(items[0], "id") == name or None) if items else False

    return looking_again.read(lookup, names.comment(name, lookup.reference["video"]), answer, is_there)
