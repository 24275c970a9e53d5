"""Discourse's badges: one that a person grants to another is praise; those that the system grants are not heard."""

from __future__ import annotations

from services.ingest.connectors.discourse import places
from services.ingest.connectors.fields import number, optional_number, time
from services.ingest.domain.interaction import AccountName, Artefact, ArtefactType, Event, Interaction, Kind, NativeId
from services.ingest.domain.reading import Reading, Reason, ignored
from services.ingest.domain.source import Source
from shared.xapi.model import JSON


def read_badge(source: Source, event: str, granted: JSON) -> Reading:
    """Read that somebody granted a badge; raise Incomplete where it lacks what it needs."""
    if event != "user_badge_granted":
        return ignored(Reason.UNMAPPED)
    giver, taker = optional_number(granted, "granted_by_id") or 0, number(granted, "user_id")
    if reason := places.unheard(source, giver, None) or places.unheard(source, taker, None):
        return ignored(reason)
    if giver == taker:
        return ignored(Reason.UNMAPPED)
    at, name = time(granted, "granted_at"), places.positive(granted, "badge_id")
    interaction = Interaction(
        event=Event.PRAISED,
        kind=Kind.PRAISE,
        artefact=Artefact(NativeId(f"badges/{name}"), f"{source.workspace}/badges/{name}", ArtefactType.PROFILE),
        actor=AccountName(str(giver)),
        happened=at,
        place=None,
        revision=f"{giver} {taker} {at}",
        person=AccountName(str(taker)),
    )
    return Reading(decided=(interaction,))
