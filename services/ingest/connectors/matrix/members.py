"""Who joins a room of Matrix, and who leaves it (spec.matrix.org, Client-Server API, `m.room.member`)."""

from __future__ import annotations

from typing import Final

from services.ingest.connectors.fields import member, optional_text
from services.ingest.connectors.matrix import places
from services.ingest.domain.interaction import AccountName, Artefact, ArtefactType, Event, Interaction, Kind, NativeId
from services.ingest.domain.reading import Reading, Reason, ignored
from services.ingest.domain.source import Source
from shared.xapi.model import JSON

OUT: Final = frozenset({"leave", "ban"})


def read_membership(source: Source, event: JSON) -> Reading:
    """Read that somebody joined or left a room; raise Incomplete where it lacks what it needs."""
    del source
    now, before = optional_text(event, "content", "membership"), _before(event)
    if now == "join":
        if before == "join":
            return ignored(Reason.UNCHANGED)
        happening, kind = Event.JOINED, Kind.JOIN
    elif now in OUT and before in ("join", None):
        happening, kind = Event.LEFT, Kind.LEAVE
    else:
        return Reading(closed=places.closing(event), ignored=(Reason.UNMAPPED,))
    channel = places.room(event)
    interaction = Interaction(
        event=happening,
        kind=kind,
        artefact=Artefact(NativeId(channel), places.address(channel), ArtefactType.GROUP),
        actor=AccountName(places.named(event, "@", "state_key")),
        happened=places.moment(event),
        place=places.place(channel),
        revision=places.event_id(event),
    )
    return Reading(decided=(interaction,))


def _before(event: JSON) -> JSON:
    """Return the membership that was replaced, where the homeserver says so."""
    found = (member(event, "unsigned", "prev_content", "membership"), member(event, "prev_content", "membership"))
    return next((each for each in found if each is not None), None)
