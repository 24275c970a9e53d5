"""What acts are worth, on real PostgreSQL, through the contract that others read."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from math import inf, nan, sqrt
from uuid import UUID

import msgspec
import pytest

from services.scoring.domain.week import week_of
from shared.contracts import Status, encode
from shared.postgres import Query
from shared.xapi.vocabulary import ActivityType, Verb
from tests.support.community import BEGIN, artefact, batch, enriched, learner, link, objection
from tests.support.scoring import EXPLANATION, IMPACT, ScoringBench

WEEKS = Query(
    "SELECT array_agg(week_of(moment) ORDER BY number) FROM unnest($1::timestamptz[]) WITH ORDINALITY AS given (moment, number)"
)
ASKER, HELPER, READER = learner(1), learner(2), learner(3)
QUESTION = enriched(1, Verb.ASKED, object=artefact(1), links=(link(),))
ANSWER = enriched(
    2, Verb.ANSWERED, learner=HELPER, object=artefact(2), parent=artefact(1), author=ASKER, links=(link(author=False),)
)
ACCEPTANCE = enriched(3, Verb.ACCEPTED, object=artefact(2), author=HELPER, links=(link(),))


async def test_an_accepted_answer_is_worth_a_reception_and_two_contributions(bench: ScoringBench) -> None:
    await bench.hear([QUESTION, ANSWER, ACCEPTANCE])

    helper, asker = await bench.impact(HELPER, BEGIN), await bench.impact(ASKER, BEGIN)

    assert tuple(helper) == pytest.approx((sqrt(3), 1.0, 1.0))
    assert tuple(asker) == pytest.approx((0.0, 0.2**0.7, 1.0))


async def test_half_is_left_after_thirteen_weeks(bench: ScoringBench) -> None:
    await bench.hear([QUESTION, ANSWER, ACCEPTANCE])

    later = await bench.impact(HELPER, BEGIN + timedelta(weeks=13))

    assert tuple(later) == pytest.approx((sqrt(1.5), 0.5, 1.0))


async def test_a_hundred_likes_of_one_friend_are_worth_three(bench: ScoringBench) -> None:
    likes = [enriched(n, Verb.LIKED, object=artefact(2), author=HELPER, links=(link(),)) for n in range(100)]

    await bench.hear(likes)

    assert (await bench.impact(HELPER, BEGIN)).reception == 3.0


async def test_a_contribution_counts_only_while_somebody_else_who_is_grounded_received_it(bench: ScoringBench) -> None:
    ungrounded = enriched(3, Verb.VIEWED, learner=READER, object=artefact(1), author=ASKER, actor_grounded=False)
    own = enriched(4, Verb.VIEWED, learner=ASKER, object=artefact(1), author=ASKER)

    await bench.hear([QUESTION, ungrounded, own])
    before = await bench.impact(ASKER, BEGIN)
    await bench.hear([ANSWER])
    answered = await bench.impact(ASKER, BEGIN)
    await bench.hear([msgspec.structs.replace(ANSWER, revision=2, status=Status.VOIDED)])

    assert before.contribution == 0.0
    assert answered.contribution == pytest.approx(0.2**0.7)
    assert await bench.impact(ASKER, BEGIN) == before


async def test_a_choice_in_a_quiz_is_no_contribution(bench: ScoringBench) -> None:
    choices = [
        enriched(n, Verb.ANSWERED, learner=learner(n), object=artefact(9), object_type=ActivityType.INTERACTION, links=(link(),))
        for n in (1, 2, 3)
    ]

    await bench.hear(choices)

    assert (await bench.digest()).facts == 0


async def test_what_no_course_is_linked_to_is_shown_as_informal_and_adds_nothing(bench: ScoringBench) -> None:
    await bench.hear([msgspec.structs.replace(ACCEPTANCE, links=())])

    row = await bench.database.fetchrow(IMPACT, UUID(HELPER), BEGIN)
    (explained,) = await bench.database.fetch(EXPLANATION, UUID(HELPER), BEGIN)

    assert row is not None
    assert (row["impact"], row["grounding"], row["facts"], row["informal"]) == (0.0, 0.0, 1, 1)
    assert (explained["informal"], explained["credit"], explained["weight"]) == (True, 0.0, 3.0)


async def test_the_explanation_names_the_statement_the_peer_and_the_evidence(bench: ScoringBench) -> None:
    await bench.hear([QUESTION, ANSWER, ACCEPTANCE])

    rows = await bench.database.fetch(EXPLANATION, UUID(HELPER), BEGIN + timedelta(weeks=2))
    received = next(row for row in rows if row["dimension"] == "reception")

    assert (str(received["statement_id"]), str(received["peer"]), received["object"]) == (ACCEPTANCE.id, ASKER, artefact(2))
    assert (received["course"], received["method"], received["evidence"]) == (link().course, "url", link().evidence)
    assert (received["weight"], received["kappa"], received["age_weeks"], received["counted"]) == (3.0, 1.0, 2, True)


async def test_a_learner_without_facts_has_no_impact_and_no_grounding(bench: ScoringBench) -> None:
    assert await bench.impact(READER, BEGIN) == (0.0, 0.0, None)


async def test_a_statement_of_the_year_one_is_scored_and_read(bench: ScoringBench) -> None:
    await bench.hear([QUESTION, msgspec.structs.replace(ACCEPTANCE, timestamp="0001-01-01T00:00:00Z")])

    assert 0 < (await bench.impact(HELPER, BEGIN)).reception < 1e-40
    assert await bench.credits_of(HELPER, BEGIN) == pytest.approx((await bench.impact(HELPER, BEGIN)).reception)


@pytest.mark.parametrize(
    "poison",
    [
        b"not JSON",
        b"{}",
        encode(msgspec.structs.replace(QUESTION, id="no uuid")),
        encode(msgspec.structs.replace(QUESTION, timestamp="yesterday")),
        encode(msgspec.structs.replace(QUESTION, timestamp="9999-12-31T23:59:59-12:00")),
        encode(msgspec.structs.replace(QUESTION, learner="x")),
        encode(msgspec.structs.replace(QUESTION, revision=2**63)),
        encode(msgspec.structs.replace(QUESTION, revision=-1)),
        encode(msgspec.structs.replace(QUESTION, object="https://e.org/\x00")),
        encode(msgspec.structs.replace(QUESTION, links=(msgspec.structs.replace(link(), evidence="\x00"),))),
        encode(msgspec.structs.replace(QUESTION, links=(link(1.5),))),
        encode(msgspec.structs.replace(QUESTION, links=(link(nan),))),
        encode(msgspec.structs.replace(QUESTION, links=(link(inf),))),
    ],
)
async def test_what_cannot_be_read_is_rejected_and_its_neighbours_go_on(bench: ScoringBench, poison: bytes) -> None:
    decision = await bench.apply(batch([QUESTION, poison, ANSWER]))

    assert [rejection.record.value for rejection in decision.rejections] == [poison]
    assert (await bench.impact(ASKER, BEGIN)).contribution > 0


async def test_an_iri_longer_than_an_index_takes_is_scored(bench: ScoringBench) -> None:
    await bench.hear([msgspec.structs.replace(ACCEPTANCE, object="https://e.org/" + "x" * 100_000)])

    assert (await bench.impact(HELPER, BEGIN)).reception == pytest.approx(sqrt(3))


async def test_facts_are_counted_once_they_are_committed(bench: ScoringBench) -> None:
    await bench.hear([QUESTION, ANSWER, ACCEPTANCE, ACCEPTANCE])
    await bench.hear([msgspec.structs.replace(ACCEPTANCE, revision=2, status=Status.VOIDED)])

    def sample(name: str, **labels: str) -> float | None:
        return bench.registry.get_sample_value(name, labels)

    assert sample("symposia_scoring_facts_total", dimension="reception") == 1
    assert sample("symposia_scoring_facts_total", dimension="contribution") == 2
    assert sample("symposia_scoring_retractions_total") == 1
    assert sample("symposia_e2e_freshness_seconds_count") == 3


async def test_an_objection_leaves_nothing_of_the_person_and_lasts(bench: ScoringBench) -> None:
    await bench.hear([QUESTION, ANSWER, ACCEPTANCE])

    await bench.apply(objection(1))
    await bench.hear([msgspec.structs.replace(each, revision=2) for each in (QUESTION, ANSWER, ACCEPTANCE)])

    assert await bench.impact(ASKER, BEGIN) == (0.0, 0.0, None)
    assert (await bench.impact(HELPER, BEGIN)).reception == 0.0
    assert not await bench.database.fetch(EXPLANATION, UUID(ASKER), BEGIN)


async def test_a_withdrawn_objection_leaves_the_person_absent_until_statements_come_again(bench: ScoringBench) -> None:
    whole = await bench.hear([QUESTION, ANSWER, ACCEPTANCE])
    await bench.apply(objection(1))
    without = await bench.digest()

    await bench.apply(objection(1, objects=False, at=BEGIN + timedelta(days=1)))
    withdrawn = await bench.digest()
    await bench.hear([msgspec.structs.replace(each, revision=2) for each in (QUESTION, ANSWER, ACCEPTANCE)])

    assert without == withdrawn != whole
    assert await bench.digest() == whole


async def test_an_older_word_does_not_undo_a_newer_one(bench: ScoringBench) -> None:
    await bench.apply(objection(1, at=BEGIN + timedelta(days=1)))
    await bench.apply(objection(1, objects=False))

    await bench.hear([QUESTION, ANSWER, ACCEPTANCE])

    assert await bench.impact(ASKER, BEGIN) == (0.0, 0.0, None)


async def test_an_objection_that_cannot_be_read_is_rejected(bench: ScoringBench) -> None:
    whole = objection(1)
    broken = batch([b'{"learner": "x", "objects": true, "at": "2026-01-01T00:00:00Z"}', b"[]"])

    decision = await bench.apply(type(whole)(whole.partition, broken.records))

    assert len(decision.rejections) == 2


async def test_postgres_and_scoring_count_the_same_weeks(bench: ScoringBench) -> None:
    moments = [datetime(2, 1, 1, tzinfo=UTC), datetime(9998, 12, 31, tzinfo=UTC)]
    moments += [BEGIN + timedelta(days=days, microseconds=micro) for days in range(-9, 9) for micro in (-1, 0, 1)]

    weeks = await bench.database.fetchval(WEEKS, moments)

    assert weeks == [week_of(moment) for moment in moments]
