"""Zoom's meetings, webinars, channels and people: how they are named, and whether they may be heard.

Nearly nothing that Zoom sends says whether it is private. So a meeting or a channel is heard only if it is named in the source's
allow-list, or if the source hears private ones. Webinars, and channels that Zoom says are public, are open to many.
"""

from __future__ import annotations

from typing import Final
from urllib.parse import quote

from services.ingest.connectors.fields import (
    Incomplete,
    Unheard,
    optional_identifier,
    optional_moment,
    optional_text,
    optional_time,
)
from services.ingest.domain.interaction import AccountName, Artefact, ArtefactType, ChannelId, NativeId, Place, PlaceType
from services.ingest.domain.reading import Reason
from services.ingest.domain.source import Source
from shared.xapi.model import JSON

PATHS: Final = {"meeting": "j", "webinar": "w"}


def room(source: Source, kind: str, number: str) -> Place:
    """Return the meeting or webinar that has *number*: its sessions take place there, one or many."""
    return Place(ChannelId(number), f"{source.workspace}/{PATHS[kind]}/{number}", PlaceType.SESSION)


def session(place: Place, uuid: str, title: str | None = None) -> Artefact:
    """Return one session at *place*; Zoom names it by a UUID of its own, which has no page."""
    return Artefact(NativeId(uuid), f"{place.iri}#{quote(uuid, safe='')}", ArtefactType.SESSION, title)


def channel(source: Source, name: str) -> Place:
    """Return a channel of Team Chat; it has no address that is for good, and is named as the API does."""
    return Place(ChannelId(name), f"{source.workspace}/chat/channels/{quote(name, safe='')}", PlaceType.CHANNEL)


def message(place: Place, name: str) -> Artefact:
    """Return the message *name* of a channel."""
    iri = f"{place.iri}/messages/{quote(name, safe='')}"
    return Artefact(NativeId(f"{place.id}:{name}"), iri, ArtefactType.CHAT_MESSAGE)


def file(source: Source, name: str) -> Artefact:
    """Return a file of Team Chat, which is named as the API does."""
    return Artefact(NativeId(f"files/{name}"), f"{source.workspace}/chat/files/{quote(name, safe='')}", ArtefactType.FILE)


def unheard(source: Source, account: str | None, address: str | None) -> Reason | None:
    """Say why what somebody did is not heard who has this *account* and e-mail *address*, or None if it is.

    Zoom names no account of guests, and none of people from elsewhere.
    """
    if not account:
        return Reason.ACTOR_UNKNOWN
    return Reason.EXCLUDED_ACCOUNT if {account, address} & source.policy.excluded else None


def operator(payload: JSON) -> tuple[str | None, str | None]:
    """Return the account and the address of who did what *payload* tells."""
    return optional_identifier(payload, "operator_id"), optional_text(payload, "operator")


def actor(source: Source, account: str | None, address: str | None) -> AccountName:
    """Return who acted; raise Unheard where that is not heard."""
    if reason := unheard(source, account, address):
        raise Unheard(reason)
    return AccountName(account or "")


def moment(document: JSON, *path: str) -> str:
    """Return the time at *path*: ISO 8601, or milliseconds since 1970; raise Incomplete where there is none."""
    found = optional_time(document, *path) or optional_moment(document, *path)
    if found is None:
        raise Incomplete("/".join(path))
    return found
