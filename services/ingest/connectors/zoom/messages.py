"""What people say in the channels of Zoom's Team Chat, and that they change it or take it back.

`team_chat.channel_message_*` tell it and, as of old, `chat_message.*`, which call its id and what it replies to otherwise.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from msgspec.structs import replace

from services.ingest.connectors import sessions
from services.ingest.connectors.fields import (
    Unheard,
    member,
    opaque,
    optional_identifier,
    optional_opaque,
    optional_text,
    several,
)
from services.ingest.connectors.zoom import places
from services.ingest.domain.interaction import NOBODY, AccountName, Artefact, Event, Interaction, Kind, Place
from services.ingest.domain.reading import Known, Reading, Reason, Rule, Undecided
from services.ingest.domain.source import Source
from services.ingest.domain.text import asks
from shared.xapi.model import JSON

MOST_MENTIONED: Final = 50
MOST_FILES: Final = 10
TO_ONE: Final = "to_contact"


def read_posted(source: Source, document: JSON) -> Reading:
    """Read that somebody posted a message, or replied to one."""
    payload, said = member(document, "payload"), member(document, "payload", "object")
    place = sessions.heard(source, channel_of(source, said))
    artefact, happened = message_of(place, said), places.moment(said, "timestamp")
    replied_to = optional_opaque(said, "reply_main_message_id") or optional_opaque(said, "parent_msg_id")
    root = places.message(place, replied_to) if replied_to else artefact
    if reason := places.unheard(source, *places.operator(payload)):
        return Reading(known=(Known(artefact, root.native, None, False, happened),), ignored=(reason,))

    words = optional_text(said, "message") or ""
    question = root == artefact and (asks(words) or place.id in source.policy.question_channels)
    made = Interaction(
        event=Event.CREATED,
        kind=Kind.ASK if question else Kind.POST,
        artefact=artefact,
        actor=places.actor(source, *places.operator(payload)),
        happened=happened,
        place=place,
        text=source.policy.text(words),
    )
    known = (Known(artefact, root.native, made.actor, question, happened),)
    beside = (*_mentions(source, said, made), *_files(source, said, made))
    if root == artefact:
        return Reading(decided=(made, *beside), known=known)
    reply = replace(made, kind=Kind.REPLY, parent=root, root=root)
    return Reading(decided=beside, undecided=(Undecided(Rule.REPLY, root.native, reply),), known=known)


def read_updated(source: Source, document: JSON) -> Reading:
    """Read that a message was edited, at the time of its event: the message's own time is that at which it was sent."""
    payload, said = member(document, "payload"), member(document, "payload", "object")
    place = sessions.heard(source, channel_of(source, said))
    editor, changed = places.actor(source, *places.operator(payload)), places.moment(document, "event_ts")
    words = source.policy.text(optional_text(said, "message"))
    edited = _change(message_of(place, said), place, editor, Event.EDITED, changed)
    return Reading(decided=(replace(edited, text=words),))


def read_deleted(source: Source, document: JSON) -> Reading:
    """Read that a message was taken back: heard even where its channel no longer is, if the message had been.

    Who did is its author, or somebody who looks after the channel.
    """
    payload, said = member(document, "payload"), member(document, "payload", "object")
    place, changed = channel_of(source, said), places.moment(document, "event_ts")
    artefact = message_of(place, said)
    try:
        sessions.heard(source, place)
        deleter = places.actor(source, *places.operator(payload))
    except Unheard:
        deleted = _change(artefact, None, NOBODY, Event.DELETED, changed)
        return Reading(undecided=(Undecided(Rule.WITHDRAWAL, artefact.native, deleted),))
    deleted = _change(artefact, place, deleter, Event.DELETED, changed)
    return Reading(undecided=(Undecided(Rule.DELETION, artefact.native, deleted),))


def channel_of(source: Source, said: JSON) -> Place:
    """Return the channel in which it happened; raise Unheard where it was said to one person, Incomplete where none is named."""
    if member(said, "type") == TO_ONE:
        raise Unheard(Reason.DIRECT_MESSAGE)
    return places.channel(source, opaque(said, "channel_id"))


def message_of(place: Place, said: JSON) -> Artefact:
    """Return the message that *said* is, or is about; raise Incomplete where none is named."""
    return places.message(place, optional_opaque(said, "message_id") or opaque(said, "id"))


def _mentions(source: Source, said: JSON, made: Interaction) -> Iterator[Interaction]:
    """Return whom a message mentions by name: not everybody in the channel, and nobody from elsewhere."""
    items = member(said, "at_items")
    named = [optional_identifier(each, "at_contact_user_id") for each in items] if isinstance(items, list) else []
    bare = replace(made, event=Event.MENTIONED, kind=Kind.MENTION, text=None)
    for name in list(dict.fromkeys(each for each in named if each))[:MOST_MENTIONED]:
        if name != made.actor and name not in source.policy.excluded:
            yield replace(bare, person=AccountName(name), revision=name)


def _files(source: Source, said: JSON, made: Interaction) -> Iterator[Interaction]:
    """Return that files came with a message."""
    attached = replace(made, kind=Kind.ATTACH, parent=made.artefact, text=None)
    for name in dict.fromkeys(optional_opaque(each, "file_id") for each in several(said, "files", most=MOST_FILES)):
        if name is not None:
            yield replace(attached, artefact=places.file(source, name))


def _change(artefact: Artefact, place: Place | None, actor: AccountName, event: Event, changed: str) -> Interaction:
    return Interaction(
        event=event,
        kind=Kind.EDIT if event is Event.EDITED else Kind.DELETE,
        artefact=artefact,
        actor=actor,
        happened=changed,
        place=place,
        revision=changed,
    )
