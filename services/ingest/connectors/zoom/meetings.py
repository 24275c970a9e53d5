"""Zoom's meetings and webinars: they start and end, people join, leave and share their screen.

`user_id` names one presence: whoever comes back has another. Guests who are not signed in have no account.
"""

from __future__ import annotations

from typing import Final

from services.ingest.connectors import sessions
from services.ingest.connectors.fields import (
    identifier,
    member,
    opaque,
    optional_identifier,
    optional_text,
    optional_time,
    text,
)
from services.ingest.connectors.sessions import Seat
from services.ingest.connectors.zoom import places
from services.ingest.domain.interaction import AccountName, Artefact, Place
from services.ingest.domain.reading import Reading
from services.ingest.domain.source import Source
from shared.xapi.model import JSON

KINDS: Final = ("meeting", "webinar")


def read_started(source: Source, document: JSON) -> Reading:
    """Read that a session started; Zoom names its host, not who pressed the button."""
    session, place = session_of(source, document)
    meeting = member(document, "payload", "object")
    host = places.actor(source, identifier(meeting, "host_id"), None)
    return sessions.started(session, place, host, places.moment(meeting, "start_time"))


def read_ended(source: Source, document: JSON) -> Reading:
    """Read that a session ended, and with it each presence that nobody saw end."""
    session, place = session_of(source, document)
    meeting = member(document, "payload", "object")
    host, since = AccountName(identifier(meeting, "host_id")), optional_time(meeting, "start_time")
    at = optional_time(meeting, "end_time") or places.moment(document, "event_ts")
    reading = sessions.ended(session, place, host, at, since)
    if reason := places.unheard(source, host, None):
        return Reading(endings=reading.endings, ignored=(reason,))
    return reading


def read_joined(source: Source, document: JSON) -> Reading:
    """Read that somebody joined a session."""
    return sessions.joined(_seat(source, document), places.moment(_participant(document), "join_time"))


def read_left(source: Source, document: JSON) -> Reading:
    """Read that somebody left a session."""
    at = optional_time(_participant(document), "leave_time") or places.moment(document, "event_ts")
    return sessions.left(_seat(source, document), at)


def read_joined_breakout(source: Source, document: JSON) -> Reading:
    """Read that somebody went to a breakout room: they attend the session all the while."""
    joined = read_joined(source, document)
    return Reading(known=joined.known, sightings=joined.sightings)


def read_left_breakout(source: Source, document: JSON) -> Reading:
    """Read that somebody came back from a breakout room, or left it for good."""
    return Reading(sightings=read_left(source, document).sightings)


def read_sharing(source: Source, document: JSON) -> Reading:
    """Read that somebody shares their screen: they present."""
    at = places.moment(_participant(document), "sharing_details", "date_time")
    return sessions.presented(_seat(source, document), at)


def _participant(document: JSON) -> JSON:
    return member(document, "payload", "object", "participant")


def _account(participant: JSON) -> str | None:
    """Return who took part: `participant_user_id` is empty for whoever is not signed in, `id` may then be one of that meeting."""
    told = isinstance(participant, dict) and "participant_user_id" in participant
    return optional_identifier(participant, "participant_user_id" if told else "id")


def session_of(source: Source, document: JSON) -> tuple[Artefact, Place]:
    """Return the session that *document* is about, and where it takes place; raise Unheard where that is not heard."""
    kind, meeting = text(document, "event").partition(".")[0], member(document, "payload", "object")
    room = places.room(source, kind, identifier(meeting, "id"))
    place = sessions.heard(source, room, public=kind == "webinar")
    return places.session(place, opaque(meeting, "uuid"), optional_text(meeting, "topic")), place


def _seat(source: Source, document: JSON) -> Seat:
    """Return who was where; raise Unheard where that is not heard."""
    session, place = session_of(source, document)
    participant = _participant(document)
    actor = places.actor(source, _account(participant), optional_text(participant, "email"))
    return Seat(session, place, actor, identifier(participant, "user_id"))
