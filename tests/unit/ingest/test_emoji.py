"""Reactions are named alike, whichever platform they come from, and whatever their skin tone."""

from __future__ import annotations

import pytest

from services.ingest.domain.emoji import is_accepting, spelt

CHECK, THUMB, TONE, AS_PICTURE = "\N{WHITE HEAVY CHECK MARK}", "\N{THUMBS UP SIGN}", "\U0001f3fd", "\ufe0f"
ACCEPTING = frozenset({"white_check_mark"})


@pytest.mark.parametrize(
    ("key", "name"),
    [
        (THUMB, "U+1F44D"),
        (f"{THUMB}{TONE}", "U+1F44D"),
        (f"\N{HEAVY BLACK HEART}{AS_PICTURE}", "U+2764"),
        ("\N{REGIONAL INDICATOR SYMBOL LETTER D}\N{REGIONAL INDICATOR SYMBOL LETTER E}", "U+1F1E9 U+1F1EA"),
        ("party parrot", ":party_parrot:"),
        (":tada:", ":tada:"),
        ("größe", ":größe:"),
        ("+1", ":+1:"),
        ("", ":unknown:"),
        (" ", ":unknown:"),
    ],
)
def test_an_emoji_is_named_by_its_code_points_and_a_word_by_itself(key: str, name: str) -> None:
    assert spelt(key) == name


def test_what_only_says_how_to_draw_is_no_emoji() -> None:
    assert spelt(AS_PICTURE) == spelt(TONE) != spelt(THUMB)


@pytest.mark.parametrize(
    ("key", "accepts"),
    [
        (CHECK, True),
        (f"{CHECK}{AS_PICTURE}", True),
        ("white_check_mark", True),
        (":white_check_mark:", True),
        (THUMB, False),
        ("check", False),
        ("", False),
    ],
)
def test_an_accepting_reaction_is_known_however_it_is_written(key: str, *, accepts: bool) -> None:
    assert is_accepting(key, ACCEPTING) is accepts


@pytest.mark.parametrize("key", [THUMB, f"{THUMB}{TONE}"])
def test_an_emoji_may_itself_be_the_accepting_one(key: str) -> None:
    assert is_accepting(key, frozenset({THUMB}))
    assert is_accepting(key, frozenset({key}))
    assert not is_accepting(key, frozenset({CHECK}))
