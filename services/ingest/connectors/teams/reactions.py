"""Microsoft Teams' reactions: a message shows those that stand, and in its history those that were taken back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from services.ingest.connectors.fields import Incomplete, Unheard, member, optional_text, several, text, time
from services.ingest.connectors.teams import places
from services.ingest.domain.emoji import accepts, spelt, written
from services.ingest.domain.interaction import AccountName, Artefact, Event, Interaction, Kind, Place
from services.ingest.domain.reading import Reading, Reason, Rule, Undecided, ignored
from services.ingest.domain.source import Source
from shared.xapi.model import JSON

MOST: Final = 1000
LONGEST_NAME: Final = 64
CLASSIC: Final = {
    "like": "U+1F44D",
    "heart": "U+2764",
    "laugh": "U+1F606",
    "surprised": "U+1F62E",
    "sad": "U+1F641",
    "angry": "U+1F621",
}
"""Six reactions have names; all others are written as the emoji itself."""
PICTOGRAPHS: Final = 0x2000
"""Emoji begin above it; a word is the name of a tenant's own."""
REMOVED: Final = "reactionRemoved"
CUSTOM: Final = "custom"
"""A tenant's own: its name stands beside."""


@dataclass(frozen=True, slots=True)
class Upon:
    """What was reacted to: a message, where it was said, and by whom if that is a person who is heard."""

    artefact: Artefact
    place: Place
    author: AccountName | None


def read_reactions(source: Source, upon: Upon, message: JSON) -> list[Reading]:
    """Read who reacted to *message*, and who took that back."""
    added, events = several(message, "reactions", most=MOST), several(message, "messageHistory", most=MOST)
    removed = [each for each in events if REMOVED in str(member(each, "actions"))]
    return [
        *(_reaction(source, upon, each, None) for each in added),
        *(_reaction(source, upon, member(each, "reaction"), each) for each in removed),
    ]


def _reaction(source: Source, upon: Upon, reaction: JSON, removal: JSON) -> Reading:
    """Read a reaction, or its *removal*; one that lacks what it needs harms no other."""
    try:
        actor, name = places.person(source, member(reaction, "user")), text(reaction, "reactionType")
        happened = time(reaction, "createdDateTime") if removal is None else time(removal, "modifiedDateTime")
    except Unheard as unheard:
        return ignored(unheard.reason)
    except Incomplete:
        return ignored(Reason.INCOMPLETE)
    if len(name) > LONGEST_NAME:
        return ignored(Reason.INCOMPLETE)
    emoji = _emoji(name if name != CUSTOM else (optional_text(reaction, "displayName") or name)[:LONGEST_NAME])
    interaction = Interaction(
        event=Event.REACTION_ADDED if removal is None else Event.REACTION_REMOVED,
        kind=Kind.REACT if removal is None else Kind.UNREACT,
        artefact=upon.artefact,
        actor=actor,
        happened=happened,
        place=upon.place,
        revision=f"{actor} {name} {happened}",
        author=upon.author,
        emoji=emoji,
    )
    if accepts(emoji, source.policy.accepting):
        return Reading(undecided=(Undecided(Rule.ACCEPTING_REACTION, upon.artefact.native, interaction),))
    return Reading(decided=(interaction,))


def _emoji(name: str) -> str:
    if name in CLASSIC:
        return CLASSIC[name]
    return spelt(name) if ord(name[0]) >= PICTOGRAPHS else written("_".join(name.split()))
