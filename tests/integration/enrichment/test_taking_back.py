"""What somebody takes back is said to be taken back, whichever of the two statements comes first, on real PostgreSQL."""

from __future__ import annotations

import itertools
from functools import partial
from typing import Any
from uuid import UUID

from services.enrichment.digest import digest
from shared.xapi.vocabulary import EMOJI_EXTENSION, Verb
from tests.integration.enrichment.conftest import House
from tests.support.conversation import recorded, statement

ANSWER = statement("answer", "bob", Verb.ANSWERED, "m2", parent="m1", second=1)
LIKE = statement("like", "cy", Verb.LIKED, "m2", second=2)
UNLIKE = statement("unlike", "cy", Verb.UNLIKED, "m2", second=3)
AGAIN = statement("like again", "cy", Verb.LIKED, "m2", second=4)
AFTER_ALL = statement("unlike after all", "cy", Verb.UNLIKED, "m2", second=5)
OTHERS = statement("others like", "di", Verb.LIKED, "m2", second=2)


def reaction(name: str, verb: Verb, emoji: str, second: int) -> dict[str, Any]:
    return {**statement(name, "cy", verb, "m2", second=second), "result": {"extensions": {EMOJI_EXTENSION: emoji}}}


def taken_back(house: House) -> set[str]:
    return {name for name, known in house.known().items() if known.taken_back}


async def test_in_every_order_the_like_before_is_taken_back_and_no_other(house: House) -> None:
    said = list(enumerate([ANSWER, LIKE, UNLIKE, AGAIN, OTHERS], start=1))
    ends: list[tuple[set[str], object]] = []

    for order in itertools.permutations(said):
        await house.forget()
        for seq, one in order:
            await house.hear(recorded(one, seq))
        ends.append((taken_back(house), await digest(house.database)))

    assert ends == [({LIKE["id"]}, ends[0][1])] * 120


async def test_in_one_batch_it_ends_as_one_by_one(house: House) -> None:
    await house.hear(*(recorded(one, seq) for seq, one in enumerate([UNLIKE, LIKE, ANSWER], 1)))
    at_once, back = await digest(house.database), taken_back(house)
    await house.forget()
    for seq, one in enumerate([ANSWER, LIKE, UNLIKE], 1):
        await house.hear(recorded(one, seq))

    assert (back, taken_back(house)) == ({LIKE["id"]}, {LIKE["id"]})
    assert await digest(house.database) == at_once


async def test_a_reaction_is_taken_back_by_its_own_emoji(house: House) -> None:
    tada, eyes = reaction("tada", Verb.REACTED, "🎉", 2), reaction("eyes", Verb.REACTED, "👀", 2)

    await house.hear(recorded(tada), recorded(eyes, 2), recorded(reaction("no tada", Verb.UNREACTED, "🎉", 3), 3))

    assert taken_back(house) == {tada["id"]}


async def test_an_unlike_that_is_void_takes_nothing_back(house: House) -> None:
    await house.hear(recorded(LIKE), recorded(UNLIKE, 2))
    before = taken_back(house)
    await house.hear(recorded(UNLIKE, 2, voided=True))

    assert (before, taken_back(house)) == ({LIKE["id"]}, set())


async def test_an_acceptance_is_taken_back_by_who_gave_it(house: House) -> None:
    accepted = statement("accepted", "ada", Verb.ACCEPTED, "m2", second=2)

    await house.hear(recorded(accepted), recorded(statement("rejected", "eve", Verb.REJECTED, "m2", second=3), 2))
    by_another = taken_back(house)
    await house.hear(recorded(statement("withdrawn", "ada", Verb.REJECTED, "m2", second=4), 3))

    assert (by_another, taken_back(house)) == (set(), {accepted["id"]})


async def test_what_several_acts_take_back_comes_back_with_the_last_of_them_alone(house: House) -> None:
    said = [(2, LIKE), (3, UNLIKE), (4, AGAIN), (5, AFTER_ALL)]
    ends = []

    for order in itertools.permutations(said):
        await house.forget()
        for seq, one in order:
            await house.hear(recorded(one, seq))
        ends.append([taken_back(house)])
        for seq, one in ((3, UNLIKE), (5, AFTER_ALL)):
            await house.hear(recorded(one, seq, voided=True))
            ends[-1].append(taken_back(house))

    both = {LIKE["id"], AGAIN["id"]}
    assert ends == [[both, both, set()]] * 24


async def test_of_much_that_was_taken_back_before_nothing_is_looked_at_again(house: House) -> None:
    turns = [statement(f"turn {at}", "cy", (Verb.LIKED, Verb.UNLIKED)[at % 2], "m2", second=at) for at in range(40)]
    await house.hear(*(recorded(one, seq) for seq, one in enumerate(turns, 1)))

    undone = await house.database.run(partial(house.store.undone_by, statements=[UUID(turns[39]["id"])]))
    amid = await house.database.run(partial(house.store.undone_by, statements=[UUID(turns[19]["id"])]))

    assert undone == {UUID(turns[38]["id"])}
    assert amid == frozenset()
    assert taken_back(house) == {one["id"] for one in turns[::2]}
