"""Webex's meetings: they start and end, people join and leave them (developer.webex.com/docs/api/v1/meeting-participants).

Three things are asked for until it is known who was where: the participant, the meeting, which says whether it is heard, and the
person: a participant is named by an address, of which only a hash is kept until it was compared with the person's.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from services.ingest.connectors import sessions
from services.ingest.connectors.fields import (
    Incomplete,
    Unheard,
    member,
    opaque,
    optional_opaque,
    optional_text,
    optional_time,
    time,
)
from services.ingest.connectors.sessions import Seat
from services.ingest.connectors.webex import places
from services.ingest.domain.interaction import AccountName, Artefact, ArtefactType, ChannelId, NativeId, Place, PlaceType
from services.ingest.domain.reading import Lookup, Reading, Reason, ignored, joined
from services.ingest.domain.source import Source
from shared.xapi.model import JSON


def read_participant(document: JSON, reference: Mapping[str, str]) -> Reading:
    """Read a participant, and ask for the meeting."""
    email = optional_text(document, "email")
    if email is None or not reference["actor"]:
        return ignored(Reason.GUEST)
    begun, ended = time(document, "joinedTime"), optional_time(document, "leftTime")
    name, meeting = opaque(document, "id"), opaque(document, "meetingId")
    who = {"actor": reference["actor"], "mark": _mark(email)}
    seat = {"do": "seat", "meeting": meeting, "name": name, "begun": begun, "ended": ended or "", **who}
    return Reading(lookups=(Lookup(f"seat {name} {'left' if ended else 'joined'}", seat),))


def read_seat(source: Source, document: JSON, reference: Mapping[str, str]) -> Reading:
    """Read the meeting of a participant, and ask for the person if the meeting is heard."""
    try:
        _meeting(source, document)
    except Unheard as unheard:
        return ignored(unheard.reason)
    space, title = optional_opaque(document, "roomId") or "", optional_text(document, "meetingNumber") or ""
    onward = {**reference, "do": "person", "room": space, "number": title}
    return Reading(lookups=(Lookup(f"person of {reference['name']} {'left' if reference['ended'] else 'joined'}", onward),))


def read_person(source: Source, document: JSON, reference: Mapping[str, str]) -> Reading:
    """Read the person whom a participant is, and tell when they joined and left."""
    emails = member(document, "emails")
    marks = {_mark(each) for each in emails if isinstance(each, str)} if isinstance(emails, list) else set()
    if reference["mark"] not in marks:
        return ignored(Reason.ACTOR_UNKNOWN)
    if optional_text(document, "type") == "bot":
        return ignored(Reason.BOT)
    name = AccountName(opaque(document, "id"))
    if name in source.policy.excluded:
        return ignored(Reason.EXCLUDED_ACCOUNT)
    place = _place(source, reference["room"], reference["number"])
    seat = Seat(_session(source, reference["meeting"], None), place, name, reference["name"])
    ended = [sessions.left(seat, reference["ended"])] if reference["ended"] else []
    return joined([sessions.joined(seat, reference["begun"]), *ended])


def read_started(source: Source, document: JSON) -> Reading:
    """Read that a meeting started; Webex names its host, not who pressed the button."""
    try:
        session, place = _meeting(source, document)
    except Unheard as unheard:
        return ignored(unheard.reason)
    host, at = AccountName(opaque(document, "hostUserId")), time(document, "start")
    if host in source.policy.excluded:
        return ignored(Reason.EXCLUDED_ACCOUNT)
    return sessions.started(session, place, host, at)


def read_ended(source: Source, document: JSON) -> Reading:
    """Read that a meeting ended, and with it each presence that nobody saw end."""
    try:
        session, place = _meeting(source, document)
    except Unheard as unheard:
        return ignored(unheard.reason)
    host, at = AccountName(opaque(document, "hostUserId")), time(document, "end")
    reading = sessions.ended(session, place, host, at, optional_time(document, "start"))
    return Reading(endings=reading.endings, ignored=(Reason.EXCLUDED_ACCOUNT,)) if host in source.policy.excluded else reading


def _meeting(source: Source, document: JSON) -> tuple[Artefact, Place]:
    """Return a meeting, and where it takes place; raise Unheard where that is neither named nor are private places heard."""
    space, number = optional_opaque(document, "roomId") or "", optional_opaque(document, "meetingNumber") or ""
    place = _place(source, space, number)
    if reason := places.refusal(source, place.id, None):
        raise Unheard(reason)
    return _session(source, opaque(document, "id"), optional_text(document, "title")), place


def _place(source: Source, space: str, number: str) -> Place:
    """Return the space of a meeting, or its number, which all meetings of a series have."""
    if space:
        return places.place(source, ChannelId(space))
    if not number:
        raise Incomplete("meetingNumber")
    return Place(ChannelId(number), f"{source.workspace}/meetings/{places.quoted(number)}", PlaceType.SESSION)


def _session(source: Source, name: str, title: str | None) -> Artefact:
    iri = f"{source.workspace}/meetings/sessions/{places.quoted(name)}"
    return Artefact(NativeId(f"meetings/{name}"), iri, ArtefactType.SESSION, title)


def _mark(email: str) -> str:
    return hashlib.sha256(email.strip().casefold().encode()).hexdigest()
