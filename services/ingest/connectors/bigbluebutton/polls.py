"""BigBlueButton's polls: started by the presenter, answered by those who are there.

What was asked and chosen is text. BigBlueButton sends who chose what even of anonymous polls, and does not say which those are:
so answers are heard only where the source keeps text.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from msgspec.structs import replace

from services.ingest.connectors import sessions
from services.ingest.connectors.bigbluebutton import places
from services.ingest.connectors.fields import Incomplete, Unheard, member, opaque, optional_identifier, optional_text, several
from services.ingest.connectors.sessions import Seat
from services.ingest.domain.interaction import Artefact, ArtefactType, Choice, Event, Interaction, Kind, NativeId
from services.ingest.domain.reading import Reading, Reason
from services.ingest.domain.source import Keeps, Source
from services.ingest.domain.text import from_html
from shared.xapi.model import JSON

MOST_CHOICES: Final = 50
LONGEST: Final = 2_000


def read_started(source: Source, event: JSON) -> Reading:
    """Read that somebody asked a poll."""
    poll = member(event, "attributes", "poll")
    (seat, asked), question = _asked(source, event), optional_text(poll, "question") or ""
    title = source.policy.text(from_html(question[:LONGEST]))
    artefact, choices = asked.artefact, tuple(_choices(source, member(poll, "answers")))
    named = Artefact(artefact.native, artefact.iri, artefact.type, title)
    return Reading(undecided=(sessions.done(seat, replace(asked, artefact=named, choices=choices)),))


def read_response(source: Source, event: JSON) -> Reading:
    """Read what somebody chose in a poll."""
    (seat, asked), answers = _asked(source, event), member(event, "attributes", "poll", "answerIds")
    if source.policy.keeps is not Keeps.TEXT:
        raise Unheard(Reason.NOT_KEPT)
    chosen = tuple(_ids(answers))
    if not chosen:
        raise Incomplete("answerIds")
    revision = f"{seat.name} {asked.happened}"
    answer = replace(asked, event=Event.POLL_ANSWERED, kind=Kind.ANSWER_POLL, revision=revision, chosen=chosen)
    return Reading(undecided=(sessions.done(seat, answer),))


def _asked(source: Source, event: JSON) -> tuple[Seat, Interaction]:
    """Return that whoever has the presence that *event* names asked the poll that it names."""
    place, user = places.room(source, event), member(event, "attributes", "user")
    session, name = places.session(place, event), opaque(event, "attributes", "poll", "id")
    seat = places.presence(session, place, places.actor(source, user), user)
    asked = Interaction(
        event=Event.CREATED,
        kind=Kind.OPEN_POLL,
        artefact=Artefact(NativeId(f"poll/{name}"), places.within(place, "polls", name), ArtefactType.POLL),
        actor=seat.actor,
        happened=places.moment(event),
        place=place,
        parent=session,
    )
    return seat, asked


def _choices(source: Source, answers: JSON) -> Iterator[Choice]:
    """Yield what can be chosen, each once: what it says only if the source keeps text."""
    seen = set[str]()
    for answer in several(answers, most=MOST_CHOICES):
        name = optional_identifier(answer, "id")
        if name is not None and name not in seen:
            seen.add(name)
            yield Choice(name, source.policy.text((optional_text(answer, "key") or "")[:LONGEST]))


def _ids(answers: JSON) -> Iterator[str]:
    for answer in several(answers, most=MOST_CHOICES):
        name = optional_identifier(answer)
        if name is not None:
            yield name
