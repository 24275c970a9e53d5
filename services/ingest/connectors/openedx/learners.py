"""What else people do in Open edX that others are part of: join courses and teams, answer polls, assess peers, keep, watch."""

from __future__ import annotations

import dataclasses
import hashlib
from typing import Final

from msgspec.structs import replace

from services.ingest.connectors.fields import Incomplete, identifier, member, number, optional_identifier, optional_text
from services.ingest.connectors.openedx import happenings
from services.ingest.connectors.openedx.happenings import Happening
from services.ingest.domain.interaction import Artefact, ArtefactType, Event, Kind, NativeId, Rating
from services.ingest.domain.reading import Reading
from services.ingest.domain.source import Source
from shared.xapi.model import JSON

MOST_PARTS: Final = 50
JOINING: Final = {
    "edx.course.enrollment.activated": (Event.JOINED, Kind.JOIN),
    "edx.course.enrollment.deactivated": (Event.LEFT, Kind.LEAVE),
    "edx.team.learner_added": (Event.JOINED, Kind.JOIN),
    "edx.team.learner_removed": (Event.LEFT, Kind.LEAVE),
}
KEEPING: Final = {
    "edx.bookmark.added": (Event.BOOKMARKED, Kind.BOOKMARK),
    "edx.bookmark.removed": (Event.UNBOOKMARKED, Kind.UNBOOKMARK),
}


def read_joining(source: Source, happened: Happening) -> Reading:
    """Read who joined or left a course or a team."""
    if happened.name.startswith("edx.team."):
        name = identifier(happened.data, "team_id")
        group = Artefact(NativeId(f"teams/{name}"), f"{source.workspace}/api/team/v0/teams/{name}", ArtefactType.GROUP)
    else:
        group = happenings.course(source, happened)
    return Reading(decided=(happenings.act(source, happened, group, *JOINING[happened.name]),))


def of_whom(happened: Happening) -> Happening:
    """Return that somebody joined or left as told of that person: staff may have done it, or a task that is nobody."""
    whose = optional_identifier(happened.data, "user_id")
    if happened.name not in JOINING or whose in (None, happened.user):
        return happened
    return dataclasses.replace(happened, user=whose, user_name=optional_text(happened.data, "username"))


def read_bookmark(source: Source, happened: Happening) -> Reading:
    """Read that somebody keeps a unit of the course, or no longer."""
    usage = happenings.key(happened.data, "component_usage_id")
    unit = Artefact(NativeId(usage), f"{source.workspace}/xblock/{usage}", ArtefactType.PAGE)
    return Reading(decided=(happenings.act(source, happened, unit, *KEEPING[happened.name]),))


def read_video(source: Source, happened: Happening) -> Reading:
    """Read that somebody began to watch a video."""
    name = identifier(happened.data, "id")
    iri = happenings.block(source, happened, "video", name)
    video = Artefact(NativeId(f"{happened.course}/videos/{name}"), iri, ArtefactType.VIDEO)
    return Reading(decided=(happenings.act(source, happened, video, Event.VIEWED, Kind.VIEW),))


def read_poll(source: Source, happened: Happening) -> Reading:
    """Read what somebody chose in a poll, or in each question of a survey."""
    kind = "poll" if happened.name.startswith("xblock.poll.") else "survey"
    name = identifier(happened.data, "url_name")
    usage = member(happened.module, "usage_key")
    iri = (
        f"{source.workspace}/xblock/{happenings.key(happened.module, 'usage_key')}"
        if usage
        else happenings.block(source, happened, kind, name)
    )
    poll = Artefact(NativeId(f"{happened.course}/polls/{name}"), iri, ArtefactType.POLL)
    answered = happenings.act(source, happened, poll, Event.POLL_ANSWERED, Kind.ANSWER_POLL)
    return Reading(decided=(replace(answered, chosen=_chosen(happened.data)),))


def _chosen(data: JSON) -> tuple[str, ...]:
    """Return what was chosen, by names that hold no words: those that are words are hashed."""
    choices = member(data, "choices")
    if isinstance(choices, dict):
        named = [(question, choice) for question, choice in sorted(choices.items())[:MOST_PARTS] if isinstance(choice, str)]
        chosen = [f"{_choice(question)}.{_choice(choice)}" for question, choice in named]
    else:
        chosen = [_choice(each) for each in (optional_text(data, "choice"),) if each]
    if not chosen:
        raise Incomplete("choice")
    return tuple(chosen)


def _choice(name: str) -> str:
    plain = optional_identifier(name)
    return plain or hashlib.blake2b(name.encode(errors="replace"), digest_size=6).hexdigest()


def read_assessment(source: Source, happened: Happening) -> Reading:
    """Read how somebody assessed a peer's submission: the points of all criteria together; some are only written about."""
    name, parts = identifier(happened.data, "submission_uuid"), member(happened.data, "parts")
    if not isinstance(parts, list):
        raise Incomplete("parts")
    scored = [part for part in parts[:MOST_PARTS] if member(part, "option") is not None]
    given = sum(number(part, "option", "points") for part in scored)
    highest = sum(number(part, "criterion", "points_possible") for part in scored)
    if not 0 <= given <= highest or highest == 0:
        raise Incomplete("parts")
    submission = Artefact(NativeId(f"submissions/{name}"), f"{source.workspace}/submissions/{name}", ArtefactType.NOTE)
    rated = happenings.act(source, happened, submission, Event.RATED, Kind.RATE)
    said = source.policy.text(optional_text(happened.data, "feedback"))
    return Reading(decided=(replace(rated, rating=Rating(given, 0, highest), text=said),))
