"""BigBlueButton's meetings: they are created, end, and their recordings are published. Nobody is named who did it."""

from __future__ import annotations

from services.ingest.connectors import sessions
from services.ingest.connectors.bigbluebutton import places
from services.ingest.connectors.fields import Unheard, member, opaque, optional_moment, optional_text
from services.ingest.domain.interaction import NOBODY, Artefact, ArtefactType, Event, Interaction, Kind, NativeId
from services.ingest.domain.reading import Known, Reading, Reason
from services.ingest.domain.source import Source
from shared.xapi.model import JSON


def read_created(source: Source, event: JSON) -> Reading:
    """Read that a session began: it is told of the group of its room."""
    place = places.room(source, event)
    at = optional_moment(event, "attributes", "meeting", "create-time") or places.moment(event)
    return sessions.started(places.session(place, event), place, NOBODY, at)


def read_ended(source: Source, event: JSON) -> Reading:
    """Read that a session ended, and with it the presence of everybody who was there: no `user-left` is sent for them."""
    place = places.room(source, event)
    session = places.session(place, event)
    return sessions.ended(session, place, NOBODY, places.moment(event), _created(session.native))


def read_deleted_recording(source: Source, event: JSON) -> Reading:
    """Read that a recording was deleted in every format: heard even where its room no longer is; nobody is told to do it."""
    del source
    return Reading(ignored=(Reason.GONE,), dissolved=(_recording(opaque(event, "attributes", "record-id")),))


def read_recording(source: Source, event: JSON) -> Reading:
    """Read that one format of a recording was published."""
    if member(event, "attributes", "success") is False:
        raise Unheard(Reason.UNMAPPED)
    place, recording = places.room(source, event), member(event, "attributes", "recording")
    name, form = opaque(event, "attributes", "record-id"), opaque(recording, "playback", "format")
    artefact = Artefact(
        NativeId(f"{_recording(name)}{form}"),
        places.within(place, "recordings", f"{name}/{form}"),
        ArtefactType.VIDEO,
        optional_text(recording, "name"),
    )
    interaction = Interaction(
        event=Event.CREATED,
        kind=Kind.CREATE,
        artefact=artefact,
        actor=NOBODY,
        happened=places.moment(event),
        place=place,
        parent=places.session(place, event),
    )
    known = Known(artefact, artefact.native, None, False, interaction.happened)
    return Reading(decided=(interaction,), known=(known,))


def _recording(name: str) -> str:
    """Return how the names of a recording's formats begin."""
    return f"recording/{name}/"


def _created(session: NativeId) -> str | None:
    """Return when a session began: its name ends with that, in milliseconds."""
    return optional_moment({"at": session.rpartition("-")[2]}, "at")
