"""What YouTube's hub delivers and what the Data API answers mean, and what of it is not ours."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import orjson
import pytest
from msgspec.structs import replace as with_

from services.ingest.connectors.fields import Incomplete
from services.ingest.connectors.youtube import YOUTUBE as CONNECTOR
from services.ingest.connectors.youtube.uploads import delivered, read
from services.ingest.domain.asking import Answer, Circumstances, Cursor, Page
from services.ingest.domain.interaction import ChannelId, Kind
from services.ingest.domain.reading import Delivery, Reading, Reason, Rule
from services.ingest.domain.source import Keeps, Policy, Source
from services.ingest.verifiers import Message
from shared.xapi.guard import Limits, Malformed
from tests.support.ingest import NOW, Ear, Sent, account_names, acts
from tests.support.profile import faults
from tests.support.youtube import (
    ANSWER,
    ASKED,
    CHANNEL,
    EDITED,
    PRAISE,
    REPLIES,
    YOUTUBE,
    comment,
    hub,
    replies,
    thread,
    threads,
    uploads,
    video,
    youtube_conversation,
)

CIRCUMSTANCES = Circumstances(NOW, "https://symposia.example/hooks/youtube/tube")
PART = video("abc-_123", "Part 0", "12:00:00", "12:20:00")


def heard(sent: Sent, source: Source = YOUTUBE) -> Reading:
    return read(source, Delivery(sent.headers, delivered(Message({}, sent.body), Limits())))


def page(poll: str, body: bytes, cursor: Cursor | None = None, source: Source = YOUTUBE) -> Page:
    return CONNECTOR.polls[poll].read(source, cursor or {}, Answer(200, {}, body))


def looked_up(body: bytes) -> Reading:
    assert CONNECTOR.fetch is not None
    return CONNECTOR.fetch.read(YOUTUBE, REPLIES, Answer(200, {}, body))


def by(policy: Policy) -> Source:
    return replace(YOUTUBE, policy=policy)


def test_a_new_video_is_posted_on_its_channel() -> None:
    (interaction,) = heard(hub(PART)).decided

    assert (interaction.kind, interaction.actor, interaction.happened) == (Kind.POST, CHANNEL, "2026-03-02T12:00:00.000Z")
    assert (interaction.artefact.iri, interaction.artefact.title) == ("https://www.youtube.com/watch?v=abc-_123", "Part 0")


def test_a_video_that_was_renamed_later_is_edited() -> None:
    (interaction,) = heard(hub(video("abc", "Part one", "12:00:00", "15:00:00"))).decided

    assert (interaction.kind, interaction.revision, interaction.artefact.title) == (
        Kind.EDIT,
        "2026-03-02T15:00:00.552394Z",
        "Part one",
    )


def test_a_video_that_is_gone_is_withdrawn_if_it_had_been_heard() -> None:
    (undecided,) = heard(
        hub(gone=[{"id": "abc", "deleted": "2026-03-02T17:00:00+00:00"}, {"id": "abd", "deleted": "?"}])
    ).undecided

    assert (undecided.rule, undecided.target) == (Rule.WITHDRAWAL, "abc")


@pytest.mark.parametrize(
    ("policy", "reason"),
    [
        (Policy(channels=frozenset({ChannelId("UCother")})), Reason.CHANNEL_NOT_ALLOWED),
        (Policy(excluded=account_names(CHANNEL)), Reason.EXCLUDED_ACCOUNT),
    ],
)
def test_channels_and_accounts_are_admitted_by_policy(policy: Policy, reason: Reason) -> None:
    assert heard(hub(PART), by(policy)).ignored == (reason,)


def test_one_entry_that_cannot_be_read_stops_none_of_the_others() -> None:
    broken = [{**PART, "published": "soon", "updated": "soon"}, {**PART, "author": {}}, {**PART, "id": "yt:video:a b"}, {}]

    reading = heard(hub(*broken, PART))

    assert len(reading.decided) == 1
    assert reading.ignored == (Reason.INCOMPLETE,) * 4


@pytest.mark.parametrize("body", [b"", b"<feed", b"<html/>", b"{}", b"<feed>" + b" " * 70_000 + b"</feed>"])
def test_what_is_no_feed_is_malformed(body: bytes) -> None:
    with pytest.raises(Malformed):
        delivered(Message({}, body), Limits())


def test_the_hub_is_asked_to_deliver_and_shown_no_key() -> None:
    asked = CONNECTOR.polls["subscription"].ask(YOUTUBE, {}, CIRCUMSTANCES)

    assert asked is not None
    assert (asked.url, asked.method, asked.shown) == ("https://pubsubhubbub.appspot.com/subscribe", "POST", False)
    assert f"channel_id%3D{CHANNEL}".encode() in asked.body


@pytest.mark.parametrize("poll", ["uploads", "comments"])
def test_the_data_api_is_asked_only_with_a_key(poll: str) -> None:
    asked = CONNECTOR.polls[poll].ask(YOUTUBE, {}, CIRCUMSTANCES)

    assert asked is not None
    assert asked.url.startswith("https://www.googleapis.com/youtube/v3/")
    assert b"key" not in asked.url.encode()
    assert CONNECTOR.show(b"key") == {"X-Goog-Api-Key": "key"}
    assert CONNECTOR.polls[poll].ask(replace(YOUTUBE, token=None), {}, CIRCUMSTANCES) is None


def test_a_list_of_uploads_tells_what_the_hub_lost_and_nothing_twice() -> None:
    first = page("uploads", uploads())
    again = page("uploads", uploads(), first.cursor)

    assert [each.artefact.native for each in first.reading.decided] == ["-video_0", "-video_1", "-video_2"]
    assert set(again.reading.ignored) == {Reason.TOLD_ALREADY}
    assert first.reading.decided[0] == heard(hub(video("-video_0", "Part 0", "12:00:00"))).decided[0]


def test_a_comment_is_upon_its_video_and_may_ask() -> None:
    reading = page("comments", threads(thread(PRAISE), thread(ASKED))).reading

    assert [(each.kind, each.actor, each.text) for each in reading.decided] == [
        (Kind.COMMENT, "UCcy", "Well explained."),
        (Kind.ASK, "UCann", "How do you restart it?"),
    ]
    assert {each.parent and each.parent.native for each in reading.decided} == {"-video_0"}
    silent = page("comments", threads(thread(PRAISE)), source=by(Policy(keeps=Keeps.METADATA))).reading
    assert [each.text for each in silent.decided] == [None]


def test_a_comment_that_was_edited_before_is_told_as_made_without_its_text_and_as_edited() -> None:
    reading = page("comments", threads(thread(EDITED))).reading

    assert [(each.kind, each.text) for each in reading.decided] == [(Kind.COMMENT, None), (Kind.EDIT, "Well explained!")]


def test_a_comment_that_is_edited_later_is_told_as_edited_only() -> None:
    first = page("comments", threads(thread(PRAISE)))
    changed = comment("Ugx2", "cy", "Very well explained.", "13:02:00", "14:00:00")

    again = page("comments", threads(thread(changed)), first.cursor)

    assert [(each.kind, each.text) for each in again.reading.decided] == [(Kind.EDIT, "Very well explained.")]


def test_a_thread_shows_some_replies_and_names_the_others_until_they_grow() -> None:
    first = page("comments", threads())
    again = page("comments", threads(), first.cursor)
    grown = page("comments", threads(thread(ASKED, ANSWER, count=10)), again.cursor)

    assert [each.key for each in first.reading.lookups if not each.after] == ["Ugx1 9"]
    assert again.reading.ignored == (Reason.TOLD_ALREADY,) * 3
    assert [each.key for each in grown.reading.lookups] == ["Ugx1 10"]


def test_replies_are_read_page_by_page() -> None:
    first = looked_up(replies(ANSWER, {}, page="p2"))
    (onward,) = (each for each in first.lookups if not each.after)

    assert [each.interaction.kind for each in first.undecided] == [Kind.REPLY]
    assert first.ignored == (Reason.ACTOR_UNKNOWN,)
    assert CONNECTOR.fetch is not None
    assert CONNECTOR.fetch.ask(YOUTUBE, onward, CIRCUMSTANCES).url.endswith("&pageToken=p2")
    assert looked_up(orjson.dumps({"items": []})).ignored == (Reason.GONE,)


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        (thread(comment("U", "x", "hi", "13:00:00", authorChannelId=None)), Reason.ACTOR_UNKNOWN),
        (thread(comment("U", "x", "hi", "13:00:00", publishedAt=None)), Reason.INCOMPLETE),
        ({**thread(PRAISE), "snippet": {**thread(PRAISE)["snippet"], "isPublic": False}}, Reason.PRIVATE_CHANNEL),
        (None, Reason.ACTOR_UNKNOWN),
    ],
)
def test_what_is_not_ours_is_ignored_with_its_reason_and_stops_none_of_the_others(changed: Any, reason: Reason) -> None:
    reading = page("comments", threads(changed, thread(PRAISE))).reading

    assert reading.ignored == (reason,)
    assert [each.kind for each in reading.decided] == [Kind.COMMENT]


@pytest.mark.parametrize("body", [b"", b"[]", b'{"error":{"code":403}}'])
@pytest.mark.parametrize("poll", ["uploads", "comments"])
def test_an_answer_that_is_no_page_is_incomplete(poll: str, body: bytes) -> None:
    with pytest.raises(Incomplete):
        page(poll, body)
    with pytest.raises(Incomplete):
        looked_up(body)


async def test_videos_and_comments_are_told_whole_in_any_order() -> None:
    readings = [page("comments", threads()).reading, looked_up(replies())]
    forth, back = Ear(), Ear()

    await forth.hear(*youtube_conversation())
    await back.hear(*reversed(youtube_conversation()))
    for each in readings:
        await forth.take(YOUTUBE, with_(each, lookups=()))
    for each in reversed(readings):
        await back.take(YOUTUBE, with_(each, lookups=()))

    assert forth.told() == back.told()
    assert [fault for each in forth.statements() for fault in faults(each)] == []
    told = {(actor, verb) for actor, verb, _ in acts(forth.statements())}
    assert told == {
        ("UCann", "asked"),
        ("UCbea", "answered"),
        ("UCcy", "commented"),
        ("UCdan", "commented"),
        ("UCdan", "edited"),
        (CHANNEL, "posted"),
        (CHANNEL, "edited"),
        (CHANNEL, "delete"),
    }
