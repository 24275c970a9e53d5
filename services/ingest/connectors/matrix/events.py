"""Read a transaction of an application service: events of many rooms, each for itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from services.ingest.connectors.fields import if_whole, member, text
from services.ingest.connectors.matrix import places
from services.ingest.connectors.matrix.members import read_membership
from services.ingest.connectors.matrix.messages import read_message
from services.ingest.connectors.matrix.polls import read_response, read_start
from services.ingest.connectors.matrix.reactions import read_reaction, read_redaction
from services.ingest.domain.reading import Delivery, Reading, Reason, ignored, joined
from services.ingest.domain.source import Source
from shared.xapi.model import JSON


def read(source: Source, delivery: Delivery) -> Reading:
    """Say what a transaction holds; one event that lacks what it needs stops none of the others."""
    events = member(delivery.document, "events")
    if not isinstance(events, list):
        return ignored(Reason.HANDSHAKE if member(delivery.document, "transaction_id") is not None else Reason.UNMAPPED)
    return joined(if_whole(read_event, source, each) for each in events)


def read_event(source: Source, event: JSON) -> Reading:
    """Read one event; raise Incomplete where it lacks what it needs."""
    kind = text(event, "type")
    if kind == "m.room.redaction":
        return read_redaction(source, event)
    reader = READERS.get(kind)
    if reader is None:
        return ignored(Reason.UNMAPPED)
    closed = places.closing(event)
    if reason := places.refusal(source, places.room(event)) or places.unheard(source, event):
        return Reading(closed=closed, ignored=(reason,))
    return reader(source, event)


def _read_encrypted(source: Source, event: JSON) -> Reading:
    del source, event
    return ignored(Reason.ENCRYPTED)


def _read_join_rules(source: Source, event: JSON) -> Reading:
    del source
    return Reading(closed=places.closing(event), ignored=(Reason.UNMAPPED,))


READERS: Final[dict[str, Callable[[Source, JSON], Reading]]] = {
    "m.room.message": read_message,
    "m.room.encrypted": _read_encrypted,
    "m.room.join_rules": _read_join_rules,
    "m.room.member": read_membership,
    "m.reaction": read_reaction,
    "m.poll.start": read_start,
    "m.poll.response": read_response,
    "org.matrix.msc3381.poll.start": read_start,
    "org.matrix.msc3381.poll.response": read_response,
}
"""How to read an event of each type; redactions are read apart, since they are heard even where nothing else is."""
