"""Webex's messages and memberships (developer.webex.com/docs/api/v1/messages)."""

from __future__ import annotations

import hashlib
from typing import Final

from msgspec.structs import replace

from services.ingest.connectors.fields import (
    Incomplete,
    Unheard,
    member,
    opaque,
    optional_opaque,
    optional_text,
    optional_time,
    time,
)
from services.ingest.connectors.webex import places
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
from services.ingest.domain.reading import Known, Reading, Reason, Rule, Undecided, ignored
from services.ingest.domain.source import Source
from services.ingest.domain.text import asks, from_html
from shared.xapi.model import JSON

MOST: Final = 50
LONGEST_HTML: Final = 200_000
MEMBERSHIPS: Final = {"created": (Event.JOINED, Kind.JOIN), "deleted": (Event.LEFT, Kind.LEAVE)}


def read_message(source: Source, document: JSON) -> Reading:
    """Read a message that was said, as it stands; one that was edited since does not say any more what it first said."""
    name, space = opaque(document, "id"), places.room(document)
    if reason := _refusal(source, document, space):
        return ignored(reason)
    happened, edited = time(document, "created"), bool(optional_time(document, "updated"))
    said, root = places.message(source, space, name), places.message(source, space, _root(document))
    try:
        actor = places.person(source, document)
    except Unheard as unheard:
        return Reading(known=(Known(said, root.native, None, False, happened, not edited),), ignored=(unheard.reason,))
    interaction = _said(source, document, said, root, actor)
    known = (Known(said, root.native, actor, interaction.kind is Kind.ASK, happened, not edited),)
    beside = () if edited else (*_mentions(source, document, interaction), *_files(document, interaction))
    interaction = replace(interaction, text=None) if edited else interaction
    if interaction.root is not None:
        return Reading(decided=beside, undecided=(Undecided(Rule.REPLY, root.native, interaction),), known=known)
    if edited:
        return Reading(undecided=(Undecided(Rule.BARE_TOPIC, said.native, interaction),), known=known)
    return Reading(decided=(interaction, *beside), known=known)


def _root(document: JSON) -> str:
    return optional_opaque(document, "parentId") or opaque(document, "id")


def _said(source: Source, document: JSON, said: Artefact, root: Artefact, actor: AccountName) -> Interaction:
    space, begins = places.room(document), said.native == root.native
    question = space in source.policy.question_channels or asks(_words(document))
    kind = Kind.ASK if question else Kind.POST
    return Interaction(
        event=Event.CREATED,
        kind=kind if begins else Kind.REPLY,
        artefact=said,
        actor=actor,
        happened=time(document, "created"),
        place=places.place(source, space),
        parent=None if begins else root,
        root=None if begins else root,
        text=_kept(source, document),
    )


def read_edit(source: Source, document: JSON) -> Reading:
    """Read that a message was edited, last at the time that it shows."""
    space, edited = places.room(document), optional_time(document, "updated")
    if reason := _refusal(source, document, space):
        return ignored(reason)
    if edited is None:
        return ignored(Reason.UNCHANGED)
    try:
        actor = places.person(source, document)
    except Unheard as unheard:
        return ignored(unheard.reason)
    interaction = Interaction(
        event=Event.EDITED,
        kind=Kind.EDIT,
        artefact=places.message(source, space, opaque(document, "id")),
        actor=actor,
        happened=edited,
        place=places.place(source, space),
        revision=edited,
        text=_kept(source, document),
    )
    return Reading(decided=(interaction,))


def read_delete(source: Source, document: JSON, caused: str | None = None) -> Reading:
    """Read that a message was taken back, of which Webex tells no time: it is told at the time of the message.

    Who *caused* the event is its author, or another (developer.webex.com/docs/api/guides/webhooks, `actorId`).
    """
    name, space = opaque(document, "id"), places.room(document)
    happened = optional_time(document, "created") or places.made_at(name)
    if happened is None:
        raise Incomplete("created")
    refused, author = _refusal(source, document, space), optional_opaque(document, "personId")
    foreign = caused and author and not places.is_same(caused, author) and caused not in source.policy.excluded
    interaction = Interaction(
        event=Event.DELETED,
        kind=Kind.REMOVE if foreign else Kind.DELETE,
        artefact=places.message(source, space, name),
        actor=AccountName(caused) if caused and foreign else NOBODY,
        happened=happened,
        place=None if refused else places.place(source, space),
    )
    return Reading(undecided=(Undecided(Rule.WITHDRAWAL, interaction.artefact.native, interaction),))


def read_membership(source: Source, event: str, document: JSON) -> Reading:
    """Read that somebody joined or left a space; of the second Webex tells no time but when they had joined."""
    space = places.room(document)
    if reason := _refusal(source, document, space):
        return ignored(reason)
    if event not in MEMBERSHIPS:
        return ignored(Reason.UNMAPPED)
    try:
        actor = places.person(source, document)
    except Unheard as unheard:
        return ignored(unheard.reason)
    (happening, kind), place = MEMBERSHIPS[event], places.place(source, space)
    interaction = Interaction(
        event=happening,
        kind=kind,
        artefact=Artefact(NativeId(place.id), place.iri, ArtefactType.GROUP),
        actor=actor,
        happened=time(document, "created"),
        place=place,
        revision=f"{actor} {time(document, 'created')}",
    )
    return Reading(decided=(interaction,))


def _refusal(source: Source, document: JSON, space: ChannelId) -> Reason | None:
    return places.refusal(source, space, optional_text(document, "roomType"))


def _words(document: JSON) -> str:
    """Return what a message says: where it was written with links, with where they lead."""
    html = optional_text(document, "html")
    return from_html(html[:LONGEST_HTML]) if html else optional_text(document, "text") or ""


def _kept(source: Source, document: JSON) -> str | None:
    """Return the text that the source's policy keeps: never that of a direct message."""
    return None if member(document, "roomType") == places.DIRECT else source.policy.text(_words(document))


def _mentions(source: Source, document: JSON, made: Interaction) -> tuple[Interaction, ...]:
    bare = replace(made, text=None)
    return tuple(
        replace(bare, event=Event.MENTIONED, kind=Kind.MENTION, person=AccountName(each), revision=each)
        for each in places.named(document, "mentionedPeople", MOST)
        if each != made.actor and each not in source.policy.excluded
    )


def _files(document: JSON, made: Interaction) -> tuple[Interaction, ...]:
    """Return that files came with a message, each named by where Webex keeps it."""
    beside = replace(made, kind=Kind.ATTACH, parent=made.artefact, text=None)
    return tuple(replace(beside, artefact=_file(made.artefact, each)) for each in places.named(document, "files", MOST))


def _file(message: Artefact, address: str) -> Artefact:
    digest = hashlib.blake2b(address.encode(), digest_size=8).hexdigest()
    return Artefact(NativeId(f"{message.native}/files/{digest}"), f"{message.iri}#file-{digest}", ArtefactType.FILE)
