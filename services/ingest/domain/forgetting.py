"""Leave erased people out of what was heard: their acts, the acts upon them, and their names as authors.

What they took back is still taken back, since it may have been somebody else's: as if the platform had not said who did it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeAlias

from msgspec.structs import replace

from services.ingest.domain.interaction import NOBODY, WITHDRAWING, AccountName, Interaction
from services.ingest.domain.reading import Known, Reading, Rule, Undecided

IsErased: TypeAlias = Callable[[AccountName], bool]
"""Say whether an account is that of somebody who was erased."""

BY_NOBODY: Final = frozenset({Rule.WITHDRAWAL, Rule.TAKEN_BACK, Rule.FORMER})
"""Rules for something that was taken back without the platform saying by whom."""


def without_erased(reading: Reading, is_erased: IsErased) -> Reading:
    """Return *reading* as if it had been heard of nobody who *is_erased*."""
    taken_back = (
        Undecided(Rule.WITHDRAWAL, each.artefact.native, each)
        for each in reading.decided
        if each.kind in WITHDRAWING and is_erased(each.actor)
    )
    undecided = (what_is_left(each, is_erased) for each in (*reading.undecided, *taken_back))
    decided = (_done_by_others(each, is_erased) for each in reading.decided)
    theirs = {(each.session, each.name) for each in reading.sightings if each.actor is not None and is_erased(each.actor)}
    return replace(
        reading,
        decided=tuple(each for each in decided if each is not None),
        undecided=tuple(each for each in undecided if each is not None),
        known=tuple(_of_nobody(each, is_erased) for each in reading.known),
        sightings=tuple(each for each in reading.sightings if (each.session, each.name) not in theirs),
        departed=tuple(each for each in reading.departed if not is_erased(each)),
    )


def what_is_left(undecided: Undecided, is_erased: IsErased) -> Undecided | None:
    """Return *undecided* without erased people; None if they acted, or were acted upon."""
    interaction = undecided.interaction
    if is_erased(interaction.actor) and interaction.kind in WITHDRAWING:
        rule = undecided.rule if undecided.rule in BY_NOBODY else Rule.WITHDRAWAL
        return replace(undecided, rule=rule, interaction=replace(interaction, actor=NOBODY, author=None))
    left = _done_by_others(interaction, is_erased)
    return None if left is None else replace(undecided, interaction=left)


def _done_by_others(interaction: Interaction, is_erased: IsErased) -> Interaction | None:
    """Return *interaction* without an erased author; None if its actor, or the person it is directed at, is erased."""
    if is_erased(interaction.actor) or (interaction.person is not None and is_erased(interaction.person)):
        return None
    return replace(interaction, author=None) if interaction.author is not None and is_erased(interaction.author) else interaction


def _of_nobody(known: Known, is_erased: IsErased) -> Known:
    return replace(known, author=None) if known.author is not None and is_erased(known.author) else known
