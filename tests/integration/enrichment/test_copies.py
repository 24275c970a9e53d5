"""Whose text it is, on real PostgreSQL: late originals, voids, edits, erased people, and two consumers at once."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from services.enrichment import store, wordings
from services.enrichment.digest import digest
from services.enrichment.domain.people import imported_learner, provisional_learner
from services.enrichment.domain.signature import BANDS
from services.enrichment.erasing import Erasing
from services.enrichment.imports import Kind
from shared.contracts import ENRICHED, Enriched, Recorded
from shared.postgres import Query
from shared.xapi import ifi
from shared.xapi.vocabulary import ActivityType, Verb
from tests.integration.enrichment.conftest import House
from tests.support.conversation import COURSE, HOME, recorded, statement

TIP = "Profile before you optimise, since the slow part is never where you think that it is."
OWN = "Whoever measures twice needs to cut only once, and that goes for programs as much as for boards."
WROTE = statement("wrote", "ada", Verb.POSTED, "m1", text=TIP, second=1)
COPIED = statement("copied", "bob", Verb.POSTED, "m2", text=f"{TIP.upper()} {COURSE}", second=2)
LIKED = statement("liked", "cy", Verb.LIKED, "m2", target="bob", second=3)
ANSWERED = statement("answered", "dan", Verb.REPLIED, "m3", parent="m2", second=4)
EDITED = statement("edited", "bob", Verb.EDITED, "m2", text=OWN, second=5)
TABLES = [Query("SELECT count(*) FROM wording"), Query("SELECT count(*) FROM wording_band")]


def who(name: str) -> str:
    return str(provisional_learner(ifi.of_account(HOME, name)))


def of(house: House, said: dict[str, Any]) -> Enriched:
    return house.known()[said["id"]]


def redacted(said: dict[str, Any], seq: int) -> Recorded:
    silent = {name: value for name, value in said.items() if name != "result"}
    return recorded(silent, seq, redacted_at="2026-03-03T09:00:00.000000Z")


async def test_a_copy_is_told_and_what_others_make_of_it_is_its_authors(house: House) -> None:
    await house.hear(*(recorded(one, seq) for seq, one in enumerate((WROTE, COPIED, LIKED, ANSWERED), 1)))

    assert (of(house, WROTE).copy_of, of(house, COPIED).copy_of) == (None, WROTE["id"])
    assert (of(house, LIKED).author, of(house, LIKED).upon_copy_of) == (who("ada"), WROTE["id"])
    assert (of(house, ANSWERED).author, of(house, ANSWERED).upon_copy_of) == (who("ada"), WROTE["id"])


async def test_a_late_original_moves_what_was_anothers(house: House) -> None:
    await house.hear(recorded(COPIED, 1), recorded(LIKED, 2))
    early = house.known()

    await house.hear(recorded(WROTE, 3))

    assert (early[COPIED["id"]].copy_of, early[LIKED["id"]].author) == (None, who("bob"))
    assert (of(house, COPIED).copy_of, of(house, LIKED).author) == (WROTE["id"], who("ada"))
    assert of(house, LIKED).revision > early[LIKED["id"]].revision


async def test_a_copy_of_a_copy_is_one_of_the_first(house: House) -> None:
    again = statement("again", "cy", Verb.POSTED, "m4", text=TIP, second=9)

    await house.hear(recorded(again, 1))
    await house.hear(recorded(COPIED, 2))
    await house.hear(recorded(WROTE, 3))

    assert (of(house, again).copy_of, of(house, COPIED).copy_of) == (WROTE["id"], WROTE["id"])


@pytest.mark.parametrize("gone", [recorded(WROTE, 1, voided=True), redacted(WROTE, 1)], ids=["voided", "redacted"])
async def test_an_original_that_is_taken_back_leaves_the_copy_to_be_the_first(house: House, gone: Recorded) -> None:
    await house.hear(recorded(WROTE, 1), recorded(COPIED, 2), recorded(LIKED, 3))

    await house.hear(gone)
    await house.hear(recorded(WROTE, 1))

    assert (of(house, COPIED).copy_of, of(house, LIKED).author) == (None, who("bob"))
    assert [await house.database.fetchval(count) for count in TABLES] == [1, 13]


async def test_a_copy_that_is_edited_into_a_text_of_its_own_is_none(house: House) -> None:
    await house.hear(recorded(WROTE, 1), recorded(COPIED, 2), recorded(LIKED, 3), recorded(EDITED, 4))

    assert (of(house, COPIED).copy_of, of(house, LIKED).author) == (None, who("bob"))

    await house.hear(recorded(EDITED, 4, voided=True))

    assert (of(house, COPIED).copy_of, of(house, LIKED).author) == (WROTE["id"], who("ada"))


async def test_who_repeats_an_own_text_copies_it_and_stays_its_author(house: House) -> None:
    again = statement("again", "ada", Verb.POSTED, "m4", text=TIP, second=9)
    liked = statement("liked again", "cy", Verb.LIKED, "m4", second=10)

    await house.hear(recorded(WROTE, 1), recorded(again, 2), recorded(liked, 3))

    assert (of(house, again).copy_of, of(house, liked).author) == (WROTE["id"], who("ada"))


async def test_who_answers_one_question_of_a_course_in_anothers_words_copies_them(house: House) -> None:
    first, second, own = (
        statement(f"{name} answers", name, Verb.ANSWERED, "essay", text=text, second=at)
        for at, (name, text) in enumerate((("ada", TIP), ("bob", TIP), ("cy", OWN)))
    )

    await house.hear(recorded(second, 1), recorded(own, 2))
    await house.hear(recorded(first, 3))

    assert [of(house, one).copy_of for one in (first, second, own)] == [None, first["id"], None]


async def test_who_acts_upon_an_own_copy_acts_upon_an_own_artefact(house: House) -> None:
    praise = statement("praise", "bob", Verb.LIKED, "m2", second=9)

    await house.hear(recorded(WROTE, 1), recorded(COPIED, 2), recorded(praise, 3))

    assert (of(house, praise).author, of(house, praise).upon_copy_of) == (who("bob"), None)


async def test_thanks_choices_in_a_quiz_and_what_somebody_shares_are_nobodys_copies(house: House) -> None:
    acts = ((Verb.REPLIED, "Thank you very much for that!"), (Verb.ANSWERED, TIP), (Verb.SHARED, TIP))
    alike = [
        statement(f"{name} {at}", name, verb, f"{name} {at}", text=text, second=second)
        for at, (verb, text) in enumerate(acts)
        for second, name in enumerate(("ada", "bob"))
    ]
    for one in alike[2:4]:
        one["object"]["definition"] = {"type": ActivityType.INTERACTION}

    await house.hear(*(recorded(one, seq) for seq, one in enumerate(alike, 1)))

    assert not [one.copy_of for one in house.known().values() if one.copy_of]
    assert [await house.database.fetchval(count) for count in TABLES] == [0, 0]


async def test_original_and_copy_committing_at_once_cannot_miss_each_other(house: House) -> None:
    for turn in range(20):
        text = f"{TIP} That was turn {turn} of all that I have to say about it, {' '.join(f'and{turn}x{n}' for n in range(20))}"
        wrote = statement(f"wrote{turn}", "ada", Verb.POSTED, f"w{turn}", text=text, second=1)
        copied = statement(f"copied{turn}", "bob", Verb.POSTED, f"c{turn}", text=text, second=2)

        await asyncio.gather(house.hear(recorded(wrote, 2 * turn)), house.hear(recorded(copied, 2 * turn + 1)))

        assert of(house, copied).copy_of == wrote["id"], turn


async def test_batches_of_many_texts_look_for_copies_one_after_the_other(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wordings, "MOST_BANDS_LOCKED", 20)
    two = [
        [statement(f"{name} {at}", name, Verb.POSTED, f"{name}{at}", text=f"{TIP * 2} {at}", second=second) for at in range(4)]
        for second, name in enumerate(("ada", "bob"))
    ]

    await asyncio.gather(*(house.hear(*(recorded(one, seq) for seq, one in enumerate(batch, 1))) for batch in two))

    copies = [one for one in house.known().values() if one.copy_of]
    assert len(copies) == 7
    assert {one.copy_of for one in copies} == {min(two[0], key=lambda one: one["id"])["id"]}


async def test_erasing_the_author_leaves_the_copy_to_be_the_first_and_no_signature(house: House) -> None:
    await house.hear(recorded(WROTE, 1), recorded(COPIED, 2), recorded(LIKED, 3))
    await house.log.ensure([ENRICHED])

    await Erasing(house.database, house.log).erase([ifi.of_account(HOME, "ada")], 100, lambda _: False)

    await house.relink()
    assert (of(house, COPIED).copy_of, of(house, LIKED).author, of(house, LIKED).upon_copy_of) == (None, who("bob"), None)
    assert [await house.database.fetchval(count) for count in TABLES] == [1, 13]


async def test_erasing_says_also_what_is_too_much_for_one_transaction(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "MOST_AT_ONCE", 0)
    await house.hear(recorded(WROTE, 1), recorded(COPIED, 2), recorded(LIKED, 3))
    await house.log.ensure([ENRICHED])

    await Erasing(house.database, house.log).erase([ifi.of_account(HOME, "ada")], 100, lambda _: False)

    assert await house.database.fetchval(Query("SELECT count(*) FROM relink")) == 0
    await house.relink()
    assert (of(house, COPIED).copy_of, of(house, LIKED).author) == (None, who("bob"))


async def test_an_account_that_becomes_known_moves_what_copies_of_it_received(house: House) -> None:
    await house.hear(recorded(WROTE, 1), recorded(COPIED, 2), recorded(LIKED, 3))

    await house.importer.take(Kind.PEOPLE, f"external_id,name,email,accounts\nHR-1,Ada,,ada@{HOME}\n".encode())
    await house.relink()

    assert of(house, LIKED).author == str(imported_learner("HR-1"))


async def test_what_is_too_much_for_one_transaction_is_left_to_be_linked_anew(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "MOST_AT_ONCE", 5)
    said = [statement(f"s{at}", f"p{at}", Verb.POSTED, f"x{at}", text=TIP, second=10 + at) for at in range(10)]
    await house.hear(*(recorded(one, seq) for seq, one in enumerate(said, 1)))

    await house.hear(recorded(WROTE, 11))

    assert of(house, said[1]).copy_of == said[0]["id"]
    await house.relink()
    assert {of(house, one).copy_of for one in said} == {WROTE["id"]}


async def test_a_phrase_that_everybody_uses_is_its_first_users_and_compared_with_few(house: House) -> None:
    said = [statement(f"s{at}", f"p{at}", Verb.POSTED, f"m{at}", text=TIP, second=at) for at in range(50)]

    await house.hear(*(recorded(one, seq) for seq, one in enumerate(said, 1)))

    assert {one.copy_of for one in house.known().values()} == {None, said[0]["id"]}
    before = await digest(house.database)
    await house.hear(recorded(said[7], 8, voided=True))
    assert of(house, said[8]).copy_of == said[0]["id"]
    assert await digest(house.database) != before


async def test_whose_a_phrase_is_that_everybody_uses_depends_on_no_order(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wordings, "MOST_IN_A_BAND", 2)
    monkeypatch.setattr(wordings, "bands", lambda _: tuple(range(BANDS)))  # what is not alike may share bands, too
    texts = [OWN, *[TIP] * 11]
    said = [statement(f"s{at}", f"p{at}", Verb.POSTED, f"m{at}", text=text, second=at) for at, text in enumerate(texts)]
    taken_back = (1, 3, 9)
    endings = []
    for order in (range(12), range(11, -1, -1), (6, 0, 11, 3, 9, 1, 4, 10, 2, 8, 5, 7)):
        await house.forget()
        for at in order:
            await house.hear(recorded(said[at], at + 1))
        early = [of(house, one).copy_of for one in said]
        for at in sorted(taken_back, key=list(order).index):
            await house.hear(recorded(said[at], at + 1, voided=True))
        late = [of(house, one).copy_of for at, one in enumerate(said) if at not in taken_back]
        endings.append((early, late))

    first, second = said[1]["id"], said[2]["id"]
    assert endings == [([None, None, *[first] * 10], [None, None, *[second] * 7])] * 3
