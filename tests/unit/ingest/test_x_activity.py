"""The X Activity API and the Account Activity API tell the same."""

from __future__ import annotations

from typing import Any

import pytest

from services.ingest.domain.interaction import ChannelId, Kind
from services.ingest.domain.reading import Reason
from services.ingest.domain.source import Policy
from tests.support.ingest import account_names
from tests.support.x import ANSWER, ASKED, LIKE, MEDIA, QUOTE, TAGS, X, delivery, name
from tests.unit.ingest.test_x import SECOND, activity, heard


def test_both_interfaces_tell_the_same_post() -> None:
    first = {**ASKED, "entities": {**TAGS, "user_mentions": [{"id_str": "12"}]}}

    assert heard(activity("post.create", SECOND)) == heard(delivery(tweet_create_events=[first]))


@pytest.mark.parametrize(
    ("kind", "relation", "told"),
    [
        ("post.reply.create", "replied_to", ["reply"]),
        ("post.quote.create", "quoted", ["ask", "share"]),
        ("post.repost.create", "retweeted", ["share"]),
    ],
)
def test_the_activity_api_names_what_a_post_refers_to(kind: str, relation: str, told: list[str]) -> None:
    refers = {**SECOND, "entities": {}, "referenced_tweets": [{"type": relation, "id": ANSWER["id_str"]}]}

    reading = heard(activity(kind, refers))

    assert [str(each.kind) for each in (*reading.decided, *(each.interaction for each in reading.undecided))] == told


def test_a_long_post_of_the_activity_api_is_read_whole() -> None:
    longer = {"text": "How, " * 80 + "?", "entities": {"hashtags": [{"tag": "Long"}]}}

    (asked,) = heard(activity("post.create", {**SECOND, "text": "How, how", "note_tweet": longer})).decided

    assert (asked.kind, asked.text, asked.tags) == (Kind.ASK, longer["text"], ("long",))


def test_a_reply_of_the_activity_api_may_name_what_it_replies_to_alone() -> None:
    reading = heard(activity("post.create", {**SECOND, "entities": {}, "in_reply_to_tweet_id": ANSWER["id_str"]}))

    assert [each.target for each in reading.undecided] == [ANSWER["id_str"]]


def test_both_interfaces_tell_whose_post_is_shared_and_what_is_attached() -> None:
    relation = {"referenced_tweets": [{"type": "quoted", "id": ANSWER["id_str"]}], "attachments": {"media_keys": ["3_1"]}}
    quote = {"id": name("12:04:00"), "author_id": "13", "text": "Worth a read.", **relation}
    includes = {
        "tweets": [{"id": ANSWER["id_str"], "author_id": "12"}],
        "media": [{"media_key": "3_1", "type": "photo", "url": MEDIA["media"][0]["media_url_https"]}, {"media_key": "3_2"}],
    }

    second = heard(activity("post.create", quote, includes=includes))

    assert second == heard(delivery(tweet_create_events=[{**QUOTE, "extended_entities": MEDIA}]))
    assert {each.author for each in second.decided if each.kind is Kind.SHARE} == {"12"}


OUTBOUND = {"filter": {"user_id": "13", "direction": "outbound"}}


LIKED = {
    "id": "87719f50ee17bdfa06a3089098a2b9ed",
    "created_at": "2026-03-02T12:01:00.000Z",
    "timestamp_ms": str(LIKE["timestamp_ms"]),
    "liked_tweet_author_id": "12",
    "liked_tweet_id": ANSWER["id_str"],
}


TAGGED = {"tweets": [{"id": ANSWER["id_str"], "author_id": "12", "text": "#Kafka", "entities": {"hashtags": [{"tag": "Kafka"}]}}]}


def test_both_interfaces_tell_the_same_like() -> None:
    assert heard(activity("like.create", LIKED, **OUTBOUND)) == heard(delivery(favorite_events=[LIKE]))
    assert heard(activity("like.create", LIKED, filter={"user_id": "13"})) == heard(delivery(favorite_events=[LIKE]))


@pytest.mark.parametrize(
    ("payload", "more", "policy", "reasons"),
    [
        (LIKED, {"filter": {"user_id": "12", "direction": "inbound"}}, X.policy, (Reason.ACTOR_UNKNOWN,)),
        (LIKED, {"filter": {"user_id": "12"}}, X.policy, (Reason.ACTOR_UNKNOWN,)),
        ({**LIKED, "timestamp_ms": None}, OUTBOUND, X.policy, (Reason.INCOMPLETE,)),
        (LIKED, {"filter": {"keyword": "x"}}, X.policy, (Reason.INCOMPLETE,)),
        (LIKED, OUTBOUND, Policy(excluded=account_names("13")), (Reason.EXCLUDED_ACCOUNT,)),
        (LIKED, OUTBOUND, Policy(channels=frozenset({ChannelId("kafka")})), (Reason.CHANNEL_NOT_ALLOWED,)),
        (LIKED, {**OUTBOUND, "includes": TAGGED}, Policy(channels=frozenset({ChannelId("kafka")})), ()),
    ],
)
def test_a_like_is_told_where_it_is_known_whose_and_upon_what(
    payload: dict[str, Any], more: dict[str, Any], policy: Policy, reasons: tuple[Reason, ...]
) -> None:
    assert heard(activity("like.create", payload, **more), policy).ignored == reasons
