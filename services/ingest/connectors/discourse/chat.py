"""Discourse's chat (plugin Chat): messages said, edited, trashed and restored. The last two are reported without a time."""

from __future__ import annotations

import hashlib
from typing import Final

from msgspec.structs import replace

from services.ingest.connectors.discourse import places
from services.ingest.connectors.fields import member, optional_number, optional_text, optional_time, several, time
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
    Place,
    PlaceType,
)
from services.ingest.domain.reading import Known, Reading, Reason, Rule, Undecided, ignored
from services.ingest.domain.source import Source
from services.ingest.domain.text import asks
from shared.xapi.model import JSON

CATEGORY: Final = "Category"
MOST_MENTIONS: Final = 20


def read_chat(source: Source, event: str, chat: JSON) -> Reading:
    """Read what happened to a message of the chat; raise Incomplete where it lacks what it needs."""
    message, channel = member(chat, "message"), member(chat, "channel")
    refused = _refusal(source, channel)
    if event == "chat_message_trashed":
        return _read_trashed(source, message, channel, refused)
    if refused:
        return Reading(closed=_closed(channel), ignored=(refused,))
    match event:
        case "chat_message_created":
            return _read_said(source, message, channel)
        case "chat_message_edited" | "chat_message_restored":
            return _read_changed(source, message, channel, event)
        case _:
            return ignored(Reason.UNMAPPED)


def _is_direct(channel: JSON) -> bool:
    return optional_text(channel, "chatable_type") != CATEGORY


def _refusal(source: Source, channel: JSON) -> Reason | None:
    """Say why what is said in *channel* is not ours to hear: what belongs to no category is direct messages."""
    policy = source.policy
    if _is_direct(channel):
        return None if policy.direct else Reason.DIRECT_MESSAGE
    category, named = optional_number(channel, "chatable_id"), _place(source, channel).id
    if (str(category) in source.closed or _closed(channel)) and not policy.private:
        return Reason.PRIVATE_CHANNEL
    allowed = not policy.channels or not policy.channels.isdisjoint({ChannelId(str(category)), named})
    return None if allowed else Reason.CHANNEL_NOT_ALLOWED


def _closed(channel: JSON) -> tuple[ChannelId, ...]:
    """Return the category of *channel* if not everybody may read it."""
    category = optional_number(channel, "chatable_id")
    restricted = not _is_direct(channel) and member(channel, "chatable", "read_restricted") is True
    return (ChannelId(str(category)),) if restricted and category is not None else ()


def _place(source: Source, channel: JSON) -> Place:
    name = places.positive(channel, "id")
    return Place(ChannelId(f"chat/{name}"), f"{source.workspace}/chat/c/-/{name}", PlaceType.CHANNEL)


def _artefact(source: Source, channel: JSON, name: int) -> Artefact:
    return Artefact(NativeId(f"chat/{name}"), f"{_place(source, channel).iri}/{name}", ArtefactType.CHAT_MESSAGE)


def _author(message: JSON) -> AccountName | None:
    """Return who said *message*; None where that account is gone."""
    user_id = optional_number(message, "user", "id")
    return None if user_id is None else AccountName(str(user_id))


def _unheard(source: Source, message: JSON) -> Reason | None:
    if member(message, "chat_webhook_event") is not None:
        return Reason.BOT
    return places.unheard(source, places.user_id(message), optional_text(message, "user", "username"))


def _act(source: Source, message: JSON, channel: JSON, event: Event, kind: Kind) -> Interaction:
    return Interaction(
        event=event,
        kind=kind,
        artefact=_artefact(source, channel, places.positive(message, "id")),
        actor=_author(message) or NOBODY,
        happened=time(message, "created_at"),
        place=_place(source, channel),
        text=None if _is_direct(channel) else source.policy.text(optional_text(message, "message")),
    )


def _read_said(source: Source, message: JSON, channel: JSON) -> Reading:
    above, said = optional_number(message, "in_reply_to", "id"), optional_text(message, "message") or ""
    made = _act(source, message, channel, Event.CREATED, Kind.POST)
    root = _artefact(source, channel, above) if above else made.artefact
    if reason := _unheard(source, message):
        return Reading(known=(Known(made.artefact, root.native, None, False, made.happened),), ignored=(reason,))
    question = above is None and asks(said)
    known = (Known(made.artefact, root.native, made.actor, question, made.happened),)
    beside = _mentions(source, message, made)
    if above is None:
        return Reading(decided=(replace(made, kind=Kind.ASK if question else Kind.POST), *beside), known=known)
    reply = replace(made, kind=Kind.REPLY, parent=root, root=root)
    return Reading(decided=beside, undecided=(Undecided(Rule.REPLY, root.native, reply),), known=known)


def _mentions(source: Source, message: JSON, said: Interaction) -> tuple[Interaction, ...]:
    """Return whom the message mentions; posts name nobody by id."""
    mention = replace(said, event=Event.MENTIONED, kind=Kind.MENTION, text=None)
    people = [
        AccountName(str(user_id))
        for each in several(message, "mentioned_users", most=MOST_MENTIONS)
        if (user_id := optional_number(each, "id")) and not places.unheard(source, user_id, optional_text(each, "username"))
    ]
    return tuple(replace(mention, person=each, revision=each) for each in dict.fromkeys(people) if each != said.actor)


def _read_changed(source: Source, message: JSON, channel: JSON, event: str) -> Reading:
    if reason := _unheard(source, message):
        return ignored(reason)
    if event == "chat_message_restored":
        restored = _act(source, message, channel, Event.RESTORED, Kind.RESTORE)
        return Reading(decided=(replace(restored, revision=restored.happened, text=None),))
    words = (optional_text(message, "message") or "").encode(errors="replace")
    edited = _act(source, message, channel, Event.EDITED, Kind.EDIT)
    return Reading(decided=(replace(edited, revision=hashlib.blake2b(words, digest_size=8).hexdigest()),))


def _read_trashed(source: Source, message: JSON, channel: JSON, refused: Reason | None) -> Reading:
    """Read that a message was deleted; if the message was heard, so is this, even if its channel no longer is."""
    author, remover = _author(message), optional_number(message, "deleted_by_id")
    foreign = remover is not None and str(remover) != author and not places.unheard(source, remover, None)
    deleted = replace(
        _act(source, message, channel, Event.DELETED, Kind.REMOVE if foreign else Kind.DELETE),
        actor=AccountName(str(remover)) if foreign else author or NOBODY,
        author=author if foreign else None,
        happened=optional_time(message, "deleted_at") or time(message, "created_at"),
        revision=optional_time(message, "deleted_at") or "",
        place=None if refused else _place(source, channel),
        text=None,
    )
    if refused or author is None or _unheard(source, message):
        return Reading(undecided=(Undecided(Rule.WITHDRAWAL, deleted.artefact.native, deleted),))
    return Reading(decided=(deleted,))
