"""Leave whoever was erased out of what was heard: what they did, what was done upon them, and whose what they made is.

What they took back goes all the same, since that may be somebody else's: as where a platform names nobody who did it.
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
"""Rules by which is told what was taken back by nobody who is named."""


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
    """Return *undecided* without whoever *is_erased*; None where it is what they did, or what was done upon them."""
    interaction = undecided.interaction
    if is_erased(interaction.actor) and interaction.kind in WITHDRAWING:
        rule = undecided.rule if undecided.rule in BY_NOBODY else Rule.WITHDRAWAL
        return replace(undecided, rule=rule, interaction=replace(interaction, actor=NOBODY, author=None))
    left = _done_by_others(interaction, is_erased)
    return None if left is None else replace(undecided, interaction=left)


def _done_by_others(interaction: Interaction, is_erased: IsErased) -> Interaction | None:
    """Return *interaction* without its author, where that is erased; None where its actor is, or the person that it is upon."""
    if is_erased(interaction.actor) or (interaction.person is not None and is_erased(interaction.person)):
        return None
    return replace(interaction, author=None) if interaction.author is not None and is_erased(interaction.author) else interaction


def _of_nobody(known: Known, is_erased: IsErased) -> Known:
    return replace(known, author=None) if known.author is not None and is_erased(known.author) else known
