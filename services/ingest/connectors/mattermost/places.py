"""Mattermost's channels, posts and times: how they are named, and whether they may be heard."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from services.ingest.connectors import fields
from services.ingest.connectors.fields import Incomplete, optional_identifier, optional_text
from services.ingest.domain.interaction import Artefact, ArtefactType, ChannelId, NativeId, Place, PlaceType
from services.ingest.domain.reading import Reason
from services.ingest.domain.source import Source
from shared.xapi.model import JSON


class ChannelType(StrEnum):
    """Who may read a channel; the letters are Mattermost's (server/public/model/channel.go)."""

    OPEN = "O"
    PRIVATE = "P"
    DIRECT = "D"
    GROUP = "G"


DIRECT: Final = frozenset({ChannelType.DIRECT, ChannelType.GROUP})


def optional_moment(document: JSON, *names: str) -> str | None:
    """Return the first of the times called *names* that is there: forms have seconds, everything else has milliseconds."""
    found = (fields.optional_moment(document, name) for name in names)
    return next((each for each in found if each), None)


def moment(document: JSON, *names: str) -> str:
    """Return the first of the times called *names* that is there; raise Incomplete where none is."""
    found = optional_moment(document, *names)
    if found is None:
        raise Incomplete(names[0])
    return found


def channel_type(data: JSON) -> ChannelType | None:
    """Return who may read the channel of an event, if the event says so; a type that we do not know is private."""
    letter = optional_text(data, "channel_type")
    if letter is None:
        return None
    return ChannelType(letter) if letter in set(ChannelType) else ChannelType.PRIVATE


def refusal(source: Source, channel: ChannelId, kind: ChannelType | None) -> Reason | None:
    """Say why what is said in *channel* is not ours to hear, or None if it is.

    An event that does not say who may read its channel is heard if the channel is on the allow-list and no post has shown it
    to be private, and else is a private one.
    """
    policy = source.policy
    if kind in DIRECT and not policy.direct:
        return Reason.DIRECT_MESSAGE
    if kind is ChannelType.PRIVATE and not policy.private:
        return Reason.PRIVATE_CHANNEL
    if kind is None and channel not in policy.channels and not (policy.private and policy.direct):
        return Reason.PRIVATE_CHANNEL
    if kind is None and channel in source.closed and not policy.private:
        return Reason.PRIVATE_CHANNEL
    return Reason.CHANNEL_NOT_ALLOWED if policy.channels and channel not in policy.channels else None


def excluded(source: Source, user: str | None, user_name: str | None = None) -> bool:
    """Say whether the source does not hear an account, by id or by user name."""
    names = {user, (user_name or "").lstrip("@") or None} - {None}
    return not names.isdisjoint(source.policy.excluded)


def message(source: Source, post_id: str) -> Artefact:
    """Return the post; its IRI is the permalink that every team's members may follow."""
    return Artefact(NativeId(post_id), f"{source.workspace}/_redirect/pl/{post_id}", ArtefactType.CHAT_MESSAGE)


def file(source: Source, file_id: str) -> Artefact:
    """Return a file that was attached."""
    return Artefact(NativeId(f"files/{file_id}"), f"{source.workspace}/api/v4/files/{file_id}", ArtefactType.FILE)


def place(source: Source, channel: ChannelId, kind: ChannelType | None) -> Place:
    """Return *channel* as a place; who may read it is known where the event says so."""
    return Place(channel, f"{source.workspace}/channels/{channel}", PlaceType.CHANNEL, public=kind is ChannelType.OPEN)


def channel_of(document: JSON, *path: str) -> ChannelId:
    """Return the channel at *path*; raise Incomplete where there is none."""
    found = optional_identifier(document, *path)
    if found is None:
        raise Incomplete("/".join(path))
    return ChannelId(found)
