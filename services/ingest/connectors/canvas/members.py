"""Who joins courses and groups of Canvas, and who leaves them."""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace

from services.ingest.connectors.canvas import places
from services.ingest.connectors.canvas.places import Happening
from services.ingest.connectors.fields import member, optional_time
from services.ingest.domain.interaction import Artefact, ArtefactType, ChannelId, Event, Kind, NativeId, Place, PlaceType
from services.ingest.domain.reading import Reading, Reason, ignored
from services.ingest.domain.source import Source

TEST_STUDENT: Final = "StudentViewEnrollment"
MEANINGS: Final = {
    ("enrollment_created", "active"): (Event.JOINED, Kind.JOIN),
    ("enrollment_updated", "active"): (Event.JOINED, Kind.JOIN),
    ("enrollment_updated", "deleted"): (Event.LEFT, Kind.LEAVE),
    ("group_membership_created", "accepted"): (Event.JOINED, Kind.JOIN),
    ("group_membership_updated", "deleted"): (Event.LEFT, Kind.LEAVE),
}
"""What a state means that an event tells; all other changes leave people where they are.

Who was invited joins by an update, and each later one says the same: an enrolment is told at the time at which it was made, once.
"""


def read_membership(source: Source, happened: Happening) -> Reading:
    """Read that somebody joined or left a course or a group: whoever the body names, not who arranged it."""
    state = member(happened.body, "workflow_state")
    meaning = MEANINGS.get((happened.name, state)) if isinstance(state, str) else None
    if meaning is None:
        return ignored(Reason.UNMAPPED)
    if member(happened.body, "type") == TEST_STUDENT:
        return ignored(Reason.BOT)
    user = places.required(happened, "user_id")
    group, where = _joined(source, happened)
    if reason := places.refusal(source, where) or places.unheard(source, happened, user):
        return ignored(reason)
    begun = optional_time(happened.body, "created_at") if meaning[1] is Kind.JOIN else None
    if begun is None and happened.name == "enrollment_updated" and meaning[1] is Kind.JOIN:
        return ignored(Reason.UNMAPPED)
    joined = places.act(happened, user, group, where, meaning)
    return Reading(decided=(replace(joined, happened=begun, revision=f"{user} {begun}") if begun else joined,))


def _joined(source: Source, happened: Happening) -> tuple[Artefact, Place]:
    if happened.name.startswith("enrollment_"):
        name = places.required(happened, "course_id")
        course = Place(ChannelId(name), f"{source.workspace}/courses/{name}", PlaceType.COURSE)
        return Artefact(NativeId(f"courses/{name}"), course.iri, ArtefactType.COURSE), course
    name = places.required(happened, "group_id")
    group = Artefact(NativeId(f"groups/{name}"), f"{source.workspace}/groups/{name}", ArtefactType.GROUP)
    where = places.place(source, happened)
    return group, where or Place(ChannelId(group.native), group.iri, PlaceType.GROUP)
