"""Threads of Bluesky, read to their leaves, with who liked what is said there."""

from __future__ import annotations

import orjson
import pytest
from msgspec.structs import replace as with_

from services.ingest.connectors.bluesky import BLUESKY as CONNECTOR
from services.ingest.connectors.bluesky.posts import read_view
from services.ingest.connectors.fields import Incomplete
from services.ingest.domain.asking import Answer, Circumstances
from services.ingest.domain.interaction import Kind
from services.ingest.domain.reading import Lookup, Reason
from tests.support.bluesky import (
    ANSWER,
    ASKED,
    BLUESKY,
    LIKE,
    LIKES,
    QUOTE,
    REPOST,
    THANKS,
    THREAD,
    facet,
    feed,
    likes,
    nested,
    post,
    replies_to,
    search,
    thread,
    uri,
)
from tests.support.ingest import NOW, Ear, acts
from tests.unit.ingest.test_bluesky import CIRCUMSTANCES, looked_up, page


def test_a_thread_is_read_to_its_leaves_and_what_is_blocked_or_gone_is_passed_over() -> None:
    gone = {"$type": "app.bsky.feed.defs#notFoundPost", "uri": uri("x", "y"), "notFound": True}

    found = looked_up(THREAD, thread(ASKED, gone, nested(ANSWER, nested(THANKS), nested({"uri": 1}))))

    assert [each.interaction.artefact.native for each in found.undecided] == [ANSWER["uri"], THANKS["uri"]]
    assert found.ignored == (Reason.INCOMPLETE,)
    assert looked_up(THREAD, thread(ASKED)).ignored == (Reason.GONE,)


def test_likes_are_read_page_by_page() -> None:
    first = looked_up(LIKES, likes(LIKE, {}, cursor="c1"))
    (onward,) = first.lookups
    last = looked_up(onward, likes(LIKE))

    assert [(each.kind, each.actor, each.author) for each in first.decided] == [(Kind.LIKE, "did:plc:bea", "did:plc:cy")]
    assert first.ignored == (Reason.INCOMPLETE,)
    assert (onward.key, onward.reference["cursor"]) == (f"{QUOTE['uri']} likes:3 after c1", "c1")
    assert last.lookups == ()
    assert CONNECTOR.fetch is not None
    assert CONNECTOR.fetch.ask(BLUESKY, onward, CIRCUMSTANCES).url.endswith("&limit=100&cursor=c1")


@pytest.mark.parametrize("lookup", [THREAD, LIKES])
def test_an_answer_that_is_no_thread_and_no_likes_is_incomplete(lookup: Lookup) -> None:
    with pytest.raises(Incomplete):
        looked_up(lookup, orjson.dumps({"error": "NotFound"}))


def test_a_thread_whose_post_was_deleted_since_is_gone_and_any_other_refusal_is_incomplete() -> None:
    assert CONNECTOR.fetch is not None
    deleted = {"error": "NotFound", "message": f"Post not found: {ASKED['uri']}"}

    reading = CONNECTOR.fetch.read(BLUESKY, THREAD, Answer(400, {}, orjson.dumps(deleted)))
    request = CONNECTOR.fetch.ask(BLUESKY, THREAD, Circumstances(NOW, ""))

    assert reading.ignored == (Reason.GONE,)
    assert request.bears == {400}
    with pytest.raises(Incomplete):
        CONNECTOR.fetch.read(BLUESKY, THREAD, Answer(400, {}, orjson.dumps({"error": "InvalidRequest"})))


async def test_a_thread_that_is_asked_for_is_told_whole_in_any_order() -> None:
    readings = [
        page("search", search(ASKED)).reading,
        looked_up(THREAD, thread(ASKED, nested(ANSWER, nested(THANKS)))),
        page("feed", feed(REPOST, {"post": QUOTE})).reading,
        looked_up(LIKES, likes(LIKE)),
    ]
    forth, back = Ear(), Ear()

    await forth.hear()
    await back.hear()
    for each in readings:
        await forth.take(BLUESKY, with_(each, lookups=()))
    for each in reversed(readings * 2):
        await back.take(BLUESKY, with_(each, lookups=()))

    assert forth.told() == back.told()
    assert [(actor.rpartition(":")[2], verb, thing.rpartition("/")[2]) for actor, verb, thing in acts(forth.statements())] == [
        ("ann", "asked", "ask"),
        ("ann", "replied", "thanks"),
        ("bea", "answered", "answer"),
        ("bea", "like", "quote"),
        ("bea", "mentioned", "did:plc:ann"),
        ("cy", "attach", "1.jpg"),
        ("cy", "posted", "quote"),
        ("cy", "share", "answer"),
        ("cy", "share", "answer"),
    ]


def test_a_post_deep_in_a_thread_is_a_reply_to_its_parent() -> None:
    deep = post("deep", "cy", "Why?", "12:06:00", reply=replies_to(THANKS, ASKED), tags=["ops"], facets=[facet("link", uri="x")])

    (undecided,) = read_view(BLUESKY, deep).undecided

    assert undecided.interaction.tags == ("ops",)
