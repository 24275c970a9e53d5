"""Zoom's meetings and webinars: who was there, and what is said and shown there."""

from __future__ import annotations

from dataclasses import replace

import pytest

from services.ingest.domain.interaction import Kind
from services.ingest.domain.reading import Reason
from shared.xapi.model import Version
from shared.xapi.validation import validate
from tests.support.ingest import account_names
from tests.support.profile import faults
from tests.support.zoom import UUID, WEBINAR, heard, joined, left, meeting, participant, said, zoom, zoom_session
from tests.unit.ingest.test_zoom import OPEN, told


def test_a_session_of_an_excluded_host_ends_all_the_same() -> None:
    ended = zoom("meeting.ended", "13:00:00", meeting(end_time="2026-03-02T13:00:00Z"))

    reading = heard(ended, replace(OPEN, excluded=account_names("HOST")))

    assert (reading.ignored, reading.decided) == ((Reason.EXCLUDED_ACCOUNT,), ())
    assert [each.ended for each in reading.endings] == ["2026-03-02T13:00:00.000Z"]


def test_a_meeting_and_its_sessions_are_told_apart() -> None:
    (interaction,) = heard(zoom("webinar.started", "12:00:00", meeting(WEBINAR, uuid="a/b+c=="))).decided

    assert interaction.place is not None
    assert interaction.place.iri == f"https://acme.zoom.us/w/{WEBINAR}"
    assert interaction.artefact.iri == f"https://acme.zoom.us/w/{WEBINAR}#a%2Fb%2Bc%3D%3D"
    assert interaction.artefact.title == "Kafka office hour"


def test_the_end_of_a_session_tells_how_long_it_was() -> None:
    (interaction,) = heard(zoom("meeting.ended", "13:00:00", meeting(end_time="2026-03-02T12:45:30Z"))).decided

    assert (interaction.kind, interaction.seconds) == (Kind.END, 45 * 60 + 30)


@pytest.mark.parametrize("event", ["ended", "participant_left"])
def test_an_event_without_its_time_happened_when_zoom_says_that_it_did(event: str) -> None:
    sent = zoom(f"webinar.{event}", "13:00:00.250", meeting(WEBINAR, participant=participant("ann", "1")))

    reading = heard(sent)

    told = [*reading.decided, *(each.interaction for each in reading.undecided)]
    assert [each.happened for each in told] == ["2026-03-02T13:00:00.250Z"]


def test_who_was_in_a_breakout_room_was_in_the_session() -> None:
    came = participant("ann", "2", join_time="2026-03-02T12:10:00Z")
    went = participant("ann", "2", leave_time="2026-03-02T12:20:00Z")
    readings = [
        heard(zoom("meeting.participant_joined_breakout_room", "12:10:00", meeting(participant=came))),
        heard(zoom("meeting.participant_left_breakout_room", "12:20:00", meeting(participant=went))),
    ]

    assert [(each.decided, each.undecided, len(each.sightings)) for each in readings] == [((), (), 1), ((), (), 1)]


async def test_who_comes_back_attended_for_both_times() -> None:
    statements = await told(*zoom_session())

    durations = {each["actor"]["account"]["name"]: each["result"]["duration"] for each in statements
                 if each["verb"]["id"].endswith("/attended")}  # fmt: skip
    assert durations == {"ann": "PT2993S", "bea": "PT3540S"}


async def test_a_guest_without_an_account_is_told_nowhere() -> None:
    statements = await told(joined("", "7", "12:00:00"), left("", "7", "12:30:00"))

    assert statements == []


async def test_who_leaves_without_having_been_seen_to_join_is_told_without_a_duration() -> None:
    (statement,) = await told(left("ann", "1", "12:30:00"))

    assert "result" not in statement


def test_who_shares_a_screen_in_a_breakout_room_presents_in_the_session() -> None:
    sharing = {"content": "screen1", "link_source": "", "file_link": "", "source": "", "date_time": "2026-03-02T12:20:00Z"}
    seen = participant("ann", "7", parent_user_id="1", sharing_details=sharing)

    (presented,) = heard(zoom("meeting.breakout_room_sharing_started", "12:20:01", meeting(participant=seen))).decided

    assert (presented.kind, presented.artefact.native, presented.happened) == (Kind.PRESENT, UUID, "2026-03-02T12:20:00.000Z")


async def test_what_is_said_in_a_meeting_is_told_of_whoever_joined_by_that_presence() -> None:
    statements = await told(
        said("16778240", "C-1", "12:06:00", "How do I restart it?"),
        said("16779999", "C-2", "12:06:30", "Whoever I am."),
        joined("ann", "16778240", "12:00:05"),
        joined("", "16779999", "12:02:00"),
    )

    (asked,) = [each for each in statements if each["verb"]["id"].endswith("/asked")]
    assert asked["actor"]["account"]["name"] == "ann"
    assert asked["result"] == {"response": "How do I restart it?"}
    assert not any("Whoever" in str(each) for each in statements)
    validate(statements, Version.V1_0_3)
    assert [fault for each in statements for fault in faults(each)] == []


async def test_what_is_said_in_a_breakout_room_is_told_of_who_went_there() -> None:
    went = participant("bea", "16780000", join_time="2026-03-02T12:10:00Z", parent_user_id="16779264")

    statements = await told(
        zoom("meeting.participant_joined_breakout_room", "12:10:00", meeting(participant=went)),
        said("16780000", "C-3", "12:11:00", "Here we are."),
    )

    assert [each["actor"]["account"]["name"] for each in statements if each["verb"]["id"].endswith("/posted")] == ["bea"]
