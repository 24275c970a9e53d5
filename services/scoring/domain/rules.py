"""The rules of scoring, version 2: a closed table of which verb is evidence of what, and how much.

The weights follow the cycles of value creation (Wenger, Trayner and de Laat 2011): being seen weighs little, being found worth
keeping more, and having helped most. A verb that is not in the table is evidence of nothing.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Final

from shared.xapi.vocabulary import ASSESSMENT_ITEMS, Verb, canonical

MICRO: Final = 1_000_000
"""Weights and shares are whole millionths, because sums of integers do not depend on their order, and sums of floats do."""

REVIEWED: Final = "http://id.tincanapi.com/verb/reviewed"
"""A verb that Symposia counts and has no other use for."""

BOTH_ENROLLED: Final = 10
ONE_ENROLLED: Final = 7
NEITHER_ENROLLED: Final = 3
"""Tenths of a link's confidence that count, by how many of the two people are enrolled in the linked course."""

COPIED: Final = 0
"""The weight of contributing a text that was there before; receptions of it are credited to its author."""

HALF_LIFE_WEEKS: Final = 13
PAIR_CAP: Final = 3
WEEK_EXPONENT: Final = 0.7
"""How impact is read from the cells; `impact.learner_impact` computes with the same numbers in SQL."""


class Dimension(StrEnum):
    """What a fact is evidence of: that others received something from the learner, or that the learner gave something."""

    RECEPTION = "reception"
    CONTRIBUTION = "contribution"


class Receives(StrEnum):
    """Which artefact an act is upon: the statement's object, or its parent (a reply is upon what it replies to)."""

    OBJECT = "object"
    PARENT = "parent"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Rule:
    """What one act is worth, in millionths: to the author of the artefact it is upon, and as the actor's own contribution."""

    receives: Receives
    reception: int = 0
    contribution: int = 0


SEEN: Final = Rule(Receives.OBJECT)
"""The artefact reached somebody, and that is all that can be said."""
VIEW: Final = Rule(Receives.OBJECT, reception=50_000)
LIKE: Final = Rule(Receives.OBJECT, reception=500_000)
KEEP: Final = Rule(Receives.OBJECT, reception=1_000_000)
ACCEPT: Final = Rule(Receives.OBJECT, reception=3_000_000)
BUILD_ON: Final = Rule(Receives.PARENT, reception=600_000, contribution=1_000_000)
ANSWER: Final = Rule(Receives.PARENT, contribution=1_000_000)
ASK: Final = Rule(Receives.NOTHING, contribution=200_000)
POST: Final = Rule(Receives.NOTHING, contribution=1_000_000)

RULES: Final[Mapping[str, Rule]] = {
    Verb.VIEWED: VIEW,
    Verb.READ: VIEW,
    Verb.LIKED: LIKE,
    Verb.REACTED: LIKE,
    Verb.VOTED_UP: LIKE,
    Verb.SHARED: KEEP,
    Verb.BOOKMARKED: KEEP,
    Verb.ACCEPTED: ACCEPT,
    Verb.REPLIED: BUILD_ON,
    Verb.COMMENTED: BUILD_ON,
    Verb.ANSWERED: ANSWER,
    Verb.ASKED: ASK,
    Verb.POSTED: POST,
    Verb.CREATED: POST,
    Verb.VOTED_DOWN: SEEN,
    Verb.EDITED: SEEN,
    Verb.DOWNLOADED: SEEN,
    Verb.RATED: SEEN,
    REVIEWED: SEEN,
}


def rule_of(verb: str, object_type: str | None) -> Rule | None:
    """Return the rule for *verb*, by whatever alias, or None where it is evidence of nothing.

    A choice in a quiz or a poll contributes nothing: it only says that the item was seen.
    """
    rule = RULES.get(canonical(verb))
    return SEEN if rule is ANSWER and object_type in ASSESSMENT_ITEMS else rule


def definition() -> str:
    """Return the rules as canonical JSON: `impact.rules` keeps it, and the version is its hash."""
    document = {
        "rules": {str(verb): asdict(rule) for verb, rule in RULES.items()},
        "assessment_items": sorted(ASSESSMENT_ITEMS),
        "enrolment": {"both": BOTH_ENROLLED, "one": ONE_ENROLLED, "neither": NEITHER_ENROLLED},
        "copied": COPIED,
        "half_life_weeks": HALF_LIFE_WEEKS,
        "pair_cap": PAIR_CAP,
        "week_exponent": WEEK_EXPONENT,
    }
    return json.dumps(document, sort_keys=True, separators=(",", ":"))


VERSION: Final = f"2-{hashlib.sha256(definition().encode()).hexdigest()[:12]}"
"""The version of these rules: `2-` and 12 hexadecimal digits, which change with any number of the rules."""
