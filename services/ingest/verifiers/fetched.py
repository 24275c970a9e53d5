"""The sixth family: nothing is signed, so what is claimed is read where it is said to stand (W3C Webmention, section 3.2.2).

A stranger chooses the address: it is asked as every platform is, by `services.ingest.asking`, which no private address answers.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from html.parser import HTMLParser
from typing import Final
from urllib.parse import urljoin

import orjson

from services.ingest.verifiers.message import Message, Verdict
from shared.xapi.model import JSON

LINKS: Final = frozenset({"href", "src", "cite", "data", "poster", "content"})


def fetched_back_later(message: Message, secrets: Sequence[bytes], now: datetime) -> Verdict:
    """Judge nothing at the door: what is claimed there is only asked for, and `names` judges what is answered."""
    del message, secrets, now
    return Verdict.GENUINE


def names(content: bytes, media_type: str, source: str, target: str) -> bool:
    """Say whether a page names *target* exactly: as a link of HTML, as a value of JSON, or as a word of a text."""
    text = content.decode(errors="replace")
    kind = media_type.partition(";")[0].strip().lower()
    if kind.endswith("json"):
        return target in _values(content)
    if kind == "text/plain":
        return target in text.split()
    page = _Links()
    page.feed(text)
    return any(_joined(source, link) == target for link in page.found)


def _joined(source: str, link: str) -> str | None:
    """Return where a link of the page at *source* leads; None where it is no address."""
    try:
        return urljoin(source, link.strip())
    except ValueError:
        return None


class _Links(HTMLParser):
    """Collect what a page refers to."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        del tag
        self.found += [value for name, value in attrs if name in LINKS and value]


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
