"""What Zoom's deliveries mean, and what of them is not ours."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest

from services.ingest.domain.interaction import ChannelId, Kind
from services.ingest.domain.mapping import statement_of
from services.ingest.domain.reading import Reason, Rule
from services.ingest.domain.source import Keeps, Policy
from shared.xapi.model import Version
from shared.xapi.validation import validate
from tests.support.ingest import Ear, Sent, account_names
from tests.support.profile import faults
from tests.support.zoom import (
    CHANNEL,
    EDITED,
    MEETING,
    QUESTION,
    WEBINAR,
    ZOOM,
    chat,
    heard,
    joined,
    left,
    meeting,
    participant,
    posted,
    reacted,
    said,
    zoom,
    zoom_conversation,
)

GOLDEN = Path(__file__).parent / "golden" / "zoom.json"
LATER = timedelta(hours=2)
OPEN = Policy(keeps=Keeps.TEXT, private=True)


async def told(*deliveries: Sent) -> list[dict[str, Any]]:
    ear = Ear()
    await ear.hear(*deliveries)
    ear.now += LATER
    await ear.sweep(ZOOM)
    return ear.statements()


def test_files_come_with_a_message() -> None:
    files = [{"file_id": "MS17RDk0QQ==", "file_name": "a.png"}, {"file_id": "MS17RDk0QQ=="}, {"file_id": ""}, "x"]

    said, attached = heard(posted("ann", "M1", "12:00:00", "", files=files)).decided

    assert (attached.kind, attached.artefact.iri) == (Kind.ATTACH, "https://acme.zoom.us/chat/files/MS17RDk0QQ%3D%3D")
    assert attached.parent == said.artefact


async def test_a_conversation_becomes_the_golden_statements() -> None:
    statements = await told(*zoom_conversation())

    assert statements == orjson.loads(GOLDEN.read_bytes())


async def test_every_statement_is_valid_and_follows_its_template() -> None:
    statements = await told(*zoom_conversation())

    validate(statements, Version.V1_0_3)
    assert [fault for each in statements for fault in faults(each)] == []


KEPT = {"type": "to_channel", "message_id": "M-1", "sender": "bea@acme.example", "sender_id": "bea"}
BOOKMARKED = chat("team_chat.bookmark_added", "cy", "12:04:00", **KEPT)
MEMBER = {"id": CHANNEL, "name": "Kafka", "type": 3}

IGNORED = [
    (joined("", "1", "12:00:00"), Reason.ACTOR_UNKNOWN),
    (left("", "1", "12:00:00"), Reason.ACTOR_UNKNOWN),
    (zoom("meeting.participant_joined", "12:00:00", meeting(participant=participant(
        "", "1", id="xqJhBvYqTgeX3o7ZIJNyQw", join_time="2026-03-02T12:00:00Z"))), Reason.ACTOR_UNKNOWN),
    (zoom("meeting.participant_left_breakout_room", "12:00:00", left("", "1", "12:00:00").document["payload"]["object"]),
     Reason.ACTOR_UNKNOWN),
    (joined("ann", "1", "12:00:00", number="1234567"), Reason.CHANNEL_NOT_ALLOWED),
    (zoom("meeting.started", "12:00:00", meeting(1234567)), Reason.CHANNEL_NOT_ALLOWED),
    (posted("ann", "M-1", "12:00:00", "Hi", channel_id="other"), Reason.CHANNEL_NOT_ALLOWED),
    (posted("", "M-1", "12:00:00", "Hi"), Reason.ACTOR_UNKNOWN),
    (reacted("", "M-1", "12:00:00", "U+1F44D"), Reason.ACTOR_UNKNOWN),
    (chat("team_chat.channel_message_updated", "", "12:00:00", message_id="M-1"), Reason.ACTOR_UNKNOWN),
    (chat("team_chat.bookmark_added", "cy", "12:04:00", **{**KEPT, "type": "to_contact"}), Reason.DIRECT_MESSAGE),
    (chat("team_chat.file_downloaded", "cy", "12:08:00", channel_id=None, contact_id="bea", file={"file_id": "F"}),
     Reason.DIRECT_MESSAGE),
    (chat("team_chat.dm_message_posted", "ann", "12:00:00", message_id="M-1", message="Psst"), Reason.DIRECT_MESSAGE),
    (chat("team_chat.dm_reaction_added", "ann", "12:00:00", msg_id="M-1", emoji="U+1F44D"), Reason.DIRECT_MESSAGE),
    (chat("chat_message.sent", "ann", "12:00:00", id="M-1", type="to_contact", message="Hi"), Reason.DIRECT_MESSAGE),
    (chat("chat_message.deleted", "ann", "12:00:00", id="M-1", type="to_contact", message="Hi"), Reason.DIRECT_MESSAGE),
    (said("16778240", "C-1", "12:00:00", "Psst", recipient_type="host"), Reason.DIRECT_MESSAGE),
    (said("16778240", "C-1", "12:00:00", "Hi", sender_email="ann@acme.example"), Reason.EXCLUDED_ACCOUNT),
    (said("16778240", "C-1", "12:00:00", "Hi", number=1234567), Reason.CHANNEL_NOT_ALLOWED),
    (chat("chat_channel.member_removed", "ann", "12:00:00", **MEMBER, members=[{"display_name": "Cy"}]), Reason.ACTOR_UNKNOWN),
    (zoom("webinar.registration_created", "12:00:00", meeting(WEBINAR, registrant={"email": "x@y.example"})),
     Reason.ACTOR_UNKNOWN),
    (zoom("recording.completed", "12:00:00", meeting()), Reason.UNMAPPED),
    (zoom("meeting.participant_joined_waiting_room", "12:00:00", meeting()), Reason.UNMAPPED),
    (Sent(ZOOM, {"event": "app_deauthorized", "payload": {"account_id": "AC1"}}), Reason.UNMAPPED),
    (Sent(ZOOM, {"event": "meeting.started", "payload": {}}), Reason.UNMAPPED),
    (Sent(ZOOM, {"event": ["meeting.started"]}), Reason.UNMAPPED),
]  # fmt: skip


@pytest.mark.parametrize(("sent", "reason"), IGNORED)
def test_what_is_not_ours_is_ignored_with_its_reason(sent: Sent, reason: Reason) -> None:
    excluded = account_names("ann@acme.example") if reason is Reason.EXCLUDED_ACCOUNT else frozenset()

    reading = heard(sent, replace(ZOOM.policy, excluded=excluded))

    assert reading.ignored == (reason,)
    assert not reading.decided
    assert not reading.undecided
    assert not reading.sightings


@pytest.mark.parametrize(
    "sent", [joined("ann", "1", "12:00:00"), QUESTION, EDITED, BOOKMARKED, reacted("ann", "M", "12:00:00", "x")]
)
def test_what_zoom_does_not_call_public_is_private(sent: Sent) -> None:
    assert heard(sent, Policy()).ignored == (Reason.PRIVATE_CHANNEL,)
    assert not heard(sent, OPEN).ignored


def test_webinars_and_public_channels_are_heard_without_being_named() -> None:
    public = chat("chat_channel.member_joined", "cy", "12:00:00", **MEMBER)
    private = chat("chat_channel.member_joined", "cy", "12:00:00", **{**MEMBER, "type": 1})

    assert heard(joined("ann", "1", "12:00:00", kind="webinar", number=WEBINAR), Policy()).decided
    assert heard(public, Policy()).decided
    assert heard(private, Policy()).ignored == (Reason.PRIVATE_CHANNEL,)


@pytest.mark.parametrize("excluded", ["ann", "ann@acme.example"])
@pytest.mark.parametrize("sent", [joined("ann", "1", "12:00:00"), QUESTION, EDITED, reacted("ann", "M", "12:00:00", "U+1F44D")])
def test_an_excluded_account_is_named_by_id_or_address(sent: Sent, excluded: str) -> None:
    policy = replace(OPEN, excluded=account_names(excluded))

    reading = heard(sent, policy)

    assert (reading.ignored, reading.decided, reading.sightings) == ((Reason.EXCLUDED_ACCOUNT,), (), ())


def test_numbers_of_meetings_written_as_text_or_as_numbers_are_the_same() -> None:
    assert heard(zoom("meeting.started", "12:00:00", meeting(int(MEETING)))) == heard(
        zoom("meeting.started", "12:00:00", meeting())
    )


def test_a_question_mentions_by_account_only() -> None:
    items = [{"at_contact_user_id": who, "at_type": 1} for who in ("bea", "bea", "ann", "", "cy")]

    asked, *mentions = heard(posted("ann", "M-1", "12:00:00", "How?", at_items=items)).decided

    assert asked.kind is Kind.ASK
    assert [(each.kind, each.person, each.text) for each in mentions] == [(Kind.MENTION, "bea", None), (Kind.MENTION, "cy", None)]


def test_a_reply_waits_for_the_root_of_its_thread() -> None:
    (undecided,) = heard(posted("bea", "M-2", "12:01:00", "So.", reply_main_message_id="M-1")).undecided

    assert (undecided.rule, undecided.target) == (Rule.REPLY, f"{CHANNEL}:M-1")


@pytest.mark.parametrize(("emoji", "written"), [("U+1f44d", "U+1F44D"), ("party", ":party:"), (":party:", ":party:")])
def test_a_reaction_tells_its_emoji_in_one_spelling(emoji: str, written: str) -> None:
    (interaction,) = heard(reacted("cy", "M-1", "12:03:00", emoji)).decided

    assert (interaction.kind, interaction.emoji) == (Kind.REACT, written)


def test_an_accepting_reaction_waits_for_its_target() -> None:
    (undecided,) = heard(reacted("ann", "M-2", "12:03:00", "U+2705")).undecided

    assert undecided.rule is Rule.ACCEPTING_REACTION


def test_text_is_kept_only_if_the_policy_says_so() -> None:
    quiet = replace(OPEN, keeps=Keeps.METADATA)

    assert [heard(each, quiet).decided[0].text for each in (QUESTION, EDITED)] == [None, None]
    assert [heard(each, OPEN).decided[0].text for each in (QUESTION, EDITED)] == ["How?", "Why?"]


def test_who_downloads_a_file_of_a_channel_is_told_and_whose_it_is() -> None:
    file = {"file_id": "MS17RDk0QQ==", "file_name": "a.png", "file_size": 7, "file_type": "png", "file_owner_id": "bea"}

    (interaction,) = heard(chat("team_chat.file_downloaded", "cy", "12:08:00", file=file)).decided

    assert (interaction.kind, interaction.actor, interaction.author) == (Kind.DOWNLOAD, "cy", "bea")
    assert interaction.artefact.iri == "https://acme.zoom.us/chat/files/MS17RDk0QQ%3D%3D"
    assert faults(statement_of(interaction, ZOOM)) == []


def test_every_thread_of_a_channel_for_questions_asks() -> None:
    policy = replace(OPEN, question_channels=frozenset({ChannelId(CHANNEL)}))

    assert heard(posted("ann", "M-1", "12:00:00", "Help, please"), policy).decided[0].kind is Kind.ASK


def test_a_bookmark_tells_whose_message_it_is() -> None:
    (interaction,) = heard(BOOKMARKED).decided

    assert (interaction.kind, interaction.actor, interaction.author) == (Kind.BOOKMARK, "cy", "bea")


def test_who_joins_a_channel_and_leaves_it_is_told() -> None:
    readings = [heard(chat(f"chat_channel.member_{what}", "cy", "12:00:00", **MEMBER)) for what in ("joined", "left")]

    assert [each.decided[0].kind for each in readings] == [Kind.JOIN, Kind.LEAVE]
    assert [faults(statement_of(each.decided[0], ZOOM)) for each in readings] == [[], []]


def test_the_older_events_of_team_chat_tell_the_same_messages() -> None:
    newer = heard(posted("bea", "M-2", "12:01:00", "Drain it first.", reply_main_message_id="M-1"))

    older = heard(
        chat(
            "chat_message.replied", "bea", "12:01:00", id="M-2", type="to_channel", message="Drain it first.", parent_msg_id="M-1"
        )
    )

    assert older == newer


def test_a_message_that_names_itself_as_its_parent_begins_a_thread() -> None:
    begun = heard(chat("chat_message.sent", "ann", "12:00:00", id="M-1", type="to_channel", message="How?", parent_msg_id="M-1"))

    assert [each.kind for each in begun.decided] == [Kind.ASK]


def test_who_is_taken_out_of_a_channel_leaves_it() -> None:
    members = [{"id": "cy", "display_name": "Cy"}, {"id": "dee"}, {"id": "cy"}]

    reading = heard(chat("chat_channel.member_removed", "ann", "12:59:00", **MEMBER, members=members))

    assert [(each.kind, each.actor) for each in reading.decided] == [(Kind.LEAVE, "cy"), (Kind.LEAVE, "dee")]
