"""Feeds in JSON say what feeds in XML do."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingest.connectors.feeds.document import parsed
from services.ingest.connectors.websub.deliveries import delivered
from services.ingest.domain.interaction import Interaction, Kind
from services.ingest.verifiers import Message
from shared.xapi.guard import Limits, Malformed
from tests.support.feeds import HOME, POSTS, heard

ITEM = {
    "id": "tag:acme,2026:brokers",
    "url": f"{HOME}/brokers",
    "title": "How we restart brokers",
    "content_html": "<p>Drain it first.</p>",
    "date_published": "2026-03-02T13:00:00+01:00",
    "authors": [{"name": "Ann", "url": f"{HOME}/people/ann"}],
    "tags": ["Kafka"],
    "attachments": [{"url": "/talk.mp3", "mime_type": "audio/mpeg"}],
}


def feed(*items: Any, **more: Any) -> bytes:
    return orjson.dumps({"version": "https://jsonfeed.org/version/1.1", "title": "Blog", "items": items, **more})


def told(body: bytes) -> list[Interaction]:
    return list(heard(body).decided)


def test_a_post_and_its_file_are_told() -> None:
    post, file = told(feed(ITEM))

    assert (post.kind, post.actor, post.artefact.iri) == (Kind.CREATE, f"{HOME}/people/ann", f"{HOME}/brokers")
    assert (post.artefact.native, post.artefact.title) == (ITEM["id"], ITEM["title"])
    assert (post.happened, post.text, post.tags) == ("2026-03-02T12:00:00.000Z", "Drain it first.", ("Kafka",))
    assert (file.kind, file.artefact.iri, file.parent) == (Kind.ATTACH, f"{HOME}/talk.mp3", post.artefact)


@pytest.mark.parametrize("more", [{"author": {"name": "ann"}}, {"authors": [{}, {"name": "ann"}]}])
def test_what_names_no_author_is_the_feeds_in_either_version(more: dict[str, Any]) -> None:
    post = told(feed({**ITEM, "authors": None, "attachments": []}, **more))

    assert [each.actor for each in post] == ["ann"]


def test_plain_text_stays_as_it_is() -> None:
    item = {**ITEM, "content_html": None, "content_text": "a < b &amp; c\nd", "attachments": []}

    assert [each.text for each in told(feed(item))] == ["a < b &amp; c\nd"]


def test_numbers_are_names_too() -> None:
    assert told(feed({**ITEM, "id": 7}))[0].artefact.native == "7"


@pytest.mark.parametrize("body", [b"{", b"{}", b'{"version":"1.0","items":[]}', feed(items=None), b"\xef\xbb\xbf {]"])
def test_what_is_no_feed_is_none(body: bytes) -> None:
    assert parsed(body, POSTS) is None
    with pytest.raises(Malformed):
        delivered(Message({}, body), Limits())


def test_a_hub_delivers_it_as_well() -> None:
    assert delivered(Message({}, b"\xef\xbb\xbf" + feed(ITEM)), Limits())["entries"][0]["id"] == ITEM["id"]


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers(-1, 2**53) | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from([*ITEM]), inner),
    )
)
def test_whatever_stands_in_an_item_harms_nobody(item: Any) -> None:
    body = feed(item, ITEM)

    assert len(told(body)) >= 2
