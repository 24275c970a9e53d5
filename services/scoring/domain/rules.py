"""The rules of scoring, version 2: which verb is evidence of what, and how much; a closed table.

The weights follow the ladder of value cycles (Wenger, Trayner and de Laat 2011): to have seen is little, to have found worth
keeping is more, to have been helped is most. A verb that is not in the table is no evidence of anything.
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
"""Weights and shares are integers of millionths: integers commute exactly, floats do not."""

REVIEWED: Final = "http://id.tincanapi.com/verb/reviewed"
"""A verb that Symposia counts and has no other use for."""

BOTH_ENROLLED: Final = 10
ONE_ENROLLED: Final = 7
NEITHER_ENROLLED: Final = 3
"""Tenths by which a link's confidence counts, after who of the two is enrolled in the linked course."""

COPIED: Final = 0
"""What contributing a text is worth that was there before; what others make of it is its author's."""

HALF_LIFE_WEEKS: Final = 13
PAIR_CAP: Final = 3
WEEK_EXPONENT: Final = 0.7
"""How the cells are read; `impact.learner_impact` says the same in SQL."""


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
    """Write the rules down, one way only: what `impact.rules` keeps, and what the version is made of."""
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
"""The name of these rules: change one and every number is of another version."""
