"""What is said in the public chat of BigBlueButton's sessions; private chats are not sent."""

from __future__ import annotations

from typing import Final

from services.ingest.connectors import sessions
from services.ingest.connectors.bigbluebutton import places
from services.ingest.connectors.fields import Unheard, member, opaque, optional_moment, optional_text
from services.ingest.domain.interaction import Artefact, ArtefactType, Event, Interaction, Kind, NativeId
from services.ingest.domain.reading import Reading, Reason
from services.ingest.domain.source import Source
from services.ingest.domain.text import asks, from_html
from shared.xapi.model import JSON

PUBLIC: Final = "MAIN-PUBLIC-GROUP-CHAT"
LONGEST: Final = 20_000


def read_message(source: Source, event: JSON) -> Reading:
    """Read that somebody wrote in the chat that all who are there see."""
    place, message = places.room(source, event), member(event, "attributes", "chat-message")
    if (optional_text(event, "attributes", "chat-id") or PUBLIC) != PUBLIC:
        raise Unheard(Reason.DIRECT_MESSAGE)
    session, name, sender = places.session(place, event), opaque(message, "id"), member(message, "sender")
    seat = places.presence(session, place, places.actor(source, sender), sender)
    said = from_html((optional_text(message, "message") or "")[:LONGEST])
    artefact = Artefact(NativeId(f"{session.native}/{name}"), places.within(place, "messages", name), ArtefactType.CHAT_MESSAGE)
    interaction = Interaction(
        event=Event.CREATED,
        kind=Kind.ASK if asks(said) else Kind.POST,
        artefact=artefact,
        actor=seat.actor,
        happened=optional_moment(message, "sender", "time") or places.moment(event),
        place=place,
        parent=session,
        text=source.policy.text(said),
    )
    return Reading(undecided=(sessions.done(seat, interaction),))
