"""The features of a statement that enrichment uses; they are stored, so that a later import needs no replay."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from services.enrichment.domain.signature import signature
from shared.xapi import extract, ifi
from shared.xapi.bounded import bounded
from shared.xapi.model import RELATIONS, Ifi, Iri
from shared.xapi.vocabulary import (
    ARTEFACT_VERBS,
    ASSESSMENT_ITEMS,
    BUILDS_ON,
    EMOJI_EXTENSION,
    REPLIES,
    TARGET_EXTENSION,
    ActivityType,
    Verb,
    canonical,
)

URL = re.compile(r"https?://[^\s<>\"'`|\\^{}\x00-\x20]+", re.IGNORECASE)
TRAILING = ".,;:!?)]}*_~"
MOST_URLS = 20
TAKES_BACK: Final[dict[str, tuple[str, ...]]] = {
    Verb.UNLIKED: (Verb.LIKED, Verb.VOTED_UP),
    Verb.UNREACTED: (Verb.REACTED,),
    Verb.UNSAVED: (Verb.BOOKMARKED,),
    Verb.UNSHARED: (Verb.SHARED,),
    Verb.REJECTED: (Verb.ACCEPTED,),
}
"""For each verb that takes something back: the verbs of what the same person did before upon the same object."""
TAKEN_BACK: Final = frozenset(verb for verbs in TAKES_BACK.values() for verb in verbs)
"""To add a verb, write a migration with an index that covers it, and add it to the query `undone_by`."""

GIVES_TEXT: Final = ARTEFACT_VERBS | {Verb.EDITED}
"""Verbs that give their object a text, when it is made or edited."""


@dataclass(frozen=True, slots=True)
class Features:
    """What a statement says about who acted, on whose artefact, and about what; *actor* is None for a group.

    *object* is the activity that the statement is about. *makes_object* says that the actor made it, and did not only act on it:
    choosing an answer in a quiz or a poll does not make the question. *parent* is what the object directly answers or stands in;
    *threads* are the activities in its grouping. *target* is the author of the object as the platform named them. *team* is the
    channel's group. *courses* are the object and the parent and grouping activities whose type is course. *urls* stand in the
    text. *qualifier* (an emoji) tells acts with the same verb on the same object apart. *signature* is that of the text that the
    object was given; it is stored in a table of its own.
    """

    verb: str
    timestamp: datetime
    actor: Ifi | None
    object: Iri | None
    object_type: str | None
    makes_object: bool
    parent: Iri | None
    threads: tuple[Iri, ...]
    courses: tuple[Iri, ...]
    target: Ifi | None
    team: Ifi | None
    urls: tuple[str, ...]
    qualifier: str | None = None
    signature: bytes = b""

    @property
    def takes_back(self) -> tuple[str, ...]:
        """Return the verbs of the acts that this statement takes back."""
        return TAKES_BACK.get(self.verb, ())

    @property
    def builds_on_object(self) -> bool:
        """Say whether the object is an artefact that was there before: one acted upon, or built on where no parent is named."""
        if not self.makes_object:
            return True
        return self.verb in BUILDS_ON and self.parent is None and self.object_type not in REPLIES

    @property
    def anchors(self) -> tuple[Iri, ...]:
        """Return the artefacts that the statement builds on, the nearest first: what it acts on, its parent, its threads."""
        nearest = self.parent if self.makes_object else self.object
        later = (self.parent, *self.threads)
        found = dict.fromkeys(iri for iri in (nearest, *later) if iri and not (self.makes_object and iri == self.object))
        return tuple(found)


def features(statement: dict[str, Any]) -> Features:
    """Read the features of a valid, recorded *statement*.

    Raises KeyError, TypeError or ValueError where it is not valid after all.
    """
    activities = extract.activities(statement)
    by_usage = {usage: [iri for at, iri in activities if at == usage] for usage in ("object", *RELATIONS)}
    verb = canonical(extract.verb(statement))
    kind = _kind(statement)
    chooses = verb == Verb.ANSWERED and kind in ASSESSMENT_ITEMS
    return Features(
        verb=verb,
        timestamp=extract.timestamp(statement),
        actor=_person(statement["actor"]),
        object=next(iter(by_usage["object"]), None),
        object_type=kind,
        makes_object=verb in ARTEFACT_VERBS and not chooses,
        parent=next(iter(by_usage["parent"]), None),
        threads=tuple(by_usage["grouping"]),
        courses=tuple(_typed_courses(statement)),
        target=_named_author(statement),
        team=ifi.canonical(statement["context"]["team"]) if "team" in statement.get("context", {}) else None,
        urls=tuple(dict.fromkeys(_urls(statement)))[:MOST_URLS],
        qualifier=_qualifier(statement),
        signature=_signature(statement, verb) if by_usage["object"] and kind not in ASSESSMENT_ITEMS else b"",
    )


def _kind(statement: dict[str, Any]) -> str | None:
    """Return the type of the object; one with an `interactionType` is an interaction of a quiz or a poll, whatever its type."""
    definition = statement["object"].get("definition", {})
    kind = canonical(definition["type"]) if "type" in definition else None
    return str(ActivityType.INTERACTION) if "interactionType" in definition and kind not in ASSESSMENT_ITEMS else kind


def _person(actor: dict[str, Any]) -> Ifi | None:
    """Return who acted; None for a group, since its members do not all learn from what one of them does."""
    return None if actor.get("objectType") == "Group" else ifi.canonical(actor)


def _context_activities(statement: dict[str, Any]) -> Iterator[dict[str, Any]]:
    related = statement.get("context", {}).get("contextActivities", {})
    for relation in ("parent", "grouping"):
        found = related.get(relation, [])
        yield from [found] if isinstance(found, dict) else found


def _typed_courses(statement: dict[str, Any]) -> Iterator[Iri]:
    for activity in [statement["object"], *_context_activities(statement)]:
        if canonical(activity.get("definition", {}).get("type", "")) == ActivityType.COURSE:
            yield Iri(bounded(activity["id"]))


def _named_author(statement: dict[str, Any]) -> Ifi | None:
    """Return the author of the object as the platform named them, where it did."""
    named = statement.get("context", {}).get("extensions", {}).get(TARGET_EXTENSION)
    if not isinstance(named, dict):
        return None
    try:
        identifier = ifi.canonical(named)
    except (KeyError, TypeError, AttributeError, ValueError):
        return None  # an extension may hold anything
    return None if identifier is None or "\0" in identifier else identifier  # nobody validated it, and text holds no NUL


def _qualifier(statement: dict[str, Any]) -> str | None:
    """Return the emoji of a reaction; an extension may hold anything, and text holds no NUL."""
    named = statement.get("result", {}).get("extensions", {}).get(EMOJI_EXTENSION)
    return bounded(named) if isinstance(named, str) and "\0" not in named else None


def _signature(statement: dict[str, Any], verb: str) -> bytes:
    """Return the signature of the text that the act gives its object; b"" for acts that give none."""
    if verb not in GIVES_TEXT:
        return b""
    return signature(statement.get("result", {}).get("response", ""))


def _urls(statement: dict[str, Any]) -> Iterator[str]:
    response = statement.get("result", {}).get("response", "")
    more = statement["object"].get("definition", {}).get("moreInfo", "")
    for text in (response, more):
        for found in URL.findall(text):
            yield found.rstrip(TRAILING)[:2000]
