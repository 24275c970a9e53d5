"""What is said in the chat of Zoom's meetings and webinars to all who are there (`meeting.chat_message_sent`).

Zoom names no account of who says it, but the presence (`sender_session_id`) by which they joined.
"""

from __future__ import annotations

from typing import Final

from services.ingest.connectors import sessions
from services.ingest.connectors.fields import Unheard, identifier, member, opaque, optional_text, optional_time
from services.ingest.connectors.sessions import Seat
from services.ingest.connectors.zoom import places
from services.ingest.connectors.zoom.meetings import session_of
from services.ingest.domain.interaction import NOBODY, Artefact, ArtefactType, Event, Interaction, Kind, NativeId
from services.ingest.domain.reading import Reading, Reason
from services.ingest.domain.source import Source
from services.ingest.domain.text import asks
from shared.xapi.model import JSON

EVERYBODY: Final = "everyone"


def read_said(source: Source, document: JSON) -> Reading:
    """Read that somebody wrote to everybody: told of whoever joined by that presence; what is written to some is private."""
    (session, place), said = session_of(source, document), member(document, "payload", "object", "chat_message")
    if member(said, "recipient_type") != EVERYBODY:
        raise Unheard(Reason.DIRECT_MESSAGE)
    if optional_text(said, "sender_email") in source.policy.excluded:
        raise Unheard(Reason.EXCLUDED_ACCOUNT)
    seat, name = Seat(session, place, NOBODY, identifier(said, "sender_session_id")), opaque(said, "message_id")
    words = optional_text(said, "message_content") or ""
    interaction = Interaction(
        event=Event.CREATED,
        kind=Kind.ASK if asks(words) else Kind.POST,
        artefact=Artefact(NativeId(f"{session.native}/{name}"), places.message(place, name).iri, ArtefactType.CHAT_MESSAGE),
        actor=NOBODY,
        happened=optional_time(said, "date_time") or places.moment(document, "event_ts"),
        place=place,
        parent=session,
        text=source.policy.text(words),
    )
    return Reading(undecided=(sessions.done(seat, interaction),))
