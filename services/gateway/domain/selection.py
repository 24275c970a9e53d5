"""Say which statements of the record a target gets. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import orjson

from shared.xapi import extract
from shared.xapi.model import JSON, StatementId
from shared.xapi.validation import is_iri

ANY_REST: Final = "*"
"""At the end of a pattern it stands for whatever comes there."""

WAYS_IN: Final = "credential:KEY_ID, source:ID or import:NAME"
_DOORS: Final = ("credential:", "source:", "import:")
_IFIS: Final = ("mbox::mailto:", "mbox_sha1sum::", "openid::", "account::")


class Entry(NamedTuple):
    """A statement of the record: its place, its id, its door, the canonical IFI of who vouches, and its stored bytes."""

    seq: int
    id: StatementId
    source: str
    authority: str
    redacted: bool
    body: bytes


@dataclass(frozen=True, slots=True)
class Selection:
    """Patterns of what a target gets: one of each kind has to match, a kind without patterns excludes nothing.

    *sources* are `credential:<key id>` and `source:<id>`, *authorities* canonical IFIs, *activities* stand as the object or
    in the context, *home_pages* are those of the actor's account, or of a group's members. Nothing from *except_sources* is
    selected: where two LRSs forward to each other, these are the keys of the other one.
    """

    sources: tuple[str, ...] = ()
    except_sources: tuple[str, ...] = ()
    authorities: tuple[str, ...] = ()
    verbs: tuple[str, ...] = ()
    activities: tuple[str, ...] = ()
    home_pages: tuple[str, ...] = ()

    def wants(self, entry: Entry) -> bool:
        """Say whether *entry* is selected for what it is itself."""
        if self._excepts(entry) or not _meets(self.sources, (entry.source,)) or not _meets(self.authorities, (entry.authority,)):
            return False
        if not (self.verbs or self.activities or self.home_pages):
            return True
        statement = orjson.loads(entry.body)
        return (
            _meets(self.verbs, (extract.verb(statement),))
            and _meets(self.activities, (iri for _, iri in extract.activities(statement)))
            and _meets(self.home_pages, _home_pages(statement["actor"]))
        )

    def voids(self, entry: Entry) -> StatementId | None:
        """Return what *entry* voids, where that decides whether it is selected."""
        return None if self._excepts(entry) or self.wants(entry) else extract.voided(orjson.loads(entry.body))

    def _excepts(self, entry: Entry) -> bool:
        return bool(self.except_sources) and _meets(self.except_sources, (entry.source,))

    def mistakes(self) -> Iterator[str]:
        """Say of each pattern that no statement can match what it ought to be: a slip would select nothing, and nobody see it."""
        for door in (*self.sources, *self.except_sources):
            if not names_door(door):
                yield f"{door!r} names no way in: write {WAYS_IN}"
        for authority in self.authorities:
            if not _leads_on_from(authority, _IFIS):
                yield f"{authority!r} names no authority: write account::NAME@HOMEPAGE or mbox::mailto:ADDRESS"
        for iri in (*self.verbs, *self.activities, *self.home_pages):
            if not (iri.endswith(ANY_REST) or is_iri(iri)):
                yield f"{iri!r} is no IRI, and so in no statement"


def names_door(pattern: str) -> bool:
    """Say whether *pattern* can be how a statement came in."""
    return _leads_on_from(pattern, _DOORS)


def voided_by(selection: Selection, entries: Iterable[Entry]) -> list[StatementId]:
    """Return the statements whose voiding among *entries* is selected only if they are."""
    return [target for entry in entries if (target := selection.voids(entry)) is not None]


def select(selection: Selection, entries: Sequence[Entry], voided: Mapping[StatementId, Entry]) -> list[Entry]:
    """Return those of *entries* that are selected; *voided* are the statements of `voided_by` that are recorded.

    A voiding statement goes wherever the statement goes that it voids, and everywhere while that is not known.
    """
    return [entry for entry in entries if selection.wants(entry) or _follows(selection, entry, voided)]


def _follows(selection: Selection, entry: Entry, voided: Mapping[StatementId, Entry]) -> bool:
    target = selection.voids(entry)
    return target is not None and (target not in voided or selection.wants(voided[target]))


def _meets(patterns: Sequence[str], values: Iterable[str]) -> bool:
    """Say whether one of *values* matches one of *patterns*, or there are no patterns."""
    return not patterns or any(_matches(pattern, value) for value in values for pattern in patterns)


def _matches(pattern: str, value: str) -> bool:
    return value.startswith(pattern[:-1]) if pattern.endswith(ANY_REST) else value == pattern


def _leads_on_from(pattern: str, beginnings: Iterable[str]) -> bool:
    """Say whether something that *pattern* matches goes on from one of *beginnings*."""
    if pattern.endswith(ANY_REST):
        return any(_matches(pattern, each) or pattern.startswith(each) for each in beginnings)
    return any(pattern.startswith(each) and pattern != each for each in beginnings)


def _home_pages(actor: Mapping[str, JSON]) -> Iterator[str]:
    for agent in (actor, *actor.get("member", ())):
        if "account" in agent:
            yield agent["account"]["homePage"]
