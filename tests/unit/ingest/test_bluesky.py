"""What Bluesky's answers mean, and what of them is not ours."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from services.ingest.connectors.bluesky import BLUESKY as CONNECTOR
from services.ingest.connectors.bluesky.acts import read_record
from services.ingest.connectors.bluesky.posts import read_view
from services.ingest.connectors.fields import Incomplete
from services.ingest.domain.asking import Answer, Circumstances, Cursor, Page
from services.ingest.domain.interaction import ChannelId, Kind
from services.ingest.domain.reading import Lookup, Reading, Reason, Rule
from services.ingest.domain.source import Keeps, Policy, Source
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
    profile,
    record,
    records,
    search,
    thread,
    uri,
)
from tests.support.ingest import NOW, account_names

CIRCUMSTANCES = Circumstances(NOW, "https://symposia.example/hooks/bluesky/sky")
RECORDS = "https://bsky.social/xrpc/com.atproto.repo.listRecords"


def page(poll: str, body: bytes, cursor: Cursor | None = None, source: Source = BLUESKY) -> Page:
    return CONNECTOR.polls[poll].read(source, cursor or {}, Answer(200, {}, body))


def looked_up(lookup: Lookup, body: bytes, source: Source = BLUESKY) -> Reading:
    assert CONNECTOR.fetch is not None
    return CONNECTOR.fetch.read(source, lookup, Answer(200, {}, body))


def by(policy: Policy) -> Source:
    return replace(BLUESKY, policy=policy)


@pytest.mark.parametrize(
    ("poll", "url"),
    [
        ("search", "https://public.api.bsky.app/xrpc/app.bsky.feed.searchPosts?q=%23kafka&sort=latest&limit=100"),
        ("feed", "https://public.api.bsky.app/xrpc/app.bsky.feed.getAuthorFeed?actor=acme.example&limit=100"),
        ("follows", f"{RECORDS}?repo=did%3Aplc%3Aann&collection=app.bsky.graph.follow&limit=100"),
    ],
)
def test_what_the_options_name_is_asked_for_and_nothing_else(poll: str, url: str) -> None:
    asked = CONNECTOR.polls[poll].ask(BLUESKY, {}, CIRCUMSTANCES)

    assert asked is not None
    assert asked.url == url
    assert CONNECTOR.polls[poll].ask(replace(BLUESKY, options={}), {}, CIRCUMSTANCES) is None


def test_a_post_asks_with_its_hashtags_and_text_only_if_they_are_kept() -> None:
    (asked,) = read_view(BLUESKY, ASKED).decided
    (silent,) = read_view(by(Policy(keeps=Keeps.METADATA)), ASKED).decided

    assert (asked.kind, asked.text, asked.tags) == (Kind.ASK, "How do I restart the #Kafka broker?", ("kafka",))
    assert (silent.kind, silent.text, silent.tags) == (Kind.ASK, None, ())
    assert asked.artefact.iri == "https://bsky.app/profile/did:plc:ann/post/ask"


def test_where_links_and_cards_lead_stands_behind_the_words_once() -> None:
    course, card = "https://lms.example.org/courses/42", "https://lms.example.org/courses/43"
    record = {
        **ASKED["record"],
        "text": "See lms.example.org/cour... or https://a.example",
        "facets": [facet("link", uri=course), facet("link", uri="https://a.example"), facet("link", uri="at://no/web/address")],
        "embed": {"$type": "app.bsky.embed.external", "external": {"uri": card}},
    }

    (said,) = read_view(BLUESKY, {**ASKED, "record": record}).decided

    assert said.text == f"See lms.example.org/cour... or https://a.example {course} {card}"


def test_a_reply_names_its_parent_and_its_root_and_whom_it_mentions() -> None:
    reading = read_view(BLUESKY, THANKS)

    (undecided,) = reading.undecided
    assert (undecided.rule, undecided.target) == (Rule.REPLY, ASKED["uri"])
    assert undecided.interaction.parent is not None
    assert undecided.interaction.parent.native == ANSWER["uri"]
    assert [(each.kind, each.person) for each in read_view(BLUESKY, ANSWER).decided] == [(Kind.MENTION, "did:plc:ann")]


def test_a_quotation_shares_and_a_picture_is_attached() -> None:
    assert [(each.kind, each.artefact.iri, each.author) for each in read_view(BLUESKY, QUOTE).decided] == [
        (Kind.POST, "https://bsky.app/profile/did:plc:cy/post/quote", None),
        (Kind.ATTACH, "https://cdn.bsky.app/1.jpg", None),
        (Kind.SHARE, "https://bsky.app/profile/did:plc:bea/post/answer", "did:plc:bea"),
    ]


@pytest.mark.parametrize(
    ("view", "policy", "reason"),
    [
        ({**ASKED, "author": profile("ann", labels=[{"val": "bot"}])}, Policy(), Reason.BOT),
        ({**ASKED, "author": profile("ann", labels=[{"val": "!no-unauthenticated"}])}, Policy(), Reason.PRIVATE_CHANNEL),
        (ASKED, Policy(excluded=account_names("did:plc:ann")), Reason.EXCLUDED_ACCOUNT),
        (ASKED, Policy(excluded=account_names("ann.acme.example")), Reason.EXCLUDED_ACCOUNT),
        (ASKED, Policy(channels=frozenset({ChannelId("ops")})), Reason.CHANNEL_NOT_ALLOWED),
    ],
)
def test_what_is_not_ours_is_ignored_with_its_reason(view: Any, policy: Policy, reason: Reason) -> None:
    reading = read_view(by(policy), view)

    assert reading.ignored == (reason,)
    assert not reading.decided


@pytest.mark.parametrize(
    "view",
    [
        {**ASKED, "uri": "https://bsky.app/profile/ann/post/ask"},
        {**ASKED, "uri": uri("ann", "x", "app.bsky.feed.generator")},
        {**ASKED, "record": {"text": "?"}, "indexedAt": None},
        {**ASKED, "record": {**ASKED["record"], "reply": {"parent": {"uri": "x"}}}},
    ],
)
def test_what_lacks_what_it_needs_is_incomplete(view: Any) -> None:
    with pytest.raises(Incomplete):
        read_view(BLUESKY, view)


def test_a_hashtag_of_the_allow_list_is_the_place_of_its_whole_thread() -> None:
    source = by(Policy(channels=frozenset({ChannelId("#Kafka")}), keeps=Keeps.TEXT))

    (lookup, _) = page("search", search(ASKED), source=source).reading.lookups
    replies = looked_up(lookup, thread(ASKED, nested(ANSWER)), source)

    assert lookup.reference["within"] == "kafka"
    assert [each.interaction.place and each.interaction.place.id for each in replies.undecided] == ["kafka"]
    assert looked_up(THREAD, thread(ASKED, nested(ANSWER)), source).ignored == (Reason.CHANNEL_NOT_ALLOWED,)


def test_a_post_is_told_once_and_looked_at_again_when_it_was_answered_or_liked() -> None:
    first = page("search", search(ASKED, QUOTE))
    again = page("search", search(ASKED, QUOTE), first.cursor)
    liked = page("search", search({**ASKED, "replyCount": 3}, QUOTE), again.cursor)

    assert [each.key.rpartition(" ")[2] for each in first.reading.lookups if not each.after] == ["thread:2", "likes:3"]
    assert again.reading.ignored == (Reason.TOLD_ALREADY, Reason.TOLD_ALREADY)
    assert [each.key for each in liked.reading.lookups] == [f"{ASKED['uri']} thread:3"]
    assert not liked.reading.decided


def test_nothing_is_looked_up_of_what_is_not_heard() -> None:
    source = by(Policy(excluded=account_names("did:plc:ann")))

    first = page("search", search(ASKED), source=source)
    again = page("search", search({**ASKED, "replyCount": 9}), first.cursor, source)

    assert (first.reading.lookups, again.reading.lookups) == ((), ())


def test_one_post_that_cannot_be_read_stops_none_of_the_others() -> None:
    found = page("search", search(None, {}, {**ASKED, "author": 1, "uri": 7}, {"uri": "x"}, QUOTE)).reading

    assert [each.kind for each in found.decided] == [Kind.POST, Kind.ATTACH, Kind.SHARE]


def test_a_feed_tells_reposts_but_for_those_that_the_repository_tells() -> None:
    ours = {**REPOST, "reason": {**REPOST["reason"], "by": profile("ann")}}
    pinned = {"post": ASKED, "reason": {"$type": "app.bsky.feed.defs#reasonPin"}}

    found = page("feed", feed(REPOST, ours, pinned, {"post": QUOTE})).reading

    assert [each.kind for each in found.decided] == [Kind.SHARE, Kind.POST, Kind.ATTACH, Kind.SHARE]
    assert found.decided[0].author == "did:plc:bea"
    assert found.ignored == (Reason.TOLD_ALREADY, Reason.UNCHANGED)


def test_a_like_is_the_same_whether_the_post_or_the_repository_tells_it() -> None:
    own = record("app.bsky.feed.like", "l1", {"uri": QUOTE["uri"], "cid": "c"}, "12:05:00.000")

    by_repository = page("likes", records(own)).reading.decided
    by_post = looked_up(LIKES, likes({**LIKE, "actor": profile("ann")})).decided

    assert by_repository == by_post


@pytest.mark.parametrize(
    ("item", "kind"),
    [
        (record("app.bsky.feed.like", "1", {"uri": ANSWER["uri"]}, "12:00:00"), Kind.LIKE),
        (record("app.bsky.feed.repost", "1", {"uri": ANSWER["uri"]}, "12:00:00"), Kind.SHARE),
        (record("app.bsky.graph.follow", "1", "did:plc:bea", "12:00:00"), Kind.FOLLOW),
        ({"uri": uri("ann", "1"), "value": ASKED["record"]}, Kind.ASK),
    ],
)
def test_a_record_tells_what_its_owner_did(item: Any, kind: Kind) -> None:
    (interaction,) = read_record(BLUESKY, item).decided

    assert (interaction.kind, interaction.actor) == (kind, "did:plc:ann")


@pytest.mark.parametrize(
    "item",
    [
        record("app.bsky.feed.like", "1", {"uri": "http://example.com/original/post"}, "12:00:00"),
        record("app.bsky.graph.follow", "1", "http://followee", "12:00:00"),
        {"uri": "at://x", "value": {}},
    ],
)
def test_a_record_that_names_nothing_of_bluesky_is_incomplete(item: Any) -> None:
    with pytest.raises(Incomplete):
        read_record(BLUESKY, item)


def test_other_records_are_not_mapped() -> None:
    item = record("app.bsky.actor.profile", "self", None, "12:00:00")

    assert read_record(BLUESKY, item).ignored == (Reason.UNMAPPED,)
    assert read_record(by(Policy(excluded=account_names("did:plc:ann"))), item).ignored == (Reason.EXCLUDED_ACCOUNT,)


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"error":"InvalidRequest"}', b"<html>403</html>"])
@pytest.mark.parametrize("poll", CONNECTOR.polls)
def test_an_answer_that_is_no_page_is_incomplete(poll: str, body: bytes) -> None:
    with pytest.raises(Incomplete):
        page(poll, body)


@pytest.mark.parametrize(
    ("said", "happened"),
    [
        ("2099-01-01T00:00:00Z", "2026-03-02T12:00:00.000Z"),
        ("2026-03-02T12:04:00Z", "2026-03-02T12:04:00.000Z"),
        ("2009-01-01T00:00:00Z", "2009-01-01T00:00:00.000Z"),
    ],
)
def test_a_post_was_not_made_after_it_was_seen(said: str, happened: str) -> None:
    (made,) = read_view(BLUESKY, post("late", "ann", "Hello", "12:00:00", createdAt=said)).decided

    assert made.happened == happened
