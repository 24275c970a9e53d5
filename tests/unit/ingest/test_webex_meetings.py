"""Webex's meetings: who was there, as far as it is told by account."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from services.ingest.connectors.fields import Incomplete
from services.ingest.domain.interaction import ChannelId, Kind
from services.ingest.domain.reading import Lookup, Reason
from services.ingest.domain.source import Policy
from tests.support.ingest import account_names, answered
from tests.support.webex import NUMBER, ROOM, WEBEX, email, meeting, participant, person, presence, webex
from tests.unit.ingest.test_webex import API, asked_for, chain, delivered


def test_a_presence_is_asked_for_in_three_steps_and_keeps_no_address() -> None:
    sent = presence("left", 2, participant(2, "11:01:00", "11:40:00"))
    (first,) = delivered(sent).lookups
    (second,) = answered(WEBEX, first, sent.answer_to(first)).lookups
    (third,) = answered(WEBEX, second, sent.answer_to(second)).lookups

    reading = answered(WEBEX, third, sent.answer_to(third))

    assert [asked_for(each) for each in (first, second, third)] == [
        f"{API}/meetingParticipants/870f51ff_I_14161_2",
        f"{API}/meetings/870f51ff_I_14161",
        f"{API}/people/{person(2).replace('=', '%3D')}",
    ]
    assert email(2) not in f"{second.reference} {third.reference}"
    assert [(each.actor, each.joined, each.left) for each in reading.sightings] == [
        (person(2), "2026-03-02T11:01:00.000Z", None),
        (None, None, "2026-03-02T11:40:00.000Z"),
    ]
    assert {each.place.id for each in reading.decided if each.place} == {NUMBER}


@pytest.mark.parametrize(
    ("policy", "reason"),
    [
        (Policy(), Reason.PRIVATE_CHANNEL),
        (Policy(channels=frozenset({ChannelId("1")})), Reason.CHANNEL_NOT_ALLOWED),
        (Policy(private=True, excluded=account_names(person(2))), Reason.EXCLUDED_ACCOUNT),
    ],
)
def test_a_presence_that_is_not_heard_is_not_told(policy: Policy, reason: Reason) -> None:
    readings = chain(presence("joined", 2, participant(2, "11:01:00")), policy)

    assert readings[-1].ignored == (reason,)
    assert not any(each.sightings for each in readings)


@pytest.mark.parametrize(
    ("who", "reason"),
    [
        ({"emails": ["somebody@else.example"]}, Reason.ACTOR_UNKNOWN),
        ({"emails": None}, Reason.ACTOR_UNKNOWN),
        ({"type": "bot"}, Reason.BOT),
    ],
)
def test_a_participant_is_told_only_as_the_person_with_that_address(who: Mapping[str, Any], reason: Reason) -> None:
    sent = presence("joined", 2, participant(2, "11:01:00"))
    right = sent.answer

    def answer(lookup: Lookup) -> Any:
        return {**right(lookup), **(who if lookup.reference["do"] == "person" else {})}

    assert chain(replace(sent, answer=answer))[-1].ignored == (reason,)


def test_a_participant_without_an_account_is_a_guest() -> None:
    sent = webex("meetingParticipants", "joined", {"id": "p"}, answer={**participant(2, "11:01:00"), "email": ""})

    assert chain(sent)[-1].ignored == (Reason.GUEST,)
    assert chain(replace(sent, document={**sent.document, "actorId": None}))[-1].ignored == (Reason.GUEST,)


def test_a_meeting_of_a_space_takes_place_there() -> None:
    policy = Policy(channels=frozenset({ChannelId(ROOM)}))
    sent = webex("meetings", "ended", {"id": "m"}, answer=meeting(roomId=ROOM))

    (reading,) = chain(sent, policy)

    assert [(each.kind, each.seconds, each.place and each.place.id) for each in reading.decided] == [(Kind.END, 2700, ROOM)]
    assert [each.ended for each in reading.endings] == ["2026-03-02T11:45:00.000Z"]


@pytest.mark.parametrize(("event", "lacks"), [("started", "start"), ("ended", "end"), ("started", "hostUserId"), ("ended", "id")])
def test_a_meeting_that_lacks_what_it_needs_is_incomplete(event: str, lacks: str) -> None:
    with pytest.raises(Incomplete):
        chain(webex("meetings", event, {"id": "m"}, answer=meeting(**{lacks: None})))
