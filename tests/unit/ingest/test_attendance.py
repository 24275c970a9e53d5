"""Attendance is the union of presences, in whichever order they arrive; a newer one voids the older."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import pytest

from services.ingest.domain.attendance import Presence, Stay, attendance, attended_seconds, presences_of, revision_of
from services.ingest.domain.identity import id_of
from services.ingest.domain.interaction import AccountName, Artefact, ArtefactType, Kind, NativeId
from services.ingest.domain.mapping import statement_of
from tests.support.profile import faults
from tests.support.slack import SLACK

START = datetime(2026, 3, 2, 12, tzinfo=UTC)
SESSION = Artefact(NativeId("s"), "https://acme.example/s", ArtefactType.SESSION)
ANN = AccountName("ann")


def presence(joined: int, left: int) -> Presence:
    return Presence(START + timedelta(minutes=joined), START + timedelta(minutes=left))


@pytest.mark.parametrize(
    ("presences", "minutes"),
    [
        ([], 0),
        ([(0, 30)], 30),
        ([(0, 30), (40, 50)], 40),
        ([(0, 30), (20, 50)], 50),
        ([(0, 60), (10, 20), (30, 40)], 60),
        ([(0, 30), (0, 30)], 30),
        ([(30, 0)], 0),
        ([(30, 0), (0, 10)], 10),
    ],
)
def test_overlapping_presences_count_once(presences: list[tuple[int, int]], minutes: int) -> None:
    assert attended_seconds([presence(*each) for each in presences]) == minutes * 60


def test_the_order_and_repetition_of_presences_change_nothing() -> None:
    chance, presences = random.Random(7), [presence(0, 10), presence(5, 30), presence(40, 41)]  # noqa: S311  seeded, no secret
    expected = attendance(SESSION, ANN, presences, None, None)

    for _ in range(20):
        shuffled = chance.sample(presences * 3, 9)
        assert attendance(SESSION, ANN, shuffled, None, None) == expected


def test_a_late_presence_voids_what_was_told() -> None:
    first, later = [presence(0, 10)], [presence(0, 10), presence(5, 30)]
    (told,) = attendance(SESSION, ANN, first, None, None)

    voided, attended = attendance(SESSION, ANN, later, None, told.revision)

    assert (voided.kind, attended.kind, attended.seconds) == (Kind.VOID, Kind.ATTEND, 1800)
    statement = statement_of(voided, SLACK)
    assert statement["object"] == {"objectType": "StatementRef", "id": id_of(SLACK.id, told)}
    assert len({id_of(SLACK.id, each) for each in (told, voided, attended)}) == 3
    assert [fault for each in (told, voided, attended) for fault in faults(statement_of(each, SLACK))] == []
    assert attendance(SESSION, ANN, later, None, attended.revision) == ()


def stay(name: str, joined: int | None, left: int | None) -> Stay:
    return Stay(name, *(START + timedelta(minutes=each) if each is not None else None for each in (joined, left)))


def test_a_presence_that_nobody_saw_end_ends_with_the_session() -> None:
    stays = [stay("1", 0, 10), stay("2", 20, None), stay("3", None, 40)]

    assert presences_of(stays, None) == [Presence(START, START + timedelta(minutes=10), "1")]
    assert attended_seconds(presences_of(stays, START + timedelta(minutes=50))) == 40 * 60


def test_no_revision_comes_again_while_more_becomes_known() -> None:
    ended = START + timedelta(minutes=50)
    growing = [
        presences_of([stay("1", 0, None)], ended),
        presences_of([stay("1", 0, 50)], ended),
        presences_of([stay("1", 0, 50), stay("2", 0, 40)], ended),
        presences_of([stay("1", 0, 50), stay("2", 0, 50)], ended),
    ]

    assert len({revision_of(ANN, each) for each in growing}) == len(growing)
    assert {attended_seconds(each) for each in growing} == {50 * 60}


def test_two_people_with_the_same_presences_have_two_attendances() -> None:
    bob = AccountName("bob")

    assert revision_of(ANN, [presence(0, 1)]) != revision_of(bob, [presence(0, 1)])


def test_only_a_session_is_attended() -> None:
    with pytest.raises(ValueError, match="is not a session"):
        attendance(Artefact(NativeId("n"), "https://acme.example/n", ArtefactType.NOTE), ANN, [presence(0, 1)], None, None)
