"""What an entry of a feed says: a post on a blog, a comment on one, or that either was changed."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from msgspec.structs import replace

from services.ingest.connectors.feeds import tombstones
from services.ingest.connectors.fields import Incomplete, fits, if_whole, member, optional_text, optional_time
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
from services.ingest.domain.reading import Known, Reading, Reason, Rule, Undecided, ignored, joined
from services.ingest.domain.source import Source
from services.ingest.domain.text import from_html
from shared.xapi.model import JSON
from shared.xapi.timestamps import instant
from shared.xapi.validation import is_iri

LONGEST: Final = 800
LONGEST_NAME: Final = 200
LONGEST_TEXT: Final = 200_000
MOST_TAGS: Final = 50
MOST_ENCLOSURES: Final = 10
NAMELESS: Final = "anonymous"
"""Whom WordPress and Blogger write for all who leave no name: many, and none of them known."""
MADE: Final = "post"
"""The verb of what was made (activitystrea.ms/specs/atom/1.0): GNU social, Friendica and Hubzilla also list likes and shares."""
AT_ONCE: Final = timedelta(minutes=5)
"""A post that was changed no later than this after it was published was published so."""


@dataclass(frozen=True, slots=True)
class Shelf:
    """Where entries stand: in a feed of *comments* or of posts; *parent* is the post, where all of them are upon one.

    *told* says of entries that were told before when they had been changed last; it is None where that is not remembered.
    """

    comments: bool = False
    parent: Artefact | None = None
    told: Mapping[str, JSON] | None = None


def read_entries(source: Source, feed: JSON, shelf: Shelf) -> Reading:
    """Say what a feed tells; an entry that lacks what its statement needs is left out, and the others are not."""
    entries = member(feed, "entries")
    if not isinstance(entries, list):
        raise Incomplete("entries")
    deleted = [each for each in tombstones.gone(feed) if mark(tombstones.mark(each)) not in (shelf.told or {})]
    found = [*(if_whole(_read, source, feed, each, shelf) for each in entries)]
    found += [if_whole(tombstones.read_tombstone, each) for each in deleted]
    return joined(found) if found else Reading()


def _read(source: Source, feed: JSON, entry: JSON, shelf: Shelf) -> Reading:
    native, parent = native_of(entry), shelf.parent or _parent(entry, shelf)
    before = shelf.told.get(mark(native)) if shelf.told is not None else None
    if before is not None and before == changed(entry):
        return Reading()
    if reason := _refusal(source, entry):
        return ignored(reason)
    if not _is_made(entry):
        return ignored(Reason.UNMAPPED)
    artefact = _artefact(entry, native, ArtefactType.COMMENT if parent else ArtefactType.ARTICLE)
    actor = account(source, None if parent else feed, entry)
    happened = optional_time(entry, "published") or optional_time(entry, "updated")
    if happened is None:
        raise Incomplete("published")
    if actor is None or is_excluded(source, entry, actor):
        reason = Reason.EXCLUDED_ACCOUNT if actor else Reason.ACTOR_UNKNOWN
        return Reading(known=_known(artefact, None, happened), ignored=(reason,))
    told = Interaction(
        event=Event.CREATED,
        kind=Kind.COMMENT if parent else Kind.CREATE,
        artefact=artefact,
        actor=actor,
        happened=happened,
        place=place(source),
        text=source.policy.text(from_html((optional_text(entry, "content") or "")[:LONGEST_TEXT])),
        tags=_tags(source, entry),
        parent=parent,
        root=parent if parent and parent.type is ArtefactType.ARTICLE else None,
    )
    later = before is not None or (shelf.told is None and _was_changed(entry))
    return _changed(told, entry) if later else _made(told, entry)


def _made(told: Interaction, entry: JSON) -> Reading:
    known = _known(told.artefact, told.actor, told.happened)
    if told.parent is not None:
        return Reading(undecided=(Undecided(Rule.COMMENT, told.parent.native, told),), known=known)
    return Reading(decided=(told, *_enclosures(told, entry)), known=known)


def _changed(told: Interaction, entry: JSON) -> Reading:
    updated = optional_time(entry, "updated")
    if updated is None:
        return ignored(Reason.UNCHANGED)
    edited = replace(
        told, event=Event.EDITED, kind=Kind.EDIT, happened=updated, revision=updated, parent=None, root=None, tags=()
    )
    return Reading(decided=(edited,), known=_known(told.artefact, told.actor, told.happened))


def native_of(entry: JSON) -> NativeId:
    """Return what names *entry* for good: its id, or else its address; raise Incomplete where it has neither."""
    found = optional_text(entry, "id") or optional_text(entry, "link")
    if found is None or not fits(found, LONGEST) or not found.isprintable():
        raise Incomplete("id")
    return NativeId(found)


def mark(native: NativeId) -> str:
    """Shorten an id, so that many can be remembered."""
    return hashlib.blake2b(native.encode(errors="replace"), digest_size=8).hexdigest()


def changed(entry: JSON) -> str:
    """Return when *entry* was changed last, empty where that is not told."""
    return optional_time(entry, "updated") or ""


def place(source: Source) -> Place:
    """Return the blog."""
    return Place(ChannelId(source.workspace), source.workspace, PlaceType.BLOG)


def account(source: Source, feed: JSON, entry: JSON) -> AccountName | None:
    """Return who wrote *entry*, by a page or a name, never by an e-mail address; else whose the *feed* is.

    Where it was taken from another feed, as a planet of blogs does, whose that is comes first (RFC 4287, section 4.2.1).
    """
    whose = () if feed is None else (member(entry, "sourceAuthor"), member(feed, "author"))
    for author in (member(entry, "author"), *whose):
        uri, name, email = (optional_text(author, each) for each in ("uri", "name", "email"))
        if uri and fits(uri, LONGEST) and is_iri(uri):
            return AccountName(uri)
        if name and name.casefold() == NAMELESS:
            return None
        if name and "@" not in name and name.isprintable():
            return AccountName(name[:LONGEST_NAME])
        if found := email or name:
            return AccountName(hashlib.sha1(f"mailto:{found.lower()}".encode(errors="replace")).hexdigest())  # noqa: S324  as xAPI's mbox_sha1sum
    otherwise = source.options.get("author") if feed is not None else None
    return AccountName(otherwise) if otherwise else None


def _is_made(entry: JSON) -> bool:
    verb = optional_text(entry, "verb")
    return verb is None or verb.rpartition("/")[2] == MADE


def is_excluded(source: Source, entry: JSON, actor: AccountName) -> bool:
    """Say whether whoever wrote *entry* is excluded, by account, name or e-mail address."""
    named = {actor.casefold(), *((optional_text(entry, "author", each) or "").casefold() for each in ("name", "email"))}
    return not named.isdisjoint(each.casefold() for each in source.policy.excluded)


def _refusal(source: Source, entry: JSON) -> Reason | None:
    """Say why *entry* is not ours to hear: where only some categories, or the blog by its address, are heard."""
    channels = source.policy.channels
    heard = not channels or source.workspace in channels or not channels.isdisjoint(map(ChannelId, _categories(entry)))
    return None if heard else Reason.CHANNEL_NOT_ALLOWED


def _categories(entry: JSON) -> list[str]:
    found = member(entry, "categories")
    return [each for each in found[:MOST_TAGS] if isinstance(each, str)] if isinstance(found, list) else []


def _tags(source: Source, entry: JSON) -> tuple[str, ...]:
    """Return the categories, which are words of the entry: only where text is kept."""
    kept = (source.policy.text(each[:100]) for each in _categories(entry) if each.strip().isprintable())
    return tuple({each.casefold(): each for each in kept if each}.values())


def _artefact(entry: JSON, native: NativeId, kind: ArtefactType) -> Artefact:
    title = optional_text(entry, "title") if kind is ArtefactType.ARTICLE else None
    return Artefact(native, _address(optional_text(entry, "link"), native, "link"), kind, title)


def _address(link: str | None, native: str, name: str) -> str:
    """Return the IRI that statements use for an address; raise Incomplete where there is none."""
    found = next((each for each in (link, native) if each and fits(each, LONGEST) and is_iri(each)), None)
    if found is None:
        raise Incomplete(name)
    return found


def _parent(entry: JSON, shelf: Shelf) -> Artefact | None:
    """Return what *entry* comments on: what it names (RFC 4685), or the page that it stands on where it is a comment."""
    ref, href = optional_text(entry, "replyTo", "ref"), optional_text(entry, "replyTo", "href")
    if ref or href:
        return named(ref or href or "", href)
    if not shelf.comments:
        return None
    page, fragment, _ = (optional_text(entry, "link") or "").partition("#")
    return named(page, page) if fragment else None


def named(native: str, link: str | None) -> Artefact:
    """Return a post, or a comment, that is only named; raise Incomplete where its name is none."""
    if not native or not fits(native, LONGEST) or not native.isprintable():
        raise Incomplete("in-reply-to")
    address = _address(link, native, "in-reply-to")
    return Artefact(NativeId(native), address, ArtefactType.COMMENT if "#" in address else ArtefactType.ARTICLE)


def _known(artefact: Artefact, author: AccountName | None, happened: str) -> tuple[Known, ...]:
    """Remember an artefact by its id, and by its address: whoever comments on it names it by either."""
    known = Known(artefact, artefact.native, author, question=False, happened=happened)
    alias = replace(artefact, native=NativeId(artefact.iri))
    return (known,) if alias.native == artefact.native else (known, replace(known, artefact=alias))


def _was_changed(entry: JSON) -> bool:
    published, updated = optional_time(entry, "published"), optional_time(entry, "updated")
    return bool(published and updated) and instant(str(updated)) - instant(str(published)) > AT_ONCE


def _enclosures(told: Interaction, entry: JSON) -> tuple[Interaction, ...]:
    """Return that files came with a post: an episode, a picture."""
    found = member(entry, "enclosures")
    given = [each for each in found if isinstance(each, str)] if isinstance(found, list) else []
    places = dict.fromkeys(each for each in given if fits(each, LONGEST) and is_iri(each) and each != told.artefact.iri)
    bare = replace(told, kind=Kind.ATTACH, parent=told.artefact, root=None, text=None, tags=())
    return tuple(
        replace(bare, artefact=Artefact(NativeId(f"{told.artefact.native} {each}"), each, ArtefactType.FILE))
        for each in list(places)[:MOST_ENCLOSURES]
    )
