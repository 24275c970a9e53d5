"""What nobody signed is read where it is said to stand; what cannot be read now is asked again."""

from __future__ import annotations

import httpx
import pytest

from services.ingest.verifiers.fetched import MOST_REDIRECTS, FetchedBack, names, open_fetched_back
from services.ingest.verifiers.message import Verdict
from shared.errors import Unavailable

SOURCE, TARGET = "https://blog.example/reply", "https://wiki.example/page"
LINK = b'<p>See <a href="https://wiki.example/page">it</a>.</p>'


async def verdict_of(*answers: httpx.Response) -> Verdict:
    """Fetch from a site that gives *answers*, one after the other."""
    remaining = iter(answers)
    async with httpx.AsyncClient(transport=httpx.MockTransport(lambda _: next(remaining))) as http:
        return await FetchedBack(http)(SOURCE, TARGET)


def page(content: bytes, media_type: str = "text/html", status: int = 200) -> httpx.Response:
    return httpx.Response(status, content=content, headers={"content-type": media_type})


def onward(location: str) -> httpx.Response:
    return httpx.Response(302, headers={"location": location})


async def test_a_page_that_links_to_it_is_genuine() -> None:
    assert await verdict_of(page(LINK)) is Verdict.GENUINE
    assert await verdict_of(onward("/moved"), page(LINK)) is Verdict.GENUINE


@pytest.mark.parametrize(
    "answers",
    [
        [page(b"<p>https://wiki.example/page</p>")],
        [page(b'<a href="https://wiki.example/page/2">')],
        [page(LINK, status=404)],
        [page(LINK, status=410)],
        [onward("https://elsewhere.example/"), page(LINK)],
        [onward("file:///etc/passwd")],
        [onward("/again")] * (MOST_REDIRECTS + 1),
        [page(b" " * 2_000_000 + LINK)],
    ],
)
async def test_a_page_that_does_not_is_forged(answers: list[httpx.Response]) -> None:
    assert await verdict_of(*answers) is Verdict.FORGED


@pytest.mark.parametrize("status", [429, 500, 503])
async def test_a_site_in_trouble_is_asked_again(status: int) -> None:
    with pytest.raises(Unavailable):
        await verdict_of(page(LINK, status=status))


@pytest.mark.parametrize(
    "source", ["http://127.0.0.1:1/", "http://169.254.169.254/latest/meta-data", "http://[::1]/", "http://localhost/"]
)
async def test_no_address_of_a_private_network_is_fetched(source: str) -> None:
    async with open_fetched_back() as fetched_back:
        assert await fetched_back(source, TARGET) is Verdict.FORGED


@pytest.mark.parametrize(
    "source", ["", "file:///etc/passwd", "gopher://a/", "https://", "not a url", "http://a b/", "http://[x", "http://a:x/"]
)
async def test_what_is_no_address_of_the_web_is_forged(source: str) -> None:
    async with open_fetched_back() as fetched_back:
        assert await fetched_back(source, TARGET) is Verdict.FORGED


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
    assert names(content, media_type, SOURCE, TARGET) is named
