"""The one value between a platform and xAPI: who did what, to which artefact, where and when."""

from __future__ import annotations

from enum import StrEnum
from typing import NewType

import msgspec

NativeId = NewType("NativeId", str)
"""What the platform calls an artefact, made unique within its source: `C024BE91L:1606810819.000800`, `57/2`."""
AccountName = NewType("AccountName", str)
"""The platform's own id of a person, never a handle or a display name."""
NOBODY = AccountName("")
"""Nobody by name.

Where a platform does not say who took something back, that is told of its author, if we know that we heard it; what a platform
does by itself is told of the group of the place where it does it.
"""
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
    CREATE = "create"
    COMMENT = "comment"
    SHARE = "share"
    UNSHARE = "unshare"
    DISLIKE = "dislike"
    MENTION = "mention"
    TAG = "tag"
    FOLLOW = "follow"
    UNFOLLOW = "unfollow"
    JOIN = "join"
    LEAVE = "leave"
    VIEW = "view"
    BOOKMARK = "bookmark"
    UNBOOKMARK = "unbookmark"
    START = "start"
    END = "end"
    ATTEND = "attend"
    VOID = "void"
    PRESENT = "present"
    RAISE_HAND = "raise-hand"
    OPEN_POLL = "open-poll"
    ANSWER_POLL = "answer-poll"
    RSVP_YES = "rsvp-yes"
    RSVP_NO = "rsvp-no"
    RSVP_MAYBE = "rsvp-maybe"
    ATTACH = "attach"
    DOWNLOAD = "download"
    PRAISE = "praise"
    RATE = "rate"
    FLAG = "flag"


MAKING = frozenset({Kind.ASK, Kind.POST, Kind.REPLY, Kind.ANSWER, Kind.CREATE, Kind.COMMENT, Kind.OPEN_POLL, Kind.ATTACH})
"""Kinds that make the artefact they are about; all others act upon one that is there."""
UPON_PERSONS = frozenset({Kind.MENTION, Kind.FOLLOW, Kind.UNFOLLOW, Kind.PRAISE})
"""Kinds whose object is a person where they name one."""
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
    UNLIKED = "unliked"
    DISLIKED = "disliked"
    SHARED = "shared"
    UNSHARED = "unshared"
    MENTIONED = "mentioned"
    TAGGED = "tagged"
    FOLLOWED = "followed"
    UNFOLLOWED = "unfollowed"
    JOINED = "joined"
    LEFT = "left"
    VIEWED = "viewed"
    BOOKMARKED = "bookmarked"
    UNBOOKMARKED = "unbookmarked"
    STARTED = "started"
    ENDED = "ended"
    ATTENDED = "attended"
    VOIDED = "voided"
    PRESENTED = "presented"
    HAND_RAISED = "hand-raised"
    POLL_ANSWERED = "poll-answered"
    RSVPED = "rsvped"
    DOWNLOADED = "downloaded"
    PRAISED = "praised"
    RATED = "rated"
    FLAGGED = "flagged"


class ArtefactType(StrEnum):
    """What an artefact is by its nature, whatever it is used for."""

    CHAT_MESSAGE = "chat-message"
    TOPIC = "topic"
    FORUM_POST = "forum-post"
    ARTICLE = "article"
    COMMENT = "comment"
    COMMIT = "commit"
    FILE = "file"
    NOTE = "note"
    PAGE = "page"
    POLL = "poll"
    VIDEO = "video"
    COMMUNITY = "community"
    COURSE = "course"
    EVENT = "event"
    GROUP = "group"
    PROFILE = "profile"
    SESSION = "session"


TOLD_WHEN_MADE = frozenset(
    {
        ArtefactType.CHAT_MESSAGE,
        ArtefactType.TOPIC,
        ArtefactType.FORUM_POST,
        ArtefactType.ARTICLE,
        ArtefactType.COMMENT,
        ArtefactType.FILE,
        ArtefactType.NOTE,
        ArtefactType.PAGE,
        ArtefactType.POLL,
        ArtefactType.VIDEO,
    }
)
"""Types whose making is a statement of its own, to which acts upon them refer; nobody tells how a group or a commit was made."""


class PlaceType(StrEnum):
    """What an artefact lies in."""

    CHANNEL = "channel"
    BOARD = "board"
    BLOG = "blog"
    COMMUNITY = "community"
    COURSE = "course"
    GROUP = "group"
    SESSION = "session"
    SPACE = "space"


class Artefact(msgspec.Struct, frozen=True):
    """A thing that people made: *iri* names it in statements, *native* on its platform; *title* only if it has one."""

    native: NativeId
    iri: str
    type: ArtefactType
    title: str | None = None


class Place(msgspec.Struct, frozen=True, omit_defaults=True):
    """The channel, category or community where it happened; *public* is what the event itself said of it then."""

    id: ChannelId
    iri: str
    type: PlaceType
    public: bool = False


class Choice(msgspec.Struct, frozen=True):
    """What can be chosen in a poll: *id* without spaces or `[,]`, *text* only if the source's policy allows it."""

    id: str
    text: str | None = None


class Rating(msgspec.Struct, frozen=True):
    """How something was rated, on a scale from *lowest* to *highest*."""

    given: float
    lowest: float
    highest: float


class Interaction(msgspec.Struct, frozen=True, omit_defaults=True):
    """Something that *actor* did, as the platform reported it.

    *artefact* is what was made (see MAKING) or acted upon; *revision* tells repetitions of the same event about the same artefact
    apart. *happened* is the platform's time of the event, RFC 3339 in UTC. *parent* and *root* are what was replied to and the
    thread it belongs to; *author* made the artefact that was acted upon or replied to. *text* is there only if the source's
    policy allows it. *person* is who was mentioned, followed or praised. *seconds* is how long it took: a presence, a session.
    *choices* can be chosen in a poll, *chosen* were. *voided* is the revision of what an interaction of kind VOID takes back.
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
    person: AccountName | None = None
    tags: tuple[str, ...] = ()
    seconds: int | None = None
    choices: tuple[Choice, ...] = ()
    chosen: tuple[str, ...] = ()
    rating: Rating | None = None
    voided: str = ""
