"""Canvas' courses, groups, people and times: how they are named, and whether they may be heard."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from services.ingest.connectors.fields import LARGEST_ID, Incomplete, member, optional_text, optional_time
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
from services.ingest.domain.text import from_html
from shared.xapi.model import JSON

SHARD: Final = 10_000_000_000_000
"""A global id is the number of a shard times this, plus the id within the shard (lib/switchman of Canvas)."""
PATHS: Final = {"Course": "courses", "Group": "groups"}
ID: Final = re.compile(r"[0-9]{1,19}", re.ASCII)
LONGEST_TITLE: Final = 500


@dataclass(frozen=True, slots=True)
class Happening:
    """A live event: *name*, when (*at*), what it is about (*body*), and who caused it where (*metadata*)."""

    name: str
    at: str
    body: JSON
    metadata: JSON


def happening(document: JSON) -> Happening:
    """Read the envelope of an event; raise Incomplete where it lacks what everything needs."""
    metadata = member(document, "metadata")
    name, at = optional_text(metadata, "event_name"), optional_time(metadata, "event_time")
    if name is None or at is None:
        raise Incomplete("metadata/event_name" if name is None else "metadata/event_time")
    return Happening(name, at, member(document, "body"), metadata)


def local(happened: Happening, document: JSON, *path: str) -> str | None:
    """Return the id at *path* as it stands in Canvas' addresses, however the event writes it; None where there is none."""
    found = _id(document, *path)
    if found is None:
        return None
    home = (_id(happened.metadata, "root_account_id") or 0) // SHARD
    return str(found % SHARD if found // SHARD == home else found)


def _id(document: JSON, *path: str) -> int | None:
    written = member(document, *path)
    if isinstance(written, int) and not isinstance(written, bool):
        found = written
    elif isinstance(written, str) and ID.fullmatch(written):
        found = int(written)
    else:
        return None
    return found if 0 < found < LARGEST_ID else None


def required(happened: Happening, *path: str) -> str:
    """Return the id at *path* in the body; raise Incomplete where there is none."""
    found = local(happened, happened.body, *path)
    if found is None:
        raise Incomplete("/".join(path))
    return found


def place(source: Source, happened: Happening) -> Place | None:
    """Return the course or the group where it happened; None where it happened in neither."""
    kind = optional_text(happened.metadata, "context_type") or ""
    name = local(happened, happened.metadata, "context_id")
    if kind not in PATHS:
        kind = optional_text(happened.body, "context_type") or ""
        name = local(happened, happened.body, "context_id")
    if kind not in PATHS or name is None:
        return None
    iri = f"{source.workspace}/{PATHS[kind]}/{name}"
    if kind == "Course":
        return Place(ChannelId(name), iri, PlaceType.COURSE)
    return Place(ChannelId(f"groups/{name}"), iri, PlaceType.GROUP)


def refusal(source: Source, where: Place | None) -> Reason | None:
    """Say why what happened *where* is not ours to hear, or None if it is: outside of courses, it is private."""
    policy = source.policy
    if (where is None or where.type is PlaceType.GROUP) and not policy.private:
        return Reason.PRIVATE_CHANNEL
    if policy.channels and (where is None or where.id not in policy.channels):
        return Reason.CHANNEL_NOT_ALLOWED
    return None


def actor(happened: Happening, *named: str) -> str | None:
    """Return who did it: whom the body says in one of the members *named*, or else whoever caused the event."""
    found = (local(happened, happened.body, name) for name in named)
    return next((each for each in found if each), None) or local(happened, happened.metadata, "user_id")


def unheard(source: Source, happened: Happening, user: str | None) -> Reason | None:
    """Say why what *user* did is not heard: no user, somebody who acts as another one, or an excluded one; None if it is."""
    if user is None or member(happened.metadata, "real_user_id") is not None:
        return Reason.ACTOR_UNKNOWN
    caused = user == local(happened, happened.metadata, "user_id")
    login = optional_text(happened.metadata, "user_login") if caused else None
    return Reason.EXCLUDED_ACCOUNT if {user, login} & source.policy.excluded else None


def act(happened: Happening, user: str, artefact: Artefact, where: Place | None, meaning: tuple[Event, Kind]) -> Interaction:
    """Return that *user* did something to *artefact*, or made it."""
    event, kind = meaning
    return Interaction(
        event=event,
        kind=kind,
        artefact=artefact,
        actor=AccountName(user),
        happened=happened.at,
        place=where,
        revision="" if event is Event.CREATED else f"{user} {happened.at}",
    )


def topic(base: str, name: str, title: str | None = None) -> Artefact:
    """Return a discussion topic of the course or group at *base*."""
    return Artefact(NativeId(f"topics/{name}"), f"{base}/discussion_topics/{name}", ArtefactType.TOPIC, title)


def entry(base: str, topic_name: str, name: str) -> Artefact:
    """Return an entry in a topic of the course or group at *base*."""
    iri = f"{base}/discussion_topics/{topic_name}#entry-{name}"
    return Artefact(NativeId(f"entries/{name}"), iri, ArtefactType.FORUM_POST)


def page(base: str, name: str, title: str | None = None) -> Artefact:
    """Return a page of the course or group at *base*."""
    return Artefact(NativeId(f"pages/{name}"), f"{base}/pages/{name}", ArtefactType.PAGE, title)


def file(base: str, name: str) -> Artefact:
    """Return a file of the course or group at *base*."""
    return Artefact(NativeId(f"files/{name}"), f"{base}/files/{name}", ArtefactType.FILE)


def base(source: Source, where: Place | None) -> str:
    """Return the address below which things stand that belong *where*."""
    return where.iri if where else source.workspace


def title(body: JSON) -> str | None:
    """Return the title that *body* names."""
    return (optional_text(body, "title") or "")[:LONGEST_TITLE] or None


def text(source: Source, body: JSON, name: str) -> str | None:
    """Return what stands under *name* without its markup, if the source's policy keeps it."""
    return source.policy.text(from_html(optional_text(body, name) or ""))
