"""Reactions and redactions in Matrix; a redaction says neither what kind of event it takes back nor whose it was."""

from __future__ import annotations

from typing import Final

from services.ingest.connectors.fields import Incomplete, member, text
from services.ingest.connectors.matrix import places
from services.ingest.domain.emoji import is_accepting, spelt
from services.ingest.domain.interaction import NOBODY, Artefact, Event, Interaction, Kind, NativeId
from services.ingest.domain.reading import Known, Reading, Reason, Rule, Undecided, ignored
from services.ingest.domain.source import Source
from shared.xapi.model import JSON

LONGEST_KEY: Final = 60


def read_reaction(source: Source, event: JSON) -> Reading:
    """Read an `m.reaction`; raise Incomplete where it lacks what it needs."""
    relation = member(event, "content", "m.relates_to")
    if not isinstance(relation, dict):
        return ignored(Reason.GONE)
    channel, name = places.room(event), places.event_id(event)
    target = places.message(channel, places.named(relation, "$", "event_id"))
    key = text(relation, "key")
    if len(key) > LONGEST_KEY:
        raise Incomplete("key")
    interaction = Interaction(
        event=Event.REACTION_ADDED,
        kind=Kind.REACT,
        artefact=target,
        actor=places.sender(event),
        happened=places.moment(event),
        place=places.place(channel),
        revision=name,
        emoji=spelt(key),
    )
    itself = Artefact(NativeId(name), target.iri, target.type)
    known = (Known(itself, target.native, interaction.actor, False, interaction.happened, spoken=False),)
    if is_accepting(key, source.policy.accepting):
        return Reading(undecided=(Undecided(Rule.ACCEPTING_REACTION, target.native, interaction),), known=known)
    return Reading(decided=(interaction,), known=known)


def read_redaction(source: Source, event: JSON) -> Reading:
    """Read an `m.room.redaction`: heard even in a room that no longer is heard, if what it takes back had been."""
    channel, name = places.room(event), places.event_id(event)
    redacted = places.optional_named(event, "$", "redacts") or places.named(event, "$", "content", "redacts")
    heard = places.refusal(source, channel) is None and places.unheard(source, event) is None
    interaction = Interaction(
        event=Event.DELETED,
        kind=Kind.DELETE,
        artefact=places.message(channel, redacted),
        actor=places.sender(event) if heard else NOBODY,
        happened=places.moment(event),
        place=places.place(channel) if heard else None,
        revision=name,
    )
    return Reading(undecided=(Undecided(Rule.TAKEN_BACK, interaction.artefact.native, interaction),))
