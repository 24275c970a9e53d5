"""A tracking event of Open edX, whichever of its two shapes it has: as it is logged, or as it is routed to a backend."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

import orjson

from services.ingest.connectors.fields import Incomplete, member, optional_identifier, optional_text, optional_time
from services.ingest.domain.interaction import (
    AccountName,
    Artefact,
    ArtefactType,
    ChannelId,
    Event,
    Interaction,
    Kind,
    NativeId,
    Place,
    PlaceType,
)
from services.ingest.domain.reading import Reason
from services.ingest.domain.source import Source
from shared.xapi.model import JSON

KEY: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:+@~/%-]{0,254}")
"""A course or a block of one (opaque-keys of Open edX): `course-v1:edX+DemoX+Demo`, or `edX/DemoX/Demo` as of old."""
BLOCKS: Final = {"course-v1": "block-v1", "ccx-v1": "ccx-block-v1"}
"""How the key of a block begins, by how that of its course does: `ccx-v1` is a custom course, for a coach's own learners."""


@dataclass(frozen=True, slots=True)
class Happening:
    """What was tracked: *name*, when (*at*), by whom, in which *course*, and what else is said of it (*data*).

    *claimed* says that a browser told it, which says whatever its user likes.
    """

    name: str
    at: str
    user: str | None
    user_name: str | None
    course: ChannelId
    data: JSON
    module: JSON
    claimed: bool


def happening(event: JSON) -> Happening:
    """Read what was tracked; raise Incomplete where it lacks what everything needs."""
    context = member(event, "context")
    name = optional_text(event, "name") or optional_text(event, "event_type")
    at = optional_time(event, "time") or optional_time(event, "timestamp")
    if name is None or at is None:
        raise Incomplete("name" if name is None else "time")
    data = _data(event)
    return Happening(
        name=name,
        at=at,
        user=optional_identifier(context, "user_id"),
        user_name=optional_text(event, "username") or optional_text(context, "username"),
        course=ChannelId(key(context if optional_text(context, "course_id") else data, "course_id")),
        data=data,
        module=member(context, "module"),
        claimed=member(event, "event_source") in ("browser", "mobile"),
    )


def _data(event: JSON) -> JSON:
    """Return what is said of the event: `data`, or `event`, which browsers write as JSON within JSON."""
    data = member(event, "data") if member(event, "event") is None else member(event, "event")
    if isinstance(data, str):
        try:
            data = orjson.loads(data)
        except orjson.JSONDecodeError as error:
            raise Incomplete("event") from error
    return data if isinstance(data, dict) else {}


def key(document: JSON, *path: str) -> str:
    """Return the key of a course or a block at *path*; raise Incomplete where there is none."""
    found = optional_text(document, *path)
    if found is None or not KEY.fullmatch(found):
        raise Incomplete("/".join(path))
    return found


def place(source: Source, happened: Happening) -> Place:
    """Return the course as the place where it happened, under the IRI by which Open edX's own xAPI names it."""
    return Place(happened.course, f"{source.workspace}/course/{happened.course}", PlaceType.COURSE)


def block(source: Source, happened: Happening, kind: str, name: str) -> str:
    """Return the IRI of the block *name* of a course, as Open edX's own xAPI writes it."""
    namespace, _, course = happened.course.partition(":")
    if namespace not in BLOCKS:
        return f"{source.workspace}/xblock/{happened.course}/{kind}/{name}"
    return f"{source.workspace}/xblock/{BLOCKS[namespace]}:{course}+type@{kind}+block@{name}"


def refusal(source: Source, happened: Happening) -> Reason | None:
    """Say why what happened in a course is not ours to hear, or None if it is; what a team says is said in private."""
    policy = source.policy
    if policy.channels and happened.course not in policy.channels:
        return Reason.CHANNEL_NOT_ALLOWED
    in_team = member(happened.data, "team_id") is not None and happened.name.startswith("edx.forum.")
    return Reason.PRIVATE_CHANNEL if in_team and not policy.private else None


def unheard(source: Source, happened: Happening) -> Reason | None:
    """Say why what somebody did is not heard, or None if it is."""
    if happened.user is None:
        return Reason.ACTOR_UNKNOWN
    return Reason.EXCLUDED_ACCOUNT if {happened.user, happened.user_name} & source.policy.excluded else None


def act(source: Source, happened: Happening, artefact: Artefact, event: Event, kind: Kind) -> Interaction:
    """Return that somebody did something to *artefact*; raise Incomplete where it is not said who."""
    if happened.user is None:
        raise Incomplete("context/user_id")
    return Interaction(
        event=event,
        kind=kind,
        artefact=artefact,
        actor=AccountName(happened.user),
        happened=happened.at,
        place=place(source, happened),
        revision=f"{happened.user} {happened.at}",
    )


def course(source: Source, happened: Happening) -> Artefact:
    """Return the course as what was joined or left."""
    where = place(source, happened)
    return Artefact(NativeId(where.id), where.iri, ArtefactType.COURSE)
