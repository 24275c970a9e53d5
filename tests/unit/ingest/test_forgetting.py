"""Whoever was erased is left out of what was heard; what others did, and what they took back, stays."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from services.ingest.domain.forgetting import what_is_left, without_erased
from services.ingest.domain.interaction import NOBODY, AccountName, Artefact, ArtefactType, Event, Interaction, Kind, NativeId
from services.ingest.domain.reading import Known, Reading, Rule, Sighting, Undecided, Withdrawn
from tests.support.ingest import Ear, account_names, named
from tests.support.slack import SLACK

ANN, BOB, CY = AccountName("ann"), AccountName("bob"), AccountName("cy")
MESSAGE = Artefact(NativeId("1"), "https://acme.example/1", ArtefactType.CHAT_MESSAGE)
MEETING = Artefact(NativeId("m"), "https://acme.example/m", ArtefactType.SESSION)
AT = "2026-03-02T12:00:00Z"


def act(actor: AccountName, kind: Kind = Kind.POST, **more: Any) -> Interaction:
    return Interaction(Event.CREATED, kind, MESSAGE, actor, AT, None, **more)


def waiting(interaction: Interaction, rule: Rule = Rule.REPLY) -> Undecided:
    return Undecided(rule, MESSAGE.native, interaction)


def is_ann(name: AccountName) -> bool:
    return name == ANN


def test_what_they_did_is_gone_and_what_others_did_stays() -> None:
    others = (act(BOB), act(CY, Kind.REACT))

    left = without_erased(Reading(decided=(act(ANN), *others), undecided=(waiting(act(ANN)), waiting(act(BOB)))), is_ann)

    assert left == Reading(decided=others, undecided=(waiting(act(BOB)),))


@pytest.mark.parametrize("kind", [Kind.MENTION, Kind.FOLLOW, Kind.UNFOLLOW, Kind.PRAISE])
def test_what_was_done_upon_them_is_gone_too(kind: Kind) -> None:
    upon_bob = act(CY, kind, person=BOB)

    left = without_erased(Reading(decided=(act(BOB, kind, person=ANN), upon_bob)), is_ann)

    assert left == Reading(decided=(upon_bob,))


def test_nobody_is_told_whose_things_were_theirs() -> None:
    reacted, of_bob = act(BOB, Kind.REACT, author=ANN), act(CY, Kind.REACT, author=BOB)
    known = Known(MESSAGE, MESSAGE.native, ANN, question=True, happened=AT)

    left = without_erased(Reading(decided=(reacted, of_bob), undecided=(waiting(reacted),), known=(known,)), is_ann)

    forgotten = replace(reacted, author=None)
    assert left == Reading((forgotten, of_bob), (waiting(forgotten),), (replace(known, author=None),))


def test_they_were_seen_nowhere_not_even_by_the_end_of_a_presence_that_names_nobody() -> None:
    hers = (Sighting(MEETING, None, "p/ann", ANN, joined=AT), Sighting(MEETING, None, "p/ann", left=AT))
    of_others = (Sighting(MEETING, None, "p/bob", BOB, joined=AT), Sighting(MEETING, None, "p/7", left=AT))

    left = without_erased(Reading(sightings=(*hers, *of_others)), is_ann)

    assert left == Reading(sightings=of_others)


@pytest.mark.parametrize("kind", [Kind.DELETE, Kind.REMOVE])
def test_what_they_took_back_goes_by_nobody(kind: Kind) -> None:
    took_back = act(ANN, kind, author=BOB)

    left = without_erased(Reading(decided=(took_back,), withdrawn=(Withdrawn(MESSAGE.native),)), is_ann)

    by_nobody = waiting(act(NOBODY, kind), Rule.WITHDRAWAL)
    assert left == Reading(undecided=(by_nobody,), withdrawn=(Withdrawn(MESSAGE.native),))


@pytest.mark.parametrize("kind", [Kind.DELETE, Kind.REMOVE])
def test_what_others_took_back_goes_by_those_who_did(kind: Kind) -> None:
    reading = Reading(decided=(act(BOB, kind),), undecided=(waiting(act(CY, kind), Rule.DELETION),))

    assert without_erased(reading, is_ann) == reading


def test_it_stays_known_whose_the_things_of_others_are() -> None:
    of_bob, of_nobody = (Known(MESSAGE, MESSAGE.native, author, question=True, happened=AT) for author in (BOB, None))

    assert without_erased(Reading(known=(of_bob, of_nobody)), is_ann).known == (of_bob, of_nobody)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (Rule.TAKEN_BACK, Rule.TAKEN_BACK),
        (Rule.FORMER, Rule.FORMER),
        (Rule.WITHDRAWAL, Rule.WITHDRAWAL),
        (Rule.DELETION, Rule.WITHDRAWAL),
    ],
)
def test_what_waits_to_be_taken_back_is_told_by_a_rule_that_needs_no_name(before: Rule, after: Rule) -> None:
    left = what_is_left(waiting(act(ANN, Kind.DELETE), before), is_ann)

    assert left == waiting(act(NOBODY, Kind.DELETE), after)


def test_an_account_that_was_deleted_is_not_named_either() -> None:
    assert without_erased(Reading(departed=(ANN, BOB)), is_ann) == Reading(departed=(BOB,))


def test_what_is_heard_of_nobody_who_was_erased_stays_as_it_is() -> None:
    reading = Reading(decided=(act(BOB),), undecided=(waiting(act(CY, author=BOB)),), sightings=(Sighting(MEETING, None, "7"),))

    assert without_erased(reading, is_ann) == reading


async def test_what_they_took_back_of_somebody_else_is_redacted() -> None:
    ear = Ear()
    await ear.hear()
    await ear.take(SLACK, Reading(decided=(act(BOB),), known=(Known(MESSAGE, MESSAGE.native, BOB, False, AT),)))
    ear.erased = account_names(ANN)

    await ear.take(SLACK, Reading(decided=(replace(act(ANN, Kind.REMOVE, author=BOB), event=Event.DELETED),)))

    assert [each.redacts for each in ear.received()] == [(), (MESSAGE.iri,)]
    assert [named(each) for each in ear.statements()] == [{BOB}, {BOB}]


async def test_what_cannot_be_told_is_set_aside_without_them() -> None:
    ear = Ear()
    await ear.hear()
    ear.erased = account_names(ANN)

    await ear.take(SLACK, Reading(decided=(act(ANN), replace(act(BOB, Kind.REACT, author=ANN), happened="never"))))

    [rejection] = ear.rejected
    assert (BOB.encode() in rejection.record.value, ANN.encode() in rejection.record.value) == (True, False)
