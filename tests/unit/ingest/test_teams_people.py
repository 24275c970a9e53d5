"""Who joins a team, and who was in a call: what Graph tells of it, and what of it is not ours."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from services.ingest.connectors.teams import TEAMS as CONNECTOR
from services.ingest.connectors.teams import notifications
from services.ingest.domain.asking import Circumstances, Request
from services.ingest.domain.interaction import ChannelId, Kind
from services.ingest.domain.reading import Delivery, Reading, Reason
from services.ingest.domain.source import Policy
from tests.support.ingest import NOW, Sent, answered
from tests.support.teams import CALL, CHANNEL, TEAM, TEAMS, call_record, membership, message, notified, person, resource_of, teams

GRAPH = "https://graph.microsoft.com/v1.0"
CREATED = notified("created", resource_of(message(1, "11:31:00.123", "How?")))


def delivered(sent: Sent, policy: Policy | None = None, **changes: Any) -> Reading:
    source = replace(sent.source, policy=policy or sent.source.policy, **changes)
    return notifications.read(source, Delivery({}, sent.document))


def asked_for(sent: Sent) -> list[Request]:
    assert CONNECTOR.fetch is not None
    circumstances = Circumstances(NOW, "https://symposia.example/hooks/teams/office")
    return [CONNECTOR.fetch.ask(TEAMS, each, circumstances) for each in delivered(sent).lookups]


def test_who_joins_a_team_is_told_at_the_time_of_the_renewal_however_often() -> None:
    sent = teams(notified("created", membership(4)), notified("deleted", membership(4)))

    joined, left = delivered(sent).decided

    assert [(each.kind, each.actor, each.happened) for each in (joined, left)] == [
        (Kind.JOIN, person(4), "2026-03-02T11:30:00.000000Z"),
        (Kind.LEAVE, person(4), "2026-03-02T11:30:00.000000Z"),
    ]
    assert joined.artefact.native == TEAM
    assert delivered(sent) == delivered(sent)


@pytest.mark.parametrize(
    "resource", [f"teams('{TEAM}')/members('!!')", f"teams('{TEAM}')/members('AAAA')", "teams('x')/members('')"]
)
def test_a_membership_of_nobody_harms_no_neighbour(resource: str) -> None:
    reading = delivered(teams(notified("created", resource), CREATED))

    assert len(reading.lookups) == 1
    assert reading.ignored in ((Reason.INCOMPLETE,), (Reason.UNMAPPED,))


def test_who_was_in_a_channels_meeting_attended_it() -> None:
    sent = teams(notified("created", f"communications/callRecords/{CALL}"), answer=call_record())
    (lookup,) = delivered(sent).lookups

    reading = answered(TEAMS, lookup, sent.answer)

    assert [(each.actor, each.joined or each.left) for each in reading.sightings] == [
        (person(1), "2026-03-02T11:00:00.000Z"),
        (None, "2026-03-02T11:45:00.000Z"),
        (person(2), "2026-03-02T11:05:00.000Z"),
        (None, "2026-03-02T11:40:00.000Z"),
    ]
    assert [each.ended for each in reading.endings] == ["2026-03-02T11:45:00.000Z"]
    assert {each.place.id for each in reading.decided if each.place} == {CHANNEL}
    assert [each.url for each in asked_for(sent)] == [f"{GRAPH}/communications/callRecords/{CALL}?$expand=sessions"]


@pytest.mark.parametrize(
    ("policy", "record", "reason"),
    [
        (Policy(), call_record(), Reason.PRIVATE_CHANNEL),
        (Policy(channels=frozenset({ChannelId("19:a@thread.tacv2")})), call_record(), Reason.CHANNEL_NOT_ALLOWED),
        (Policy(private=True), call_record(joinWebUrl=None), Reason.DIRECT_MESSAGE),
        (
            Policy(private=True),
            call_record(joinWebUrl="https://a/l/meetup-join/19%3ameeting_M%40thread.v2/0"),
            Reason.DIRECT_MESSAGE,
        ),
    ],
)
def test_calls_that_are_not_known_to_be_open_are_not_heard(policy: Policy, record: Any, reason: Reason) -> None:
    source = replace(TEAMS, policy=policy)
    (lookup,) = delivered(teams(notified("created", f"communications/callRecords('{CALL}')"))).lookups

    assert answered(source, lookup, record).ignored == (reason,)


def test_calls_are_only_asked_for_where_the_source_says_so() -> None:
    sent = teams(notified("created", f"communications/callRecords('{CALL}')"))

    assert delivered(sent, options={}).ignored == (Reason.UNMAPPED,)
