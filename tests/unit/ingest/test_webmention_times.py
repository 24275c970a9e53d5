"""When what a page says of ours happened."""

from __future__ import annotations

import msgspec
import pytest

from services.ingest.connectors.webmention import WEBMENTION
from tests.support.ingest import Ear
from tests.support.polls import hear
from tests.support.webmention import MENTIONS, TARGET, TIME, entry, link, lookup
from tests.unit.ingest.test_webmention import PAGE, heard, told


@pytest.mark.parametrize("inner", [link("u-like-of"), link("u-in-reply-to"), f"<a href='{TARGET}'>this</a>"])
@pytest.mark.parametrize(
    ("written", "happened"),
    [
        ("", "2026-03-02T12:30:00.000Z"),
        ("<time class='dt-published' datetime='soon'></time>", "2026-03-02T12:30:00.000Z"),
        ("<time class='dt-updated' datetime='2026-03-02T11:00:00Z'></time>", "2026-03-02T11:00:00.000Z"),
    ],
)
def test_a_page_without_a_time_says_it_when_it_is_mentioned(inner: str, written: str, happened: str) -> None:
    assert [each.happened for each in told(heard(entry(inner, time=written)))] == [happened]


@pytest.mark.parametrize("inner", [link("u-like-of"), f"<a href='{TARGET}'>this</a>"])
async def test_a_page_without_a_time_that_is_mentioned_again_says_it_when_it_was_first(inner: str) -> None:
    assert WEBMENTION.fetch is not None
    ear, answer, first = Ear(), entry(inner, time=""), lookup(PAGE)
    again = msgspec.structs.replace(first, noticed="2026-03-05T08:00:00.000Z")

    for each in (first, again, first):
        await hear(ear, MENTIONS, WEBMENTION.fetch.read(MENTIONS, each, answer))

    assert {each["timestamp"] for each in ear.statements()} == {first.noticed}
    assert len(ear.told()) == 1


def test_the_time_of_an_entry_is_its_own() -> None:
    later = TIME.replace("12:00", "13:00")

    assert [each.happened for each in told(heard(entry(link("u-like-of"), time=later)))] == ["2026-03-02T13:00:00.000Z"]
