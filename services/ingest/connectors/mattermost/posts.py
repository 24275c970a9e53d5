"""Mattermost's posts: said, edited, deleted; what the system says of a channel's members tells who joins and who leaves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from msgspec.structs import replace

from services.ingest.connectors.fields import identifier, member, optional_identifier, optional_number, optional_text, several
from services.ingest.connectors.mattermost import places
from services.ingest.connectors.mattermost.places import ChannelType
from services.ingest.domain.interaction import (
    NOBODY,
    AccountName,
    Artefact,
    ArtefactType,
    ChannelId,
    Event,
    Interaction,
    Kind,
    NativeId,
)
from services.ingest.domain.reading import Known, Part, Reading, Reason, Rule, Undecided, Withdrawn, ignored
from services.ingest.domain.source import Source
from services.ingest.domain.text import asks
from shared.xapi.model import JSON

SAID: Final = frozenset({None, "me", "slack_attachment"})
"""Types of posts that say something; all others are the system's or an integration's."""
BOTS: Final = ("from_bot", "from_webhook", "from_plugin")
"""What a post's `props` say of whoever posted it, if that was no person."""
MEMBERSHIPS: Final[dict[JSON, tuple[Event, Kind, str | None]]] = {
    "system_join_channel": (Event.JOINED, Kind.JOIN, None),
    "system_guest_join_channel": (Event.JOINED, Kind.JOIN, None),
    "system_add_to_channel": (Event.JOINED, Kind.JOIN, "addedUserId"),
    "system_add_guest_to_chan": (Event.JOINED, Kind.JOIN, "addedUserId"),
    "system_leave_channel": (Event.LEFT, Kind.LEAVE, None),
    "system_remove_from_channel": (Event.LEFT, Kind.LEAVE, "removedUserId"),
}
"""Of whom the system says that, where it is not of who posted it."""
MOST_FILES: Final = 10
LONGEST_TAG: Final = 100


@dataclass(frozen=True, slots=True)
class Post:
    """A post, who may read its channel if that is told, and who posted it by name."""

    document: JSON
    kind: ChannelType | None
    user_name: JSON

    @property
    def channel(self) -> ChannelId:
        """Return the channel; raise Incomplete where none is named."""
        return places.channel_of(self.document, "channel_id")


def read_posted(source: Source, post: Post) -> Reading:
    """Read that somebody said something, or that the system says who joined or left."""
    document = post.document
    if reason := places.refusal(source, post.channel, post.kind):
        return Reading(closed=(post.channel,) if post.kind is ChannelType.PRIVATE else (), ignored=(reason,))
    kind = optional_text(document, "type")
    if kind in MEMBERSHIPS:
        return _membership(source, post, *MEMBERSHIPS[kind])
    return _said(source, post) if kind in SAID else ignored(Reason.SYSTEM_MESSAGE)


def read_edited(source: Source, post: Post) -> Reading:
    """Read that a post was edited; pins and the like leave it without a time of editing."""
    document = post.document
    if reason := places.refusal(source, post.channel, post.kind) or _unheard(source, post):
        return ignored(reason)
    if optional_text(document, "type") not in SAID:
        return ignored(Reason.SYSTEM_MESSAGE)
    edited = places.optional_moment(document, "edit_at")
    if edited is None:
        return ignored(Reason.UNCHANGED)
    interaction = Interaction(
        event=Event.EDITED,
        kind=Kind.EDIT,
        artefact=places.message(source, identifier(document, "id")),
        actor=AccountName(identifier(document, "user_id")),
        happened=edited,
        place=places.place(source, post.channel, post.kind),
        revision=edited,
        text=_kept(source, post),
    )
    above = optional_identifier(document, "root_id")
    return Reading(decided=(interaction,), parts=(Part(NativeId(above), interaction.artefact.iri),) if above else ())


def read_deleted(source: Source, post: Post, deleted_by: str | None) -> Reading:
    """Read that a post was taken back: heard even where its channel no longer is, if the post had been.

    With what begins a thread Mattermost deletes the whole thread, and tells of nothing else (`SqlPostStore.Delete`).
    """
    document, refused = post.document, places.refusal(source, post.channel, post.kind)
    author = None if _unheard(source, post) else optional_identifier(document, "user_id")
    own = deleted_by is None or deleted_by == author or places.excluded(source, deleted_by)
    interaction = Interaction(
        event=Event.DELETED,
        kind=Kind.DELETE if own else Kind.REMOVE,
        artefact=places.message(source, identifier(document, "id")),
        actor=AccountName((author if own else deleted_by) or NOBODY),
        happened=places.moment(document, "delete_at", "update_at", "create_at"),
        place=None if refused else places.place(source, post.channel, post.kind),
        author=None if own or author is None else AccountName(author),
    )
    withdrawn = () if optional_identifier(document, "root_id") else (Withdrawn(interaction.artefact.native),)
    if refused or author is None or optional_text(document, "type") not in SAID:
        waiting = Undecided(Rule.WITHDRAWAL, interaction.artefact.native, interaction)
        return Reading(undecided=(waiting,), withdrawn=withdrawn)
    return Reading(decided=(interaction,), withdrawn=withdrawn)


def _unheard(source: Source, post: Post) -> Reason | None:
    """Say why what is posted is not heard, or None if it is."""
    props, name = member(post.document, "props"), post.user_name
    if any(member(props, each) in ("true", True) for each in BOTS):
        return Reason.BOT
    user = optional_identifier(post.document, "user_id")
    return Reason.EXCLUDED_ACCOUNT if places.excluded(source, user, name if isinstance(name, str) else None) else None


def _kept(source: Source, post: Post) -> str | None:
    """Return the text that the source's policy keeps: never that of a direct message."""
    return None if post.kind in places.DIRECT else source.policy.text(optional_text(post.document, "message"))


def _said(source: Source, post: Post) -> Reading:
    document, said = post.document, optional_text(post.document, "message") or ""
    artefact = places.message(source, identifier(document, "id"))
    above = optional_identifier(document, "root_id")
    root, happened = places.message(source, above) if above else artefact, places.moment(document, "create_at")
    if reason := _unheard(source, post):
        return Reading(known=(Known(artefact, root.native, None, False, happened),), ignored=(reason,))
    question = above is None and (asks(said) or post.channel in source.policy.question_channels)
    interaction = Interaction(
        event=Event.CREATED,
        kind=Kind.ASK if question else Kind.POST,
        artefact=artefact,
        actor=AccountName(identifier(document, "user_id")),
        happened=happened,
        place=places.place(source, post.channel, post.kind),
        text=_kept(source, post),
        tags=_tags(source, post),
    )
    known = (Known(artefact, root.native, interaction.actor, question, happened),)
    files = _files(source, document, interaction)
    if above is None:
        return Reading(decided=(interaction, *files), known=known)
    reply = replace(interaction, kind=Kind.REPLY, parent=root, root=root)
    undecided, part = Undecided(Rule.REPLY, root.native, reply), Part(root.native, artefact.iri)
    return Reading(decided=files, undecided=(undecided,), known=known, parts=(part,))


def _tags(source: Source, post: Post) -> tuple[str, ...]:
    """Return the hashtags, which are words of the post: only where its text is kept."""
    if _kept(source, post) is None:
        return ()
    found = (each.lstrip("#")[:LONGEST_TAG] for each in (optional_text(post.document, "hashtags") or "").split())
    return tuple(dict.fromkeys(each for each in found if each))


def _files(source: Source, document: JSON, said: Interaction) -> tuple[Interaction, ...]:
    """Return that files came with what was *said*."""
    found = [optional_identifier(each) for each in several(document, "file_ids", most=MOST_FILES)]
    attached = replace(said, kind=Kind.ATTACH, parent=said.artefact, text=None, tags=())
    return tuple(replace(attached, artefact=places.file(source, each)) for each in dict.fromkeys(found) if each)


def _membership(source: Source, post: Post, event: Event, kind: Kind, whose: str | None) -> Reading:
    document = post.document
    actor = identifier(document, "props", whose) if whose else identifier(document, "user_id")
    if places.excluded(source, actor):
        return ignored(Reason.EXCLUDED_ACCOUNT)
    place = places.place(source, post.channel, post.kind)
    interaction = Interaction(
        event=event,
        kind=kind,
        artefact=Artefact(NativeId(place.id), place.iri, ArtefactType.GROUP),
        actor=AccountName(actor),
        happened=places.moment(document, "create_at"),
        place=place,
        revision=f"{actor} {optional_number(document, 'create_at')}",
    )
    return Reading(decided=(interaction,))
