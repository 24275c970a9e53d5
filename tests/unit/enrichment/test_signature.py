"""Signatures tell nearly one text from another, whatever stands around its words, and estimate how alike texts are."""

from __future__ import annotations

import statistics
from hashlib import sha256
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.enrichment.domain.signature import BANDS, LEAST_EQUAL, MOST_CHARACTERS, VALUES, are_alike, bands, signature

TIP = "Profile before you optimise: the slow part is never where you think it is."
THAI = "ขอบคุณสำหรับคำอธิบายเรื่องการทดสอบระบบอย่างละเอียด"
CHINESE = "先测量再优化,最慢的地方往往不是你以为的那一处,所以要看数据。"


def shingles(text: str) -> set[tuple[str, ...]]:
    words = text.split()
    return {tuple(words[at : at + 5]) for at in range(len(words) - 4)}


def estimated(one: str, other: str) -> float:
    pairs = zip(memoryview(signature(one)).cast("I"), memoryview(signature(other)).cast("I"), strict=True)
    return sum(mine == theirs for mine, theirs in pairs) / VALUES


def pair_of_texts(chance: Random, words: int, kept: int) -> tuple[str, str]:
    """Return two texts of *words* random words, the first *kept* of which are the same."""
    one = [f"w{chance.randrange(5000)}" for _ in range(words)]
    other = one[:kept] + [f"w{chance.randrange(5000)}" for _ in range(words - kept)]
    return " ".join(one), " ".join(other)


@pytest.mark.parametrize(
    "other",
    [
        TIP.upper(),
        f"  {TIP.replace(' ', chr(10))}!!!",
        TIP.replace(":", " -"),
        f"{TIP} https://docs.example/profiling?page=7",
        "\N{FULLWIDTH LATIN CAPITAL LETTER P}" + TIP[1:],
    ],
)
def test_case_punctuation_spaces_addresses_and_spelling_of_letters_make_no_other_text(other: str) -> None:
    assert signature(other) == signature(TIP)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "thanks!",
        "+1",
        "me too, and many thanks for it",
        "ha " * 50,
        "https://lms.example/course/7/a/b/c/d/e/f/g/h/i/j/k",
        "非常感谢你的帮助",
        "\0",
    ],
)
def test_what_many_say_has_no_signature(text: str) -> None:
    assert signature(text) == b""


@pytest.mark.parametrize("text", [TIP, THAI, CHINESE, "eight words are the fewest that count here"])
def test_a_text_that_says_something_has_one(text: str) -> None:
    assert len(signature(text)) == 4 * VALUES
    assert are_alike(signature(text), signature(text))


def test_the_signature_of_a_text_stays_what_it_is() -> None:
    """Signatures are kept: another way to make them would need a replay."""
    assert signature(TIP)[:16].hex() == "9a345ea20b08485766663c429ff389ee"
    assert bands(signature(TIP))[0] == -6_360_254_741_855_169_831


def test_the_signature_of_a_long_text_in_many_scripts_stays_what_it_is() -> None:
    text = " ".join([*(f"word{number}" for number in range(400)), THAI, CHINESE])

    made = sha256(signature(text) + repr(bands(signature(text))).encode()).hexdigest()

    assert made[:32] == "75eb059aa635efa1a65a757c409af9bf"


def test_one_word_in_a_long_text_makes_a_copy_and_a_part_of_it_none() -> None:
    words = [f"word{number}" for number in range(120)]
    mended = [*words[:60], "other", *words[61:]]

    assert are_alike(signature(" ".join(words)), signature(" ".join(mended)))
    assert not are_alike(signature(" ".join(words)), signature(" ".join(words[:60])))
    assert not are_alike(signature(TIP), signature(f"{TIP} I would rather say that it is seldom so, and show you mine."))


@pytest.mark.parametrize("words", [14, 40, 200])
@pytest.mark.parametrize("share", [0.5, 0.7, 0.9])
def test_the_estimate_is_the_jaccard_similarity_give_or_take(words: int, share: float) -> None:
    chance = Random(f"{words} {share}")  # noqa: S311  seeded, no secret
    errors = []

    for _ in range(150):
        one, other = pair_of_texts(chance, words, round(words * share))
        similarity = len(shingles(one) & shingles(other)) / len(shingles(one) | shingles(other))
        errors.append(estimated(one, other) - similarity)

    assert abs(statistics.fmean(errors)) < 0.025
    assert statistics.pstdev(errors) < 0.09


@given(st.binary(min_size=4 * VALUES, max_size=4 * VALUES), st.sets(st.integers(0, VALUES - 1), max_size=VALUES - LEAST_EQUAL))
def test_whatever_is_alike_has_a_band_in_common(one: bytes, changed: set[int]) -> None:
    other = bytearray(one)
    for value in changed:
        other[4 * value] ^= 1

    assert are_alike(one, bytes(other))
    assert set(bands(one)) & set(bands(bytes(other)))
    assert len(bands(one)) == BANDS


@pytest.mark.parametrize("left", range(13))
def test_as_much_as_two_texts_alike_may_differ_leaves_them_some_band_in_common(left: int) -> None:
    """The worst case: each of the values that differ lies in a band of its own, so that of 13 bands one is left."""
    one = signature(TIP)
    other = bytearray(one)
    for band in set(range(13)) - {left}:
        other[16 * band] ^= 1

    assert are_alike(one, bytes(other))
    assert set(bands(one)) & set(bands(bytes(other)))


@given(st.text())
def test_any_text_has_a_signature_or_none(text: str) -> None:
    assert len(signature(text)) in {0, 4 * VALUES}


def test_what_stands_far_back_is_not_looked_at() -> None:
    long = "".join(f"word{number} " for number in range(MOST_CHARACTERS))

    assert signature(long) == signature(long[:MOST_CHARACTERS] + "and something else in the end")
