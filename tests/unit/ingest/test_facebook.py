"""What Graph's webhooks of pages, and a page's feed, mean, and what of them is not ours."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import orjson
import pytest

from services.ingest.connectors.facebook import FACEBOOK as CONNECTOR
from services.ingest.connectors.facebook.changes import read
from services.ingest.connectors.fields import Incomplete
from services.ingest.connectors.registry import HOOKS
from services.ingest.domain.asking import Answer, Circumstances, Cursor, Page
from services.ingest.domain.interaction import ChannelId, Kind
from services.ingest.domain.reading import Delivery, Reading, Reason, Rule
from services.ingest.domain.source import Keeps, Platform, Policy
from services.ingest.handshakes import Reply, verify_token
from services.ingest.verifiers import Message
from tests.support.facebook import ANSWER, ASKED, DEEPER, FACEBOOK, delivery, facebook_conversation, feed, seconds, value
from tests.support.ingest import NOW, SECRET, Ear, Sent, account_names, acts

FEED = CONNECTOR.polls["feed"]
CIRCUMSTANCES = Circumstances(NOW, "https://symposia.example/hooks/facebook/pages")
NAMELESS = {name: told for name, told in ASKED.items() if name != "from"}


def heard(sent: Sent, policy: Policy = FACEBOOK.policy) -> Reading:
    return read(replace(sent.source, policy=policy), Delivery(sent.headers, sent.document))


def page(body: bytes, cursor: Cursor | None = None, policy: Policy = FACEBOOK.policy) -> Page:
    return FEED.read(replace(FACEBOOK, policy=policy), cursor or {}, Answer(200, {}, body))


IGNORED: list[tuple[Sent, Reason]] = [
    (Sent(FACEBOOK, {"object": "user", "entry": [{}]}), Reason.UNMAPPED),
    (Sent(FACEBOOK, {"object": "page", "entry": []}), Reason.UNMAPPED),
    (
        Sent(FACEBOOK, {"object": "page", "entry": [{"id": "900", "messaging": [{"message": {"text": "hi"}}]}]}),
        Reason.DIRECT_MESSAGE,
    ),
    (delivery({"item": "rating", "verb": "add"}, field="ratings"), Reason.UNMAPPED),
    (delivery({**ASKED, "verb": "unhide"}), Reason.UNMAPPED),
    (delivery({**ASKED, "verb": ["hide"]}), Reason.UNMAPPED),
    (delivery({**ASKED, "item": "event"}), Reason.UNMAPPED),
    (delivery({**ASKED, "item": "like", "post_id": None}), Reason.UNMAPPED),
    (delivery(value("reaction", "add", 13, "12:03:00", reaction_type="something new")), Reason.UNMAPPED),
    (delivery(value("reaction", "undo", 13, "12:03:00", reaction_type="like")), Reason.UNMAPPED),
    (delivery({**ASKED, "published": 0}), Reason.PRIVATE_CHANNEL),
    (delivery({**ASKED, "is_hidden": True}), Reason.PRIVATE_CHANNEL),
    (delivery({**ANSWER, "post": {**ANSWER["post"], "is_published": False}}), Reason.PRIVATE_CHANNEL),
    (delivery(NAMELESS), Reason.ACTOR_UNKNOWN),
    (delivery({**ASKED, "post_id": None}), Reason.INCOMPLETE),
    (delivery({**ASKED, "created_time": "soon"}), Reason.INCOMPLETE),
    (delivery({**ANSWER, "comment_id": ["1"]}), Reason.INCOMPLETE),
]


@pytest.mark.parametrize(("sent", "reason"), IGNORED)
def test_what_is_not_ours_is_ignored_with_its_reason(sent: Sent, reason: Reason) -> None:
    reading = heard(sent)

    assert reading.ignored == (reason,)
    assert not reading.decided
    assert not reading.undecided


def test_one_change_that_cannot_be_read_stops_none_of_the_others() -> None:
    reading = heard(delivery({**ASKED, "post_id": 1.5}, None, ASKED))

    assert [each.kind for each in reading.decided] == [Kind.ASK]
    assert reading.ignored == (Reason.INCOMPLETE, Reason.UNMAPPED)


def test_pages_and_accounts_are_admitted_by_policy() -> None:
    assert heard(delivery(ASKED), Policy(channels=frozenset({ChannelId("900")}))).decided
    assert heard(delivery(ASKED), Policy(channels=frozenset({ChannelId("901")}))).ignored == (Reason.CHANNEL_NOT_ALLOWED,)
    assert heard(delivery(ASKED), Policy(excluded=account_names("11"))).ignored == (Reason.EXCLUDED_ACCOUNT,)
    assert heard(delivery({**ASKED, "published": 0}), Policy(private=True)).decided


def test_who_wrote_is_known_also_by_the_name_that_older_versions_of_graph_have_for_it() -> None:
    (asked,) = heard(delivery({**NAMELESS, "sender_id": 11, "sender_name": "Person 11"})).decided

    assert asked == heard(delivery(ASKED)).decided[0]


def test_text_is_kept_only_if_the_policy_says_so() -> None:
    assert heard(delivery(ASKED)).decided[0].text == "How do I restart the broker?"
    assert heard(delivery(ASKED), Policy(keeps=Keeps.METADATA)).decided[0].text is None


def test_a_comment_belongs_to_the_thread_of_its_post() -> None:
    reading = heard(delivery(ANSWER, DEEPER))

    parents = [(each.interaction.parent, each.target) for each in reading.undecided]
    assert [(parent and parent.native, root) for parent, root in parents] == [("900_1", "900_1"), ("1_2", "900_1")]


@pytest.mark.parametrize(
    ("name", "verb", "kind", "emoji"),
    [
        ("like", "add", Kind.LIKE, None),
        ("like", "remove", Kind.UNLIKE, None),
        ("love", "edit", Kind.REACT, "U+2764"),
        ("angry", "remove", Kind.UNREACT, "U+1F621"),
    ],
)
def test_a_reaction_is_a_like_or_an_emoji(name: str, verb: str, kind: Kind, emoji: str | None) -> None:
    (interaction,) = heard(delivery(value("reaction", verb, 13, "12:03:00", reaction_type=name))).decided

    assert (interaction.kind, interaction.emoji, interaction.artefact.native) == (kind, emoji, "900_1")


@pytest.mark.parametrize("time", [seconds("12:07:00"), seconds("12:07:00") * 1000])
def test_an_edit_happened_when_its_entry_says(time: int) -> None:
    sent = delivery({**ANSWER, "verb": "edited", "message": "Better."})
    sent.document["entry"][0]["time"] = time

    (interaction,) = heard(sent).decided

    assert (interaction.kind, interaction.happened, interaction.text) == (Kind.EDIT, "2026-03-02T12:07:00.000Z", "Better.")


def test_what_is_removed_is_told_of_its_author_wherever_it_had_been_heard() -> None:
    gone = {"item": "comment", "verb": "remove", "comment_id": "1_3", "post_id": "900_1"}

    (undecided,) = heard(delivery(gone), Policy(channels=frozenset({ChannelId("901")}))).undecided

    assert (undecided.rule, undecided.target, undecided.interaction.actor) == (Rule.WITHDRAWAL, "1_3", "")
    assert undecided.interaction.happened == "2026-03-02T12:30:00.000Z"


def test_the_hub_is_answered_only_if_it_shows_our_word() -> None:
    handshake = HOOKS[Platform.FACEBOOK].handshake
    assert handshake is not None
    asked = "https://a.example/hooks/facebook/pages?hub.mode=subscribe&hub.challenge=115&hub.verify_token="

    assert handshake(Message({}, b"", asked + verify_token(SECRET), "GET"), [SECRET]) == Reply(b"115")
    assert handshake(Message({}, b"", asked + "guessed", "GET"), [SECRET]) is None


def test_a_feed_is_asked_for_only_of_a_page_that_is_named() -> None:
    asked = FEED.ask(FACEBOOK, {}, CIRCUMSTANCES)

    assert asked is not None
    assert asked.url.startswith(
        "https://graph.facebook.com/v24.0/900/feed?fields=id%2Cfrom%2Cmessage%2Ccreated_time%2Cis_hidden%2Cprivacy"
    )
    assert FEED.ask(replace(FACEBOOK, options={}), {}, CIRCUMSTANCES) is None


async def test_webhooks_and_the_feed_tell_the_same() -> None:
    by_webhook, by_feed = Ear(), Ear()

    await by_webhook.hear(delivery(ASKED), delivery(ANSWER, DEEPER))
    await by_feed.hear()
    await by_feed.take(FACEBOOK, page(feed()).reading)

    assert by_webhook.told() == by_feed.told()


def test_what_a_feed_told_before_is_not_told_again() -> None:
    first = page(feed())

    assert page(feed(), first.cursor).reading.ignored == (Reason.TOLD_ALREADY,)


def test_comments_upon_a_post_that_is_not_for_everybody_are_not_heard() -> None:
    document = orjson.loads(feed())
    document["data"][0]["privacy"] = {"value": "FRIENDS"}

    assert set(page(orjson.dumps(document)).reading.ignored) == {Reason.PRIVATE_CHANNEL}


def test_one_post_that_cannot_be_read_stops_none_of_the_others() -> None:
    document = orjson.loads(feed())
    document["data"] = [None, {}, {"id": "900_9", "comments": {"data": [7]}}, *document["data"]]

    assert [each.kind for each in page(orjson.dumps(document)).reading.decided] == [Kind.ASK]


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"error":{"code":190}}'])
def test_an_answer_that_is_no_feed_is_incomplete(body: bytes) -> None:
    with pytest.raises(Incomplete):
        page(body)


async def test_a_conversation_is_told_whole() -> None:
    ear = Ear()

    await ear.hear(*facebook_conversation())

    told: set[Any] = {(actor, verb, thing.rpartition("/")[2]) for actor, verb, thing in acts(ear.statements())}
    assert sorted(told) == [
        ("11", "asked", "900_1"),
        ("11", "delete", "1_3"),
        ("11", "replied", "1_3"),
        ("12", "answered", "1_2"),
        ("12", "edited", "1_2"),
        ("12", "posted", "900_4"),
        ("13", "like", "900_1"),
        ("13", "reacted", "1_2"),
        ("13", "unlike", "900_1"),
        ("13", "unreacted", "1_2"),
    ]


@pytest.mark.parametrize(
    "change", [{"verb": "hide"}, {"verb": "delete"}, {"verb": "edited", "published": 0}, {"verb": "edited", "is_hidden": True}]
)
async def test_what_is_hidden_or_unpublished_is_redacted_with_what_was_said_upon_it(change: dict[str, Any]) -> None:
    ear = Ear()

    await ear.hear(delivery(ASKED), delivery(ANSWER), delivery({**ASKED, **change}, at="12:09:00"))

    redacted = {iri.rpartition("/")[2] for iri in ear.received()[-1].redacts}
    assert (redacted, ear.statements()[-1]["verb"]["id"].rpartition("/")[2]) == ({"900_1", "1_2"}, "delete")


def test_what_is_hidden_was_so_at_the_time_of_its_entry() -> None:
    (undecided,) = heard(delivery({**ASKED, "verb": "hide"}, at="12:09:00")).undecided

    assert undecided.interaction.happened == "2026-03-02T12:09:00.000Z"


def test_a_feed_is_asked_which_comments_are_hidden_and_they_are_not_heard() -> None:
    asked = FEED.ask(FACEBOOK, {}, CIRCUMSTANCES)
    shown = orjson.loads(feed())
    shown["data"][0]["comments"]["data"][0]["is_hidden"] = True

    reading = page(orjson.dumps(shown)).reading

    assert asked is not None
    assert parse_qs(urlsplit(asked.url).query)["fields"][0].count("is_hidden") == 2
    assert reading.ignored == (Reason.PRIVATE_CHANNEL,)
    assert "Drain it first." not in [each.interaction.text for each in reading.undecided]
