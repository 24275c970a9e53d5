"""What X's deliveries mean, and what of them is not ours."""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import replace
from typing import Any

import orjson
import pytest

from services.ingest.connectors.registry import HOOKS
from services.ingest.connectors.x.events import read
from services.ingest.connectors.x.tweets import LONGEST_TEXT
from services.ingest.domain.interaction import ChannelId, Kind
from services.ingest.domain.reading import Delivery, Reading, Reason, Rule
from services.ingest.domain.source import Keeps, Platform, Policy
from services.ingest.verifiers import Message
from tests.support.ingest import SECRET, Ear, Sent, account_names, acts
from tests.support.x import (
    ANSWER,
    ASKED,
    FOLLOW,
    LIKE,
    MEDIA,
    QUOTE,
    REPOST,
    TAGS,
    X,
    delivery,
    name,
    tweet,
    user,
    x_conversation,
)


def heard(sent: Sent, policy: Policy = X.policy) -> Reading:
    return read(replace(sent.source, policy=policy), Delivery(sent.headers, sent.document))


def activity(kind: str, payload: Any, **more: Any) -> Sent:
    """Return an event of the X Activity API."""
    data = {"event_uuid": "-7", "event_type": kind, "filter": {"user_id": "11"}, "tag": "posts", "payload": payload, **more}
    return Sent(X, {"data": data})


HIDDEN = {**ANSWER, "user": user(12, protected=True)}
SECOND = {
    "id": name("12:00:00"),
    "author_id": "11",
    "text": "How do I restart the #Kafka broker &amp; why?",
    "entities": {"hashtags": [{"tag": "Kafka"}], "mentions": [{"id": "12"}]},
}

IGNORED: list[tuple[Sent, Reason]] = [
    (delivery(), Reason.UNMAPPED),
    (delivery(block_events=[{}], user_event={"revoke": {}}), Reason.UNMAPPED),
    (delivery(direct_message_events=[{"type": "message_create"}]), Reason.DIRECT_MESSAGE),
    (delivery(tweet_create_events=[{**ASKED, "user": user(11, protected=True)}]), Reason.PRIVATE_CHANNEL),
    (
        delivery(favorite_events=[{**LIKE, "favorited_status": {**ANSWER, "user": user(12, protected=True)}}]),
        Reason.PRIVATE_CHANNEL,
    ),
    (delivery(follow_events=[{**FOLLOW, "type": "mute"}]), Reason.UNMAPPED),
    (delivery(tweet_create_events=[{**ASKED, "id_str": "x", "id": None}]), Reason.INCOMPLETE),
    (delivery(tweet_create_events=[{**ASKED, "id_str": "20", "id": 20}]), Reason.INCOMPLETE),
    (delivery(tweet_create_events=[{**ASKED, "user": None}]), Reason.INCOMPLETE),
    (delivery(favorite_events=[{**LIKE, "timestamp_ms": "soon"}]), Reason.INCOMPLETE),
    (delivery(tweet_delete_events=[{"status": {"id": "1"}}]), Reason.INCOMPLETE),
    (activity("dm.received", {}), Reason.DIRECT_MESSAGE),
    (activity("chat.received", {"sender_id": "12"}), Reason.DIRECT_MESSAGE),
    (activity("follow.follow", {"source": {"data": {"id": "13"}}, "target": {"data": {"id": "12"}}}), Reason.UNMAPPED),
    (activity("profile.update.bio", {}), Reason.UNMAPPED),
    (activity("post.create", {}), Reason.INCOMPLETE),
]


@pytest.mark.parametrize(("sent", "reason"), IGNORED)
def test_what_is_not_ours_is_ignored_with_its_reason(sent: Sent, reason: Reason) -> None:
    reading = heard(sent)

    assert reading.ignored == (reason,)
    assert not reading.decided
    assert not reading.undecided


def test_one_event_that_cannot_be_read_stops_none_of_the_others() -> None:
    reading = heard(delivery(tweet_create_events=[{}, None, ASKED], follow_events=[FOLLOW]))

    assert [each.kind for each in reading.decided] == [Kind.ASK, Kind.FOLLOW]
    assert reading.ignored == (Reason.INCOMPLETE, Reason.INCOMPLETE)


def test_a_post_was_made_when_its_id_says() -> None:
    (asked,) = heard(delivery(tweet_create_events=[ASKED])).decided

    assert (asked.happened, asked.artefact.iri) == ("2026-03-02T12:00:00.000Z", f"https://x.com/i/status/{ASKED['id_str']}")


def test_what_is_longer_than_once_was_allowed_is_read_whole() -> None:
    longer = {"full_text": "How, " * 60 + "?", "entities": TAGS, "extended_entities": MEDIA}

    asked, attached = heard(delivery(tweet_create_events=[{**ASKED, "truncated": True, "extended_tweet": longer}])).decided

    assert (asked.text, asked.tags) == (longer["full_text"], ("kafka",))
    assert attached.kind is Kind.ATTACH


def test_text_and_hashtags_are_kept_only_if_the_policy_says_so() -> None:
    silent = heard(delivery(tweet_create_events=[ASKED]), Policy(keeps=Keeps.METADATA)).decided
    (asked,) = heard(delivery(tweet_create_events=[ASKED])).decided

    assert [(each.text, each.tags) for each in silent] == [(None, ())]
    assert (asked.text, asked.tags) == ("How do I restart the #Kafka broker & why?", ("kafka",))


def test_an_address_that_x_shortened_is_written_out() -> None:
    urls = [
        {"url": "https://t.co/a1", "expanded_url": "https://lms.example.org/courses/42"},
        {"url": "https://t.co/b2", "expanded_url": "https://sho.rt/1", "unwound_url": "https://lms.example.org/courses/43"},
        {"url": "https://t.co/c3"},
        None,
    ]
    shortened = {**ASKED, "text": "See https://t.co/a1 or https://t.co/b2, not https://t.co/c3", "entities": {"urls": urls}}

    (said,) = heard(delivery(tweet_create_events=[shortened])).decided

    assert said.text == "See https://lms.example.org/courses/42 or https://lms.example.org/courses/43, not https://t.co/c3"


def test_addresses_are_written_out_no_further_than_a_post_may_be_long() -> None:
    whole = f"https://lms.example.org/{'c' * 1900}"
    urls = [{"url": "https://t.co/a", "expanded_url": whole}, {"url": "t", "expanded_url": whole}]
    greedy = {**ASKED, "text": "https://t.co/a https://t.co/ab " * 3000, "entities": {"urls": urls}}

    (said,) = heard(delivery(tweet_create_events=[greedy])).decided

    assert said.text is not None
    words = said.text.split()
    assert len(said.text) <= LONGEST_TEXT
    assert words[:2] == [whole, "https://t.co/ab"]
    assert set(words) == {whole, "https://t.co/a", "https://t.co/ab"}


def test_an_allow_list_names_hashtags_and_the_first_is_the_place() -> None:
    policy = Policy(channels=frozenset({ChannelId("#kafka")}), keeps=Keeps.TEXT)

    (asked,) = heard(delivery(tweet_create_events=[ASKED]), policy).decided

    assert asked.place is not None
    assert (asked.place.id, asked.tags) == ("kafka", ())
    assert heard(delivery(tweet_create_events=[ANSWER]), policy).ignored == (Reason.CHANNEL_NOT_ALLOWED,)


@pytest.mark.parametrize("excluded", ["12", "13"])
def test_excluded_accounts_are_not_heard(excluded: str) -> None:
    policy = Policy(excluded=account_names(excluded))

    assert heard(delivery(favorite_events=[LIKE], follow_events=[FOLLOW]), policy).ignored == (Reason.EXCLUDED_ACCOUNT,) * 2


def test_a_reply_mentions_attaches_and_waits_for_what_it_replies_to() -> None:
    reading = heard(delivery(tweet_create_events=[ANSWER]))

    assert [each.kind for each in reading.decided] == [Kind.MENTION, Kind.ATTACH]
    assert [(each.rule, each.target) for each in reading.undecided] == [(Rule.REPLY, ASKED["id_str"])]


def test_a_repost_is_a_share_and_a_quotation_is_a_post_too() -> None:
    reposted = heard(delivery(tweet_create_events=[REPOST])).decided
    quoted = heard(delivery(tweet_create_events=[QUOTE])).decided

    assert [(each.kind, each.artefact.native, each.author) for each in reposted] == [(Kind.SHARE, ANSWER["id_str"], "12")]
    assert [(each.kind, each.artefact.native) for each in quoted] == [
        (Kind.POST, QUOTE["id_str"]),
        (Kind.SHARE, ANSWER["id_str"]),
    ]


def test_what_is_protected_is_not_shared() -> None:
    assert heard(delivery(tweet_create_events=[{**REPOST, "retweeted_status": HIDDEN}])).decided == ()


def test_a_post_of_a_filtered_stream_is_the_same_post() -> None:
    matched = {"data": {**SECOND, "edit_history_tweet_ids": [SECOND["id"]]}, "matching_rules": [{"id": "1", "tag": ""}]}

    assert heard(Sent(X, matched)) == heard(activity("post.create", SECOND))
    assert heard(Sent(X, {**matched, "data": {"id": SECOND["id"]}})).ignored == (Reason.INCOMPLETE,)


def test_the_challenge_is_answered_with_its_hmac() -> None:
    handshake = HOOKS[Platform.X].handshake
    assert handshake is not None

    reply = handshake(Message({}, b"", "https://a.example/hooks/x/posts?crc_token=abc", "GET"), [SECRET])

    expected = "sha256=" + base64.b64encode(hmac.new(SECRET, b"abc", hashlib.sha256).digest()).decode()
    assert reply is not None
    assert orjson.loads(reply.body) == {"response_token": expected}


async def test_a_conversation_is_told_whole() -> None:
    ear = Ear()

    await ear.hear(*x_conversation())

    assert [(actor, verb) for actor, verb, _ in acts(ear.statements())] == [
        ("11", "asked"),
        ("11", "delete"),
        ("11", "mentioned"),
        ("11", "replied"),
        ("12", "answered"),
        ("12", "attach"),
        ("12", "mentioned"),
        ("13", "follow"),
        ("13", "like"),
        ("13", "posted"),
        ("13", "share"),
        ("13", "share"),
        ("13", "stop-following"),
    ]


def test_a_post_before_the_first_snowflake_has_no_time() -> None:
    assert heard(delivery(tweet_create_events=[tweet(11, "hi", "12:00:00", id_str="29000000000")])).ignored == (
        Reason.INCOMPLETE,
    )
