"""What Discourse's deliveries mean, and what of them is not ours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from services.ingest.connectors.discourse.events import read
from services.ingest.connectors.fields import Incomplete
from services.ingest.domain.interaction import ChannelId, Kind
from services.ingest.domain.mapping import statement_of
from services.ingest.domain.reading import Delivery, Reading, Reason, Rule
from services.ingest.domain.source import Keeps, Policy, Source
from tests.support.discourse import DISCOURSE, discourse, discourse_post, discourse_topic
from tests.support.ingest import account_names
from tests.support.profile import faults

AT = "2026-03-02T12:00:00.123Z"
LATER = "2026-03-02T12:30:00.000Z"


def heard(key: str, event: str, subject: Mapping[str, Any], policy: Policy | None = None) -> Reading:
    source = replace(DISCOURSE, policy=policy) if policy else DISCOURSE
    return of_source(source, key, event, subject)


def of_source(source: Source, key: str, event: str, subject: Mapping[str, Any]) -> Reading:
    sent = discourse(key, event, subject)
    return read(source, Delivery(sent.headers, sent.document))


def post(number: int = 1, text: str = "It hangs.", **more: Any) -> dict[str, Any]:
    return discourse_post(11, 57, number, text, AT, **more)


LIKE = {"post": post(), "user": {"id": 13, "username": "user13"}}
BADGE = {"id": 9, "badge_id": 4, "user_id": 12, "granted_by_id": 11, "granted_at": LATER}

IGNORED = [
    ("ping", "ping", {"ping": "OK"}, Reason.HANDSHAKE),
    ("post", "post_created", post(post_type=3), Reason.SYSTEM_MESSAGE),
    ("post", "post_created", post(post_type=2), Reason.SYSTEM_MESSAGE),
    ("post", "post_created", post(post_type=4), Reason.WHISPER),
    ("post", "post_created", post(user_id=-1, username="system"), Reason.BOT),
    ("post", "post_created", post(topic_archetype="private_message", category_id=None), Reason.DIRECT_MESSAGE),
    ("post", "post_edited", post(), Reason.UNCHANGED),
    ("post", "post_edited", post(version=3, wiki=True, updated_at=LATER), Reason.ACTOR_UNKNOWN),
    ("post", "post_edited", post(user_id=-1, version=2), Reason.BOT),
    ("post", "post_destroyed", post(user_id=-1), Reason.BOT),
    ("post", "post_destroyed", post(post_type=4), Reason.WHISPER),
    ("post", "post_moved", post(), Reason.UNMAPPED),
    ("topic", "topic_edited", discourse_topic(11, 57, AT), Reason.UNMAPPED),
    ("topic", "topic_closed_status_updated", discourse_topic(11, 57, AT), Reason.UNMAPPED),
    ("topic", "topic_created", discourse_topic(11, 57, AT, archetype="private_message"), Reason.DIRECT_MESSAGE),
    ("topic", "topic_created", discourse_topic(-1, 57, AT), Reason.BOT),
    ("like", "post_liked", {**LIKE, "user": {"id": -2, "username": "discobot"}}, Reason.BOT),
    ("like", "post_liked", {**LIKE, "post": post(topic_archetype="private_message")}, Reason.DIRECT_MESSAGE),
    ("like", "post_unliked", LIKE, Reason.UNMAPPED),
    ("solved", "accepted_solution", post(2, topic_archetype="private_message"), Reason.DIRECT_MESSAGE),
    ("solved", "something_else", post(2), Reason.UNMAPPED),
    ("topic_voting", "topic_upvote", {"topic_id": 57, "voter_id": -1}, Reason.BOT),
    ("topic_voting", "else", {"topic_id": 57, "voter_id": 1}, Reason.UNMAPPED),
    ("user", "user_created", {"id": 11, "username": "user11"}, Reason.UNMAPPED),
    ("reviewable", "reviewable_created", {"id": 1}, Reason.UNMAPPED),
    ("user_badge", "user_badge_granted", {**BADGE, "granted_by_id": -1}, Reason.BOT),
    ("user_badge", "user_badge_granted", {**BADGE, "granted_by_id": 12}, Reason.UNMAPPED),
    ("user_badge", "user_badge_revoked", BADGE, Reason.UNMAPPED),
    ("post", "", post(), Reason.UNMAPPED),
]


@pytest.mark.parametrize(("key", "event", "subject", "reason"), IGNORED)
def test_what_is_not_ours_is_ignored_with_its_reason(key: str, event: str, subject: Mapping[str, Any], reason: Reason) -> None:
    reading = heard(key, event, subject)

    assert reading.ignored == (reason,)
    assert not reading.decided
    assert not reading.undecided


@pytest.mark.parametrize("excluded", ["11", "user11"])
def test_an_excluded_account_is_named_by_id_or_user_name(excluded: str) -> None:
    policy = Policy(excluded=account_names(excluded))

    assert heard("post", "post_created", post(), policy).ignored == (Reason.EXCLUDED_ACCOUNT,)


def test_only_categories_of_the_allow_list_are_heard() -> None:
    policy = Policy(channels=frozenset({ChannelId("6")}))

    assert heard("post", "post_created", post(), policy).ignored == (Reason.CHANNEL_NOT_ALLOWED,)
    assert heard("post", "post_created", post(category_id=None), policy).ignored == (Reason.CHANNEL_NOT_ALLOWED,)
    assert heard("post", "post_created", post(category_id=6), policy).decided


def test_a_category_that_not_everybody_may_read_is_closed() -> None:
    reading = heard("category", "category_updated", {"id": 5, "read_restricted": True})

    assert reading.closed == ("5",)
    closed = replace(DISCOURSE, closed=frozenset({ChannelId("5")}))
    assert of_source(closed, "post", "post_created", post()).ignored == (Reason.PRIVATE_CHANNEL,)


@pytest.mark.parametrize(
    ("title", "channels", "kind"),
    [
        ("How do I restart it?", (), Kind.ASK),
        ("How I restart it", (), Kind.POST),
        ("How I restart it", ("5",), Kind.ASK),
        ("Restarted: see https://a.example/?q=1", (), Kind.POST),
    ],
)
def test_a_topic_asks_by_its_title_or_by_its_category(title: str, channels: tuple[str, ...], kind: Kind) -> None:
    policy = Policy(question_channels=frozenset(map(ChannelId, channels)))

    (interaction,) = heard("post", "post_created", post(topic_title=title), policy).decided

    assert (interaction.kind, interaction.artefact.title) == (kind, title)


def test_numbers_written_as_text_are_numbers() -> None:
    written = {**post(2), "topic_id": "57", "post_number": "2", "user_id": "11", "category_id": "5", "post_type": "1"}

    assert heard("post", "post_created", written) == heard("post", "post_created", post(2))


def test_a_reply_names_what_it_replies_to() -> None:
    (undecided,) = heard("post", "post_created", post(4, reply_to_post_number=3)).undecided

    parent, root = undecided.interaction.parent, undecided.interaction.root
    assert parent is not None
    assert root is not None
    assert (parent.iri, root.iri) == ("https://forum.acme.example/t/57/3", "https://forum.acme.example/t/57")


@pytest.mark.parametrize("first", [None, 1, 0])
def test_a_reply_to_nothing_in_particular_is_to_the_topic(first: int | None) -> None:
    (undecided,) = heard("post", "post_created", post(4, reply_to_post_number=first)).undecided

    assert undecided.interaction.parent == undecided.interaction.root


def test_text_is_raw_and_else_what_was_rendered() -> None:
    rendered = post(raw=[{"type": "paragraph"}], cooked="<p>It <b>hangs</b>.</p>")

    assert heard("post", "post_created", post(text="It *hangs*.")).decided[0].text == "It *hangs*."
    assert heard("post", "post_created", rendered).decided[0].text == "It hangs."
    assert heard("post", "post_created", post(), Policy(keeps=Keeps.METADATA)).decided[0].text is None


def test_a_topic_without_its_first_post_waits_for_it() -> None:
    reading = heard("topic", "topic_created", discourse_topic(11, 57, AT))

    assert [each.rule for each in reading.undecided] == [Rule.BARE_TOPIC]
    assert [known.spoken for known in reading.known] == [False]


def test_a_like_tells_who_liked_whose_post() -> None:
    (interaction,) = heard("like", "post_liked", LIKE).decided

    assert (interaction.kind, interaction.actor, interaction.author) == (Kind.LIKE, "13", "11")


def test_who_accepted_is_known_only_from_the_topic() -> None:
    (undecided,) = heard("solved", "accepted_solution", post(2, updated_at=LATER)).undecided

    assert (undecided.rule, undecided.interaction.actor, undecided.interaction.author) == (Rule.SOLUTION, "", "11")


def test_an_edit_tells_version_and_time() -> None:
    (interaction,) = heard("post", "post_edited", post(2, version=2, updated_at=LATER)).decided

    assert (interaction.kind, interaction.revision) == (Kind.EDIT, f"2 {LATER}")


def test_times_are_told_in_utc_with_their_precision() -> None:
    abroad = post(created_at="2013-02-04T15:26:26.278-05:00")

    assert heard("post", "post_created", abroad).decided[0].happened == "2013-02-04T20:26:26.278Z"


@pytest.mark.parametrize(
    "change",
    [
        {"topic_id": None},
        {"topic_id": 0},
        {"post_number": "two"},
        {"user_id": True},
        {"user_id": 2**70},
        {"created_at": "yesterday"},
        {"created_at": 1772452800},
    ],
)
def test_what_lacks_what_it_needs_is_incomplete(change: Mapping[str, Any]) -> None:
    with pytest.raises(Incomplete):
        heard("post", "post_created", post(**change))


def test_a_badge_that_somebody_grants_is_praise() -> None:
    (praised,) = heard("user_badge", "user_badge_granted", BADGE).decided

    assert (praised.kind, praised.actor, praised.person, praised.happened) == (Kind.PRAISE, "11", "12", LATER)
    assert faults(statement_of(praised, DISCOURSE)) == []
