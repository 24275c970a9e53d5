"""Bluesky's posts, as they are shown: with whom they mention, what they quote and attach (app.bsky.feed.defs#postView)."""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace

from services.ingest.connectors.bluesky import names
from services.ingest.connectors.fields import Incomplete, member, optional_text, several
from services.ingest.domain.interaction import Artefact, ArtefactType, Event, Interaction, Kind, NativeId
from services.ingest.domain.reading import Known, Reading, Rule, Undecided, ignored
from services.ingest.domain.source import Source
from services.ingest.domain.text import WEB, asks
from shared.xapi.model import JSON
from shared.xapi.validation import is_iri

LONGEST_ADDRESS: Final = 800


def read_view(source: Source, view: JSON, within: str | None = None) -> Reading:
    """Read a post; raise Incomplete where it lacks what it needs."""
    record, author = member(view, "record"), member(view, "author")
    if reason := names.unheard(source, author):
        return ignored(reason)
    return read_post(source, view, record, within)


def read_post(source: Source, view: JSON, record: JSON, within: str | None = None) -> Reading:
    """Read a post of which *record* is what its author wrote, and *view* says where it stands and how it is shown."""
    place = names.place(source, record, within)
    if reason := names.refusal(source, place):
        return ignored(reason)
    artefact, said = names.post(view, "uri"), _said(record)
    actor = names.author(view)
    replies = isinstance(member(record, "reply"), dict)
    question = not replies and asks(said)
    made = Interaction(
        event=Event.CREATED,
        kind=Kind.ASK if question else Kind.POST,
        artefact=artefact,
        actor=actor,
        happened=names.made_at(record, view),
        place=place,
        text=source.policy.text(said),
        tags=tuple(each for each in names.hashtags(record) if source.policy.text(each) and (not place or each != place.id)),
    )
    beside = (*_mentions(source, record, made), *_files(view, made), *_quotes(record, made))
    if not replies:
        return Reading(decided=(made, *beside), known=(Known(artefact, artefact.native, actor, question, made.happened),))
    parent, root = names.post(record, "reply", "parent", "uri"), names.post(record, "reply", "root", "uri")
    reply = replace(made, kind=Kind.REPLY, parent=parent, root=root)
    known = (Known(artefact, root.native, actor, False, made.happened),)
    return Reading(decided=beside, undecided=(Undecided(Rule.REPLY, root.native, reply),), known=known)


def _said(record: JSON) -> str:
    """Return what a post says, and behind it where links and a card lead that its words do not write out."""
    words = optional_text(record, "text") or ""
    cards = (member(record, "embed", "external"), member(record, "embed", "media", "external"))
    led = dict.fromkeys(optional_text(each, "uri") or "" for each in (*names.features(record, "link"), *cards))
    return " ".join(filter(None, (words, *(each for each in led if WEB.match(each) and each not in words))))


def _bare(made: Interaction) -> Interaction:
    return replace(made, text=None, tags=())


def _mentions(source: Source, record: JSON, made: Interaction) -> tuple[Interaction, ...]:
    people = dict.fromkeys(names.optional_did(each, "did") for each in names.features(record, "mention"))
    return tuple(
        replace(_bare(made), event=Event.MENTIONED, kind=Kind.MENTION, person=each, revision=each)
        for each in people
        if each and each != made.actor and each not in source.policy.excluded
    )


def _quotes(record: JSON, made: Interaction) -> tuple[Interaction, ...]:
    """Return that a post shares the one that it quotes; what else may be embedded, feeds and lists, is no post."""
    embedded = member(record, "embed", "record")
    try:
        quoted = names.post(member(embedded, "record") or embedded, "uri")
    except Incomplete:
        return ()
    author = names.optional_did({"did": names.parts({"uri": quoted.native}, "uri")[0]}, "did")
    shared = replace(_bare(made), event=Event.SHARED, kind=Kind.SHARE, artefact=quoted, revision=made.artefact.native)
    return (replace(shared, author=author if author != made.actor else None),)


def _files(view: JSON, made: Interaction) -> tuple[Interaction, ...]:
    """Return the pictures and videos of a post, where it is shown with them."""
    shown = (member(view, "embed"), member(view, "embed", "media"))
    pictures = [optional_text(each, "fullsize") for embed in shown for each in several(embed, "images")]
    videos = [optional_text(embed, "playlist") for embed in shown]
    return tuple(
        replace(
            _bare(made),
            kind=Kind.ATTACH,
            artefact=Artefact(NativeId(f"{made.artefact.native} {address}"), address, ArtefactType.FILE),
            parent=made.artefact,
        )
        for address in dict.fromkeys((*pictures, *videos))
        if address and len(address) <= LONGEST_ADDRESS and is_iri(address)
    )
