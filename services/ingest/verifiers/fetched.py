"""The sixth family: nothing is signed, so what is claimed is read where it is said to stand (W3C Webmention, section 3.2.2).

A stranger chooses the address: it is asked as every platform is, by `services.ingest.asking`, which no private address answers.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final
from urllib.parse import urljoin

import orjson

from services.ingest.domain.markup import Opening, tokens
from services.ingest.verifiers.message import Message, Verdict
from shared.media_types import media_type
from shared.xapi.model import JSON

LINKS: Final = frozenset({"href", "src", "cite", "data", "poster", "content"})


def fetched_back_later(message: Message, secrets: Sequence[bytes], now: datetime) -> Verdict:
    """Judge nothing at the door: what is claimed there is only asked for, and `names` judges what is answered."""
    del message, secrets, now
    return Verdict.GENUINE


def named_by(content: bytes, content_type: str, source: str) -> Iterator[str]:
    """Yield what the page at *source* names: the links of HTML, the values of JSON, or the words of a text."""
    text = content.decode(errors="replace")
    kind = media_type(content_type)
    if kind.endswith("json"):
        yield from _values(content)
    elif kind == "text/plain":
        yield from text.split()
    else:
        yield from (joined for link in _links(text) if (joined := _joined(source, link)))


def _joined(source: str, link: str) -> str | None:
    """Return where a link of the page at *source* leads; None where it is no address."""
    try:
        return urljoin(source, link.strip())
    except ValueError:
        return None


def _links(page: str) -> Iterator[str]:
    """Yield what a page refers to."""
    for token in tokens(page):
        if isinstance(token, Opening):
            yield from (value for name, value in token.attributes.items() if name in LINKS and value)


def _values(content: bytes) -> Iterator[str]:
    try:
        waiting: list[JSON] = [orjson.loads(content)]
    except orjson.JSONDecodeError:
        return
    while waiting:
        value = waiting.pop()
        if isinstance(value, str):
            yield value
        elif isinstance(value, dict | list):
            waiting += value.values() if isinstance(value, dict) else value
