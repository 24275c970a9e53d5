"""Edits in Matrix (spec.matrix.org, Client-Server API, "Event replacements"): of messages, and of polls."""

from __future__ import annotations

from typing import Final

from services.ingest.connectors.fields import Incomplete, member
from services.ingest.connectors.matrix import places
from services.ingest.domain.interaction import Artefact, ArtefactType, Event, Interaction, Kind, NativeId
from services.ingest.domain.reading import Known, Reading, Rule, Undecided
from services.ingest.domain.source import Source
from shared.xapi.model import JSON

RELATES: Final = "m.relates_to"


def is_edit(content: JSON) -> bool:
    """Say whether an event replaces another."""
    return bool(member(content, RELATES, "rel_type") == "m.replace")


def new_content(content: JSON) -> JSON:
    """Return what takes the place of the content before; raise Incomplete where there is none."""
    now = member(content, "m.new_content")
    if not isinstance(now, dict):
        raise Incomplete("m.new_content")
    return now


def read_edit(source: Source, event: JSON, kind: ArtefactType, words: str | None) -> Reading:
    """Read that something of *kind* now says *words*: whether who sent that is its author, what is edited tells."""
    channel, name = places.room(event), places.event_id(event)
    edited = places.message(channel, places.named(event, "$", "content", RELATES, "event_id"), kind)
    interaction = Interaction(
        event=Event.EDITED,
        kind=Kind.EDIT,
        artefact=edited,
        actor=places.sender(event),
        happened=places.moment(event),
        place=places.place(channel),
        revision=name,
        text=source.policy.text(words),
    )
    version = Artefact(NativeId(name), edited.iri, edited.type)
    known = Known(version, edited.native, interaction.actor, False, interaction.happened)
    return Reading(undecided=(Undecided(Rule.CHANGE, edited.native, interaction),), known=(known,))
