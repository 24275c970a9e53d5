"""Read a Webex delivery, which names what it is about by id alone, and what Webex answers when it is asked for that."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from services.ingest.connectors.fields import member, opaque, optional_opaque, optional_text, text
from services.ingest.connectors.parsing import answered
from services.ingest.connectors.webex import places
from services.ingest.connectors.webex.meetings import read_ended, read_participant, read_person, read_seat, read_started
from services.ingest.connectors.webex.messages import read_delete, read_edit, read_membership, read_message
from services.ingest.domain.asking import Answer, Circumstances, Request
from services.ingest.domain.reading import Delivery, Lookup, Reading, Reason, ignored
from services.ingest.domain.source import Source
from shared.xapi.model import JSON

KEPT: Final = 600.0
"""Seconds for which meetings and people serve again: many join at once."""
ASKED: Final = {"created": "message", "updated": "edit"}
TURNS: Final = {"started": "started", "ended": "ended"}
PRESENCES: Final = frozenset({"joined", "left"})


def read(source: Source, delivery: Delivery) -> Reading:
    """Say what a delivery of Webex names; raise Incomplete where it lacks what it needs."""
    document = delivery.document
    resource, event, data = text(document, "resource"), text(document, "event"), member(document, "data")
    match resource:
        case "messages" if event == "deleted":
            return read_delete(source, data, optional_opaque(document, "actorId"))
        case "messages" if event in ASKED:
            return _message(source, ASKED[event], data)
        case "memberships":
            return read_membership(source, event, data)
        case "meetings" if event in TURNS:
            name = opaque(data, "id")
            return _named(f"{event} {name}", do=TURNS[event], meeting=name)
        case "meetingParticipants" if event in PRESENCES:
            name, actor = opaque(data, "id"), optional_opaque(document, "actorId") or ""
            return _named(f"{event} {name}", do="participant", participant=name, actor=actor)
        case _:
            return ignored(Reason.UNMAPPED)


def _message(source: Source, do: str, data: JSON) -> Reading:
    name = opaque(data, "id")
    if reason := places.refusal(source, places.room(data), optional_text(data, "roomType")):
        return ignored(reason)
    return _named(f"{do} {name}", do=do, message=name)


def _named(key: str, **reference: str) -> Reading:
    return Reading(lookups=(Lookup(key, reference),))


def ask(source: Source, lookup: Lookup, circumstances: Circumstances) -> Request:
    """Ask for what *lookup* names."""
    del circumstances
    api, reference = places.api(source), lookup.reference
    match reference["do"]:
        case "message" | "edit":
            return Request(f"{api}/messages/{places.quoted(reference['message'])}")
        case "participant":
            return Request(f"{api}/meetingParticipants/{places.quoted(reference['participant'])}")
        case "person":
            return Request(f"{api}/people/{places.quoted(reference['actor'])}", keep=KEPT)
        case "seat":
            return Request(f"{api}/meetings/{places.quoted(reference['meeting'])}", keep=KEPT)
        case _:
            return Request(f"{api}/meetings/{places.quoted(reference['meeting'])}")


def read_answer(source: Source, lookup: Lookup, answer: Answer) -> Reading:
    """Read what was asked for; raise Incomplete where it lacks what it needs."""
    return READERS[lookup.reference["do"]](source, answered(answer), lookup.reference)


READERS: Final[dict[str, Callable[[Source, JSON, Mapping[str, str]], Reading]]] = {
    "message": lambda source, document, _: read_message(source, document),
    "edit": lambda source, document, _: read_edit(source, document),
    "participant": lambda _, document, reference: read_participant(document, reference),
    "seat": read_seat,
    "person": read_person,
    "started": lambda source, document, _: read_started(source, document),
    "ended": lambda source, document, _: read_ended(source, document),
}
"""How to read the answer to each kind of lookup."""
