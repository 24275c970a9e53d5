"""What nobody signed is read where it is said to stand, and nowhere in a private network."""

from __future__ import annotations

from time import process_time

import pytest

from services.ingest.asking.platform import PlatformAway, open_platforms
from services.ingest.connectors.webmention import WEBMENTION
from services.ingest.connectors.webmention.responses import ask
from services.ingest.domain.asking import Circumstances
from services.ingest.settings import AskingSettings
from services.ingest.verifiers.fetched import named_by
from shared.clock import utc_now
from tests.support.ingest import NOW
from tests.support.webmention import MENTIONS, lookup

SOURCE, TARGET = "https://blog.example/reply", "https://wiki.example/page"


@pytest.mark.parametrize(
    "page", ["http://127.0.0.1:1/", "http://169.254.169.254/latest/meta-data", "http://[::1]/", "http://localhost/"]
)
async def test_no_page_of_a_private_network_is_fetched(page: str) -> None:
    request = ask(MENTIONS, lookup(page), Circumstances(NOW, ""))

    async with open_platforms(AskingSettings(), utc_now) as platforms:
        with pytest.raises(PlatformAway, match="private network"):
            await platforms.ask(WEBMENTION, MENTIONS, request)


@pytest.mark.parametrize(
    ("page", "named"),
    [
        (b'<p>See <a href="https://wiki.example/page">it</a>.</p>', True),
        (b"<p>https://wiki.example/page</p>", False),
        (b'<a href="https://wiki.example/page/2">', False),
    ],
)
def test_a_page_names_what_it_links_to(page: bytes, *, named: bool) -> None:
    assert (TARGET in named_by(page, "text/html", SOURCE)) is named


@pytest.mark.parametrize(
    ("content", "media_type", "named"),
    [
        (b'<link href="/page">', "text/html; charset=utf-8", False),
        (b'<a href="http://[">x</a>', "text/html", False),
        (b'{"a": [{"b": "https://wiki.example/page"}]}', "application/activity+json", True),
        (b'{"https://wiki.example/page": 1}', "application/json", False),
        (b"{", "application/json", False),
        (b"see https://wiki.example/page", "text/plain", True),
        (b"see https://wiki.example/page2", "text/plain", False),
    ],
)
def test_a_page_names_it_by_its_own_rules(content: bytes, media_type: str, *, named: bool) -> None:
    assert (TARGET in named_by(content, media_type, SOURCE)) is named


@pytest.mark.parametrize(
    "fragment", [b"<!--", b"<a href='", b"<![x[", b"</", b"<a href=https://a.example/>", b"&#99999999999999999999;"]
)
def test_a_page_that_never_ends_takes_no_time(fragment: bytes) -> None:
    page = fragment * (200_000 // len(fragment))

    began = process_time()
    found = "https://blog.acme.example/1" in named_by(page, "text/html", "https://a.example/page")

    assert not found
    assert process_time() - began < 5
