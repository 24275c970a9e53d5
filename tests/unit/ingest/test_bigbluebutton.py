"""What BigBlueButton's deliveries mean, and what of them is not ours."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest

from services.ingest.connectors.bigbluebutton.events import read
from services.ingest.domain.interaction import ArtefactType, ChannelId, Choice, Interaction, Kind
from services.ingest.domain.mapping import statement_of
from services.ingest.domain.reading import Delivery, Reading, Reason, Rule
from services.ingest.domain.source import Keeps, Policy
from shared.xapi.guard import Limits
from shared.xapi.model import Version
from shared.xapi.validation import validate
from tests.support.bigbluebutton import (
    BBB,
    CREATION,
    MEETING,
    RECORDING,
    ROOM,
    bbb,
    bigbluebutton_conversation,
    event,
    poll,
    said,
    sent,
    user,
)
from tests.support.ingest import Ear, Sent, account_names
from tests.support.profile import faults

GOLDEN = Path(__file__).parent / "golden" / "bigbluebutton.json"
LIMITS = Limits(size=10_000, depth=20, nodes=1_000)
LATER = timedelta(hours=2)
OPEN = Policy(keeps=Keeps.TEXT, private=True)
DOOR = "https://symposia.acme.example/hooks/bigbluebutton/clinic"


def heard(delivery: Sent, policy: Policy | None = None) -> Reading:
    source = replace(BBB, policy=policy) if policy else BBB
    return read(source, Delivery({}, delivery.document))


def done(delivery: Sent, policy: Policy | None = None) -> list[Interaction]:
    """Return what somebody did, if it is whoever has the presence that *delivery* names."""
    undecided = heard(delivery, policy).undecided
    assert {each.rule for each in undecided} == {Rule.PRESENCE}
    return [each.interaction for each in undecided]


async def told(*deliveries: Sent) -> list[dict[str, Any]]:
    ear = Ear()
    await ear.hear(*deliveries)
    ear.now += LATER
    await ear.sweep(BBB)
    return ear.statements()


async def test_a_session_becomes_the_golden_statements() -> None:
    assert await told(*bigbluebutton_conversation()) == orjson.loads(GOLDEN.read_bytes())


async def test_every_statement_is_valid_and_follows_its_template() -> None:
    statements = await told(*bigbluebutton_conversation())

    validate(statements, Version.V1_0_3)
    assert [fault for each in statements for fault in faults(each)] == []


JOINED = bbb("user-joined", "12:00:00", "23", "w_1", guest=False)
QUESTION = said("23", "w_1", "12:05:00", "m-1", "How?")
STARTED = poll("poll-started", "12:10:00", "17", "w_2", question="What first?", answers=[{"id": 0, "key": "Drain"}])
RESPONSE = poll("poll-responded", "12:10:30", "23", "w_1", answerIds=[0])
HAND = bbb("user-raise-hand-changed", "12:07:00", "23", "w_1", **{"raise-hand": True})

IGNORED = [
    (bbb("user-raise-hand-changed", "12:00:00", "w_bea1-2", "w_9", **{"raise-hand": True}), Reason.ACTOR_UNKNOWN),
    (bbb("user-left", "12:00:00", "", "w_1"), Reason.ACTOR_UNKNOWN),
    (bbb("user-left", "12:00:00", "31", "w_1", guest=True), Reason.ACTOR_UNKNOWN),
    (said("", "w_1", "12:05:00", "m-1", "Hi"), Reason.ACTOR_UNKNOWN),
    (bbb("user-raise-hand-changed", "12:07:00", "23", "w_1", **{"raise-hand": False}), Reason.UNMAPPED),
    (bbb("user-emoji-changed", "12:07:00", "23", "w_1", emoji="none"), Reason.UNMAPPED),
    (said("23", "w_1", "12:05:00", "m-1", "Psst", **{"chat-id": "w_1-w_2"}), Reason.DIRECT_MESSAGE),
    (bbb("user-audio-muted", "12:07:00", "23", "w_1", muted=True), Reason.UNMAPPED),
    (sent(event("rap-publish-ended", "14:00:00", success=False)), Reason.UNMAPPED),
    (sent(event("rap-published", "14:00:00", **{"record-id": MEETING})), Reason.UNMAPPED),
    (sent(event("user-joined", "12:00:00", user=user("23", "w_1"), meeting={"external-meeting-id": "other"})),
     Reason.CHANNEL_NOT_ALLOWED),
    (sent({"data": {"id": ["user-joined"]}}), Reason.UNMAPPED),
    (sent({"envelope": {"name": "UserJoinedMeetingEvtMsg"}}), Reason.UNMAPPED),
    (sent(), Reason.UNMAPPED),
]  # fmt: skip


@pytest.mark.parametrize(("delivery", "reason"), IGNORED)
def test_what_is_not_ours_is_ignored_with_its_reason(delivery: Sent, reason: Reason) -> None:
    reading = heard(delivery)

    assert reading == Reading(ignored=(reason,))


@pytest.mark.parametrize("delivery", [JOINED, QUESTION, STARTED, HAND, sent(CREATION)])
def test_no_room_is_heard_that_is_not_named_unless_private_ones_are(delivery: Sent) -> None:
    assert heard(delivery, Policy()).ignored == (Reason.PRIVATE_CHANNEL,)
    assert not heard(delivery, OPEN).ignored


@pytest.mark.parametrize("delivery", [JOINED, QUESTION, HAND, RESPONSE, bbb("user-left", "12:30:00", "23", "w_1")])
def test_an_excluded_account_is_not_heard(delivery: Sent) -> None:
    reading = heard(delivery, replace(OPEN, excluded=account_names("23")))

    assert Reading(ignored=reading.ignored, decided=reading.decided, undecided=reading.undecided) == Reading(
        ignored=(Reason.EXCLUDED_ACCOUNT,)
    )
    assert {each.author for each in reading.known} <= {None}


def test_what_the_platform_does_by_itself_is_told_of_the_group_of_its_room() -> None:
    readings = [heard(sent(CREATION)), heard(sent(event("meeting-ended", "13:00:00"))), heard(sent(RECORDING))]

    statements = [statement_of(each.decided[0], BBB) for each in readings]
    group = {"objectType": "Group", "account": {"homePage": "https://bbb.acme.example", "name": ROOM}}
    named = [each["object"]["definition"].get("name", {}).get("und") for each in statements]
    assert [each["actor"] for each in statements] == [group] * 3
    assert named == ["Kafka clinic", None, "Kafka clinic"]


async def test_a_recording_that_is_deleted_is_redacted_in_each_format() -> None:
    ear = Ear()
    other = {**RECORDING["data"]["attributes"], "recording": {"name": "Kafka clinic", "playback": {"format": "video"}}}
    deleted = event("rap-deleted", "15:00:00", **{"record-id": MEETING})

    await ear.hear(sent(RECORDING), sent(event("rap-publish-ended", "14:31:00", **other)), sent(deleted))

    room = "https://bbb.acme.example/bigbluebutton/rooms/course-17%5B3%5D"
    assert [each.redacts for each in ear.received() if each.redacts] == [
        tuple(f"{room}/recordings/{MEETING}%2F{form}" for form in ("presentation", "video"))
    ]


def test_a_session_ends_as_long_after_it_began_as_its_name_says() -> None:
    (interaction,) = heard(sent(event("meeting-ended", "12:45:30"))).decided

    assert (interaction.kind, interaction.seconds) == (Kind.END, 45 * 60 + 30)


def test_a_session_whose_name_tells_no_time_ends_without_a_duration() -> None:
    (interaction,) = heard(sent(event("meeting-ended", "12:45:30", meeting={"internal-meeting-id": "abc"}))).decided

    assert interaction.seconds is None


async def test_who_leaves_is_whoever_joined_whatever_the_event_says() -> None:
    nobody, another = ({"external-user-id": ""}, {"external-user-id": "17"})

    for wrong in (nobody, another):
        _, left, attended = await told(JOINED, bbb("user-left", "12:30:00", "23", "w_1", **wrong))

        assert [each["actor"]["account"]["name"] for each in (left, attended)] == ["23", "23"]
        assert left["result"] == attended["result"] == {"duration": "PT1800S"}


async def test_what_is_done_is_of_whoever_joined_whatever_the_event_says() -> None:
    nameless = said("23", "w_1", "12:05:00", "m-1", "How?")
    del nameless.document["event"][0]["data"]["attributes"]["chat-message"]["sender"]["external-user-id"]

    for told_of in (nameless, bbb("user-presenter-assigned", "12:06:00", "17", "w_1"), HAND):
        _, act = await told(JOINED, told_of)

        assert act["actor"]["account"]["name"] == "23"
        assert act in await told(told_of, JOINED)


async def test_what_a_presence_does_that_was_not_seen_to_join_is_of_whom_the_event_names() -> None:
    nameless = said("23", "w_1", "12:05:00", "m-1", "How?")
    del nameless.document["event"][0]["data"]["attributes"]["chat-message"]["sender"]["external-user-id"]

    assert [each["actor"]["account"]["name"] for each in await told(QUESTION)] == ["23"]
    assert await told(nameless) == []


async def test_everybody_who_is_there_when_the_session_ends_attended_until_then() -> None:
    statements = await told(JOINED, sent(event("meeting-ended", "13:00:00")))

    assert [each["result"]["duration"] for each in statements if each["verb"]["id"].endswith("/attended")] == ["PT3600S"]


@pytest.mark.parametrize(
    ("emoji", "written"),
    [("👍", "U+1F44D"), ("👩‍💻", "U+1F469 U+200D U+1F4BB"), ("happy", ":happy:"), ("thumbsUp", ":thumbsUp:")],
)
def test_a_reaction_tells_its_emoji(emoji: str, written: str) -> None:
    (interaction,) = done(bbb("user-emoji-changed", "12:08:00", "23", "w_1", emoji=emoji))

    assert (interaction.kind, interaction.emoji) == (Kind.REACT, written)


def test_a_hand_that_is_raised_as_an_emoji_is_a_hand() -> None:
    (interaction,) = done(bbb("user-emoji-changed", "12:08:00", "23", "w_1", emoji="raiseHand"))

    assert interaction.kind is Kind.RAISE_HAND


@pytest.mark.parametrize(
    ("text", "kind"), [("How?", Kind.ASK), ("So.", Kind.POST), ("<a href='https://x.example/?'>So</a>", Kind.POST)]
)
def test_a_message_with_a_question_mark_asks(text: str, kind: Kind) -> None:
    (interaction,) = done(said("23", "w_1", "12:05:00", "m-1", text))

    assert interaction.kind is kind
    assert interaction.parent is not None
    assert interaction.parent.type is ArtefactType.SESSION


def test_text_questions_and_choices_are_kept_only_if_the_policy_says_so() -> None:
    quiet = replace(OPEN, keeps=Keeps.METADATA)

    assert done(QUESTION, quiet)[0].text is None
    (asked,) = done(STARTED, quiet)
    assert (asked.artefact.title, asked.choices) == (None, (Choice("0"),))
    (asked,) = done(STARTED)
    assert (asked.artefact.title, asked.choices) == ("What first?", (Choice("0", "Drain"),))


def test_a_choice_that_is_named_twice_is_one() -> None:
    twice = [{"id": 0, "key": "Drain"}, {"id": "0", "key": "Restart"}, {"key": "nothing"}, None]

    (asked,) = done(poll("poll-started", "12:10:00", "17", "w_2", answers=twice))

    assert asked.choices == (Choice("0", "Drain"),)
    validate(statement_of(asked, BBB), Version.V1_0_3)


def test_what_somebody_chose_is_heard_only_where_text_is_kept() -> None:
    assert heard(RESPONSE, replace(OPEN, keeps=Keeps.METADATA)).ignored == (Reason.NOT_KEPT,)
    assert done(RESPONSE)[0].chosen == ("0",)


def test_several_events_of_one_delivery_are_read_each_by_itself() -> None:
    broken = event("user-joined", "12:00:00", user={"external-user-id": "23"})

    reading = heard(sent(broken, *QUESTION.document["event"], event("pad-content", "12:00:00")))

    assert [each.interaction.kind for each in reading.undecided] == [Kind.ASK]
    assert reading.ignored == (Reason.INCOMPLETE, Reason.UNMAPPED)


@pytest.mark.parametrize(
    "broken",
    [
        event("user-joined", "12:00:00", user={"external-user-id": "23"}),
        event("user-joined", "12:00:00", user=user("23", "w 1")),
        event("user-joined", "12:00:00", user=user("23", "w_1"), meeting={"external-meeting-id": None}),
        event("meeting-ended", "12:00:00", meeting={"internal-meeting-id": "x" * 300}),
        {"data": {**event("user-joined", "12:00:00", user=user("23", "w_1"))["data"], "event": {"ts": -1}}},
        event("chat-group-message-sent", "12:00:00", **{"chat-message": {"sender": user("23", "w_1")}}),
        event("user-emoji-changed", "12:00:00", user=user("23", "w_1")),
        event("user-emoji-changed", "12:00:00", user=user("23", "w_1", emoji="x" * 100)),
        event("poll-responded", "12:00:00", user=user("23", "w_1"), poll={"id": "p", "answerIds": []}),
        event("poll-responded", "12:00:00", user=user("23", "w_1"), poll={"id": "p", "answerIds": [{}]}),
        event("poll-started", "12:00:00", user=user("23", "w_1"), poll={}),
        event("rap-publish-ended", "12:00:00", **{"record-id": MEETING, "recording": {}}),
    ],
)
def test_what_lacks_what_it_needs_is_incomplete(broken: dict[str, Any]) -> None:
    assert heard(sent(broken)).ignored == (Reason.INCOMPLETE,)


def test_an_event_of_a_recording_tells_its_time_in_seconds_or_milliseconds() -> None:
    in_seconds = {"data": {**RECORDING["data"], "event": {"ts": RECORDING["data"]["event"]["ts"] // 1000}}}

    assert heard(sent(in_seconds)) == heard(sent(RECORDING))


def test_a_room_with_any_name_has_an_address() -> None:
    named = replace(OPEN, channels=frozenset({ChannelId("räume/ä?#")}))

    (interaction,) = heard(sent(event("meeting-ended", "13:00:00", meeting={"external-meeting-id": "räume/ä?#"})), named).decided

    assert interaction.place is not None
    assert interaction.place.iri == "https://bbb.acme.example/bigbluebutton/rooms/r%C3%A4ume%2F%C3%A4%3F%23"
