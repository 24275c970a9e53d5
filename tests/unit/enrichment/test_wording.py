"""Which statement had the text before: by when it happened, whoever said it, and whatever was mended since."""

from __future__ import annotations

from datetime import UTC, datetime
from random import Random
from uuid import UUID

from services.enrichment.domain.signature import signature
from services.enrichment.domain.wording import Wording, original
from shared.xapi.model import Ifi, Iri

TIP = " ".join(f"word{number}" for number in range(100))
MENDED = TIP.replace("word50", "other")
OTHER = " ".join(f"else{number}" for number in range(100))


def wording(number: int, minute: int, text: str = TIP, *, about: str = "", actor: str = "", edits: bool = False) -> Wording:
    """Say that statement *number* gave a text to an artefact of its own, by somebody of its own."""
    return Wording(
        statement_id=UUID(int=number),
        happened=datetime(2026, 3, 2, 9, minute, tzinfo=UTC),
        object=Iri(about or f"https://chat.example/{number}"),
        actor=Ifi(actor or f"openid::https://people.example/{number}"),
        makes_object=not edits,
        signature=signature(text),
    )


def test_who_repeats_a_text_copies_the_first_that_had_it() -> None:
    copy, others = wording(3, 3), [wording(2, 2), wording(1, 1), wording(4, 4)]

    assert original([copy], others) == UUID(int=1)
    assert original([copy], [wording(4, 4)]) is None
    assert original([copy], [wording(1, 1, OTHER)]) is None


def test_of_two_at_one_moment_the_smaller_statement_id_was_first() -> None:
    assert original([wording(2, 1)], [wording(1, 1)]) == UUID(int=1)
    assert original([wording(1, 1)], [wording(2, 1)]) is None


def test_a_copy_that_is_edited_into_a_text_of_its_own_copies_nothing() -> None:
    copy = wording(2, 2)
    edit = wording(3, 3, OTHER, about=copy.object, actor=str(copy.actor), edits=True)

    assert original([copy, edit], [wording(1, 1)]) is None


def test_who_mends_a_word_after_being_copied_is_no_copier() -> None:
    first, copy = wording(1, 1), wording(2, 2)
    edit = wording(3, 3, MENDED, about=first.object, actor=str(first.actor), edits=True)

    assert original([first, edit], [copy]) is None
    assert original([copy], [first, edit]) == first.statement_id


def test_who_edits_an_old_post_into_what_another_wrote_since_copies_it() -> None:
    old, theirs = wording(1, 1, OTHER), wording(2, 2)
    edit = wording(3, 3, about=old.object, actor=str(old.actor), edits=True)

    assert original([old, edit], [theirs]) == theirs.statement_id
    assert original([theirs], [old, edit]) is None


def test_what_others_edit_in_it_makes_nobody_a_copier_but_what_they_answer_to_the_same_does() -> None:
    first = wording(1, 1, OTHER)
    edit = wording(3, 3, about=first.object, actor=str(first.actor), edits=True)
    moderated = wording(2, 2, about=first.object, edits=True)
    answered = wording(2, 2, about=first.object)

    assert original([first, edit], [moderated]) is None
    assert original([first, edit], [answered]) == answered.statement_id


def test_a_text_that_an_edit_gave_to_another_artefact_was_there_too() -> None:
    edit = wording(1, 1, about="https://chat.example/old", edits=True)

    assert original([wording(2, 2)], [edit]) == edit.statement_id


def test_who_answers_the_same_twice_copies_nobody() -> None:
    first = wording(1, 1)
    again = wording(2, 2, about=first.object, actor=str(first.actor))

    assert original([again], [first]) is None


def test_an_artefact_without_a_text_copies_nothing() -> None:
    assert original([], [wording(1, 1)]) is None


def test_the_order_in_which_texts_are_given_makes_no_difference() -> None:
    chance = Random(1)  # noqa: S311  seeded, no secret
    first = wording(50, 20)
    own = [first, wording(51, 25, MENDED, about=first.object, actor=str(first.actor), edits=True)]
    others = [wording(number, chance.randrange(40), chance.choice((TIP, MENDED, OTHER))) for number in range(1, 20)]
    answers = set()

    for _ in range(20):
        chance.shuffle(others)
        answers.add(original(own[:: chance.choice((1, -1))], others))

    assert len(answers) == 1
