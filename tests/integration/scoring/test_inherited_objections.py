"""Whoever objected while only an account was known of them objects as the person whom an import makes of the account."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from itertools import permutations

import msgspec

from services.scoring.digest import Digest
from shared.stream import Batch
from shared.xapi.vocabulary import Verb
from tests.support.community import BEGIN, artefact, batch, enriched, learner, link, objection
from tests.support.oracle import Impact
from tests.support.scoring import ScoringBench

WAS, IS, COLLEAGUE = 1, 2, 3
NOTHING = Impact(0.0, 0.0, None)
POSTED = enriched(1, Verb.POSTED, learner=learner(WAS), object=artefact(1), links=(link(),))
LIKED = enriched(2, Verb.LIKED, learner=learner(COLLEAGUE), object=artefact(1), author=learner(WAS), links=(link(),))
ELSEWHERE = enriched(3, Verb.LIKED, learner=learner(COLLEAGUE), object=artefact(2), author=learner(IS), links=(link(),))
KNOWN_POSTED = msgspec.structs.replace(POSTED, revision=2, learner=learner(IS), learner_before=learner(WAS))
KNOWN_LIKED = msgspec.structs.replace(LIKED, revision=2, author=learner(IS), author_before=learner(WAS))


async def ending(bench: ScoringBench, batches: Sequence[Batch]) -> Digest:
    await bench.clear()
    for each in batches:
        await bench.apply(each)
    return await bench.digest()


async def test_an_objection_goes_with_the_person_to_all_that_is_theirs(bench: ScoringBench) -> None:
    await bench.hear([POSTED, LIKED, ELSEWHERE])
    before = await bench.impact(learner(IS), BEGIN)
    await bench.apply(objection(WAS))

    await bench.hear([KNOWN_POSTED])

    assert before.reception > 0
    assert [await bench.impact(learner(who), BEGIN) for who in (WAS, IS)] == [NOTHING, NOTHING]


async def test_what_others_did_upon_an_artefact_is_enough_to_know_whose_objection_it_is(bench: ScoringBench) -> None:
    await bench.apply(objection(WAS))

    await bench.hear([KNOWN_LIKED, ELSEWHERE])

    assert await bench.impact(learner(IS), BEGIN) == NOTHING


async def test_in_every_order_behind_the_objection_the_same_is_left(bench: ScoringBench) -> None:
    said = [batch([each]) for each in (POSTED, LIKED, ELSEWHERE, KNOWN_POSTED, KNOWN_LIKED)]

    ends = [await ending(bench, [objection(WAS), *order]) for order in permutations(said)]

    assert ends == [ends[0]] * len(ends)
    assert await bench.impact(learner(IS), BEGIN) == NOTHING


async def test_who_withdraws_as_the_person_is_scored_although_the_account_objected_once(bench: ScoringBench) -> None:
    await bench.apply(objection(WAS))
    await bench.hear([KNOWN_POSTED, KNOWN_LIKED])

    await bench.apply(objection(IS, objects=False, at=BEGIN + timedelta(days=1)))
    await bench.hear([msgspec.structs.replace(each, revision=3) for each in (KNOWN_POSTED, KNOWN_LIKED)])

    assert (await bench.impact(learner(IS), BEGIN)).reception > 0


async def test_an_import_that_makes_somebody_known_leaves_who_does_not_object_as_they_are(bench: ScoringBench) -> None:
    await bench.apply(objection(WAS))
    await bench.apply(objection(WAS, objects=False, at=BEGIN + timedelta(days=1)))

    await bench.hear([KNOWN_POSTED, KNOWN_LIKED, ELSEWHERE])

    assert (await bench.impact(learner(IS), BEGIN)).reception > 0
