"""The one value between a platform and xAPI: who did what, to which artefact, where and when."""

from __future__ import annotations

from enum import StrEnum
from typing import NewType

import msgspec

NativeId = NewType("NativeId", str)
"""What the platform calls an artefact, made unique within its source: `C024BE91L:1606810819.000800`, `57/2`."""
AccountName = NewType("AccountName", str)
"""The platform's own id of a person, never a handle or a display name."""
ChannelId = NewType("ChannelId", str)
"""The platform's own id of a channel, category or community."""


class Kind(StrEnum):
    """What an interaction means; one row of the mapping each."""

    ASK = "ask"
    POST = "post"
    REPLY = "reply"
    ANSWER = "answer"
    ACCEPT = "accept"
    UNACCEPT = "unaccept"
    REACT = "react"
    UNREACT = "unreact"
    LIKE = "like"
    UNLIKE = "unlike"
    VOTE = "vote"
    UNVOTE = "unvote"
    EDIT = "edit"
    RESTORE = "restore"
    DELETE = "delete"
    REMOVE = "remove"


MAKING = frozenset({Kind.ASK, Kind.POST, Kind.REPLY, Kind.ANSWER})
"""Kinds that make the artefact they are about; all others act upon one that is there."""
WITHDRAWING = frozenset({Kind.DELETE, Kind.REMOVE})
"""Kinds after which the platform shows the artefact no more: its text must go everywhere."""


class Event(StrEnum):
    """What the platform reported, before it is known what it means: part of the statement's id, so never to be renamed.

    A message is `created` whether it turns out to be a question, an answer or a plain reply: so that a reply can name its
    parent's statement before the parent has arrived.
    """

    CREATED = "created"
    EDITED = "edited"
    DELETED = "deleted"
    RESTORED = "restored"
    REACTION_ADDED = "reaction-added"
    REACTION_REMOVED = "reaction-removed"
    LIKED = "liked"
    ACCEPTED = "accepted"
    UNACCEPTED = "unaccepted"
    VOTED = "voted"
    UNVOTED = "unvoted"


class ArtefactType(StrEnum):
    """What an artefact is by its nature, whatever it is used for."""

    CHAT_MESSAGE = "chat-message"
    TOPIC = "topic"
    FORUM_POST = "forum-post"


class PlaceType(StrEnum):
    """What an artefact lies in."""

    CHANNEL = "channel"
    BOARD = "board"


class Artefact(msgspec.Struct, frozen=True):
    """A thing that people made: *iri* names it in statements, *native* on its platform; *title* only if it has one."""

    native: NativeId
    iri: str
    type: ArtefactType
    title: str | None = None


class Place(msgspec.Struct, frozen=True):
    """The channel, category or community where it happened."""

    id: ChannelId
    iri: str
    type: PlaceType


class Interaction(msgspec.Struct, frozen=True):
    """Something that *actor* did, as the platform reported it.

    *artefact* is what was made (see MAKING) or acted upon; *revision* tells repetitions of the same event about the same artefact
    apart. *happened* is the platform's time of the event, RFC 3339 in UTC. *parent* and *root* are what was replied to and the
    thread it belongs to; *author* made the artefact that was acted upon or replied to. *text* is there only if the source's
    policy allows it.
    """

    event: Event
    kind: Kind
    artefact: Artefact
    actor: AccountName
    happened: str
    place: Place | None
    revision: str = ""
    parent: Artefact | None = None
    root: Artefact | None = None
    author: AccountName | None = None
    text: str | None = None
    emoji: str | None = None
