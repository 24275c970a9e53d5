"""docs/impact.md says what scoring reckons with: its weights, its shares, its cap, and what impact may be read for."""

from __future__ import annotations

import re
from pathlib import Path

from services.gateway.impact.asking import Purpose
from services.scoring.domain.rules import (
    BOTH_ENROLLED,
    HALF_LIFE_WEEKS,
    MICRO,
    NEITHER_ENROLLED,
    ONE_ENROLLED,
    PAIR_CAP,
    REVIEWED,
    RULES,
    VERSION,
    WEEK_EXPONENT,
)
from shared.xapi.vocabulary import Verb, canonical

PAGE = (Path(__file__).parents[3] / "docs" / "impact.md").read_text("utf-8")
VERBS = {
    "view": Verb.VIEWED,
    "read": Verb.READ,
    "like": Verb.LIKED,
    "react": Verb.REACTED,
    "vote up": Verb.VOTED_UP,
    "share": Verb.SHARED,
    "bookmark": Verb.BOOKMARKED,
    "save": canonical("http://activitystrea.ms/schema/1.0/save"),
    "reply": Verb.REPLIED,
    "comment": Verb.COMMENTED,
    "accept an answer": Verb.ACCEPTED,
    "answer": Verb.ANSWERED,
    "ask": Verb.ASKED,
    "post": Verb.POSTED,
    "create": Verb.CREATED,
    "vote down": Verb.VOTED_DOWN,
    "edit": Verb.EDITED,
    "download": Verb.DOWNLOADED,
    "rate": Verb.RATED,
    "review": REVIEWED,
}
"""The verb of each act that the page names."""


def rows(first: str) -> list[list[str]]:
    """Return the cells of the table whose first column is called *first*."""
    table = PAGE.split(f"| {first} |")[1].split("\n\n")[0]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()[2:]]


def weight(cell: str) -> int:
    """Return what a cell says in millionths."""
    found = re.match(r"\d+(?:\.\d+)?", cell)
    return round(float(found[0]) * MICRO) if found else 0


def test_the_table_of_acts_is_that_of_the_rules() -> None:
    told = {
        str(VERBS[act]): (weight(reception), weight(contribution))
        for acts, reception, contribution in rows("act")
        for act in acts.split(", ")
    }

    assert told == {str(verb): (rule.reception, rule.contribution) for verb, rule in RULES.items()}


def test_the_factors_of_enrolment_are_those_of_the_rules() -> None:
    factors = [weight(factor) for _, factor in rows("enrolled in the linked course")]

    assert factors == [tenths * MICRO // 10 for tenths in (BOTH_ENROLLED, ONE_ENROLLED, NEITHER_ENROLLED, 0)]


def test_the_sum_is_described_with_the_numbers_of_the_rules() -> None:
    assert f"(rules version {VERSION.partition('-')[0]})" in PAGE
    assert f"half of it is left after {HALF_LIFE_WEEKS} weeks" in PAGE
    assert f" fading, {PAIR_CAP} at most" in PAGE
    assert f"to the power {WEEK_EXPONENT}" in PAGE


def test_the_page_names_every_purpose_and_no_other() -> None:
    sentence = re.search(r"`X-Purpose:`: (.*?)\. Who read", PAGE, re.DOTALL)

    assert sentence
    assert re.findall(r"`([\w-]+)`", sentence[1]) == [str(purpose) for purpose in Purpose]
