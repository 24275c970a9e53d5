"""The sixth family: nothing is signed, so what is claimed is read where it is said to stand (W3C Webmention, section 3.2.2).

A stranger chooses the address. It is resolved once, may not be of a private network, and is used as it was checked; a redirect
may not lead to another host, and no more is read than is needed.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from html.parser import HTMLParser
from typing import Final
from urllib.parse import urljoin, urlsplit

import httpx
import orjson

from services.ingest.verifiers.message import Message, Verdict
from shared.errors import Unavailable
from shared.http.addresses import CheckedTransport, NoAddress
from shared.xapi.model import JSON

LARGEST: Final = 1024 * 1024
DEADLINE: Final = 10.0
MOST_REDIRECTS: Final = 3
LINKS: Final = frozenset({"href", "src", "cite", "data", "poster", "content"})


def fetched_back_later(message: Message, secrets: Sequence[bytes], now: datetime) -> Verdict:
    """Judge nothing at the door: what is claimed there is only asked for, and `names` judges what is answered."""
    del message, secrets, now
    return Verdict.GENUINE


class FetchedBack:
    """Judge whether the page at *source* names *target*; see `open_fetched_back`."""

    def __init__(self, http: httpx.AsyncClient, deadline: float = DEADLINE) -> None:
        self._http = http
        self._deadline = deadline

    async def __call__(self, source: str, target: str) -> Verdict:
        """Return the verdict: forged, where the page is not there or does not name *target*.

        Raises Unavailable where that cannot be said now: it is to be asked again later.
        """
        try:
            async with asyncio.timeout(self._deadline):
                return await self._fetch(source, target, MOST_REDIRECTS)
        except (NoAddress, httpx.InvalidURL, ValueError):
            return Verdict.FORGED
        except (TimeoutError, httpx.HTTPError) as error:
            raise Unavailable("ingest", f"a page did not answer: {type(error).__name__}") from error

    async def _fetch(self, source: str, target: str, redirects: int) -> Verdict:
        if urlsplit(source).scheme not in ("http", "https") or not urlsplit(source).hostname:
            return Verdict.FORGED
        async with self._http.stream("GET", source, headers={"Accept": "text/html, application/json, text/plain"}) as answer:
            if answer.is_redirect:
                onward = urljoin(source, answer.headers.get("location", ""))
                same = urlsplit(onward).hostname == urlsplit(source).hostname
                return await self._fetch(onward, target, redirects - 1) if same and redirects else Verdict.FORGED
            if answer.is_server_error or answer.status_code == httpx.codes.TOO_MANY_REQUESTS:
                raise Unavailable("ingest", f"a page answered {answer.status_code}")
            if not answer.is_success:
                return Verdict.FORGED
            content = await _beginning(answer)
        kind = answer.headers.get("content-type", "text/html")
        named = await asyncio.to_thread(names, content, kind, source, target)  # a page of nothing but < takes seconds
        return Verdict.GENUINE if named else Verdict.FORGED


@asynccontextmanager
async def open_fetched_back(*, private: bool = False) -> AsyncIterator[FetchedBack]:
    """Open what fetches pages; *private* allows networks of one's own."""
    transport = CheckedTransport(private=private)
    async with httpx.AsyncClient(transport=transport, timeout=DEADLINE, follow_redirects=False, trust_env=False) as http:
        yield FetchedBack(http)


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


async def _beginning(answer: httpx.Response) -> bytes:
    content = b""
    async for chunk in answer.aiter_bytes():
        content += chunk
        if len(content) >= LARGEST:
            break
    return content[:LARGEST]
