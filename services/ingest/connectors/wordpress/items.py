"""What WordPress says of a post, a page or a comment (`wp/v2`), and who wrote it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from msgspec.structs import replace

from services.ingest.connectors.fields import (
    Incomplete,
    fits,
    identifier,
    member,
    optional_number,
    optional_text,
    text,
    time,
)
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
from services.ingest.domain.reading import Known, Reading, Reason, Rule, Undecided, ignored
from services.ingest.domain.source import Source
from services.ingest.domain.text import from_html
from shared.xapi.model import JSON
from shared.xapi.validation import is_iri

LONGEST: Final = 800
LONGEST_TITLE: Final = 500
LONGEST_TEXT: Final = 200_000
COMMENT_PAGE: Final = re.compile(r"comment-page-[0-9]+/?$")
WRITTEN: Final = {"post": ("posts", ArtefactType.ARTICLE), "page": ("pages", ArtefactType.PAGE)}
"""What is written, by its `type`: the collection that it is in, and what it is."""
TYPES: Final = {**dict(WRITTEN.values()), "comments": ArtefactType.COMMENT}
"""What is in a collection."""


@dataclass(frozen=True, slots=True)
class Account:
    """Who wrote something: None for a guest, and why he or she is not heard, if so."""

    name: AccountName | None
    reason: Reason | None = None


def read_item(source: Source, item: JSON, *, edited: bool = False) -> Reading:
    """Say that something was written or, where it was told before, *edited*. Raise Incomplete where it lacks what it needs."""
    kind = optional_text(item, "type")
    if kind == "comment":
        return _comment(source, item)
    return _post(source, item, kind, edited=edited) if kind in WRITTEN else ignored(Reason.UNMAPPED)


def api(source: Source) -> str:
    """Return the address of the REST API."""
    return source.options.get("api", f"{source.workspace}/wp-json").rstrip("/")


def name_of(item: JSON) -> str:
    """Return what names *item* within its blog; raise Incomplete where nothing does."""
    kind = optional_text(item, "type") or ""
    return f"{WRITTEN[kind][0] if kind in WRITTEN else 'comments'}/{identifier(item, 'id')}"


def _post(source: Source, item: JSON, kind: str, *, edited: bool) -> Reading:
    artefact = Artefact(NativeId(name_of(item)), _link(item), WRITTEN[kind][1], _title(item))
    happened = time(item, "date_gmt")
    author = _author(source, item)
    known = Known(artefact, artefact.native, author.name, question=False, happened=happened)
    reason = _refusal(source, item) or author.reason
    if reason or author.name is None:
        return Reading(known=(known,), ignored=(reason or Reason.ACTOR_UNKNOWN,))
    told = Interaction(
        event=Event.CREATED,
        kind=Kind.CREATE,
        artefact=artefact,
        actor=author.name,
        happened=happened,
        place=place(source),
        text=source.policy.text(_said(item)),
    )
    if edited:
        changed = time(item, "modified_gmt")
        told = replace(told, event=Event.EDITED, kind=Kind.EDIT, happened=changed, revision=changed)
    return Reading(decided=(told,), known=(known,))


def _comment(source: Source, item: JSON) -> Reading:
    address, author = _link(item), _author(source, item)
    artefact = Artefact(NativeId(name_of(item)), address, ArtefactType.COMMENT)
    post, upon = _upon(item, address)
    happened = time(item, "date_gmt")
    known = Known(artefact, artefact.native, author.name, question=False, happened=happened)
    channels = source.policy.channels
    reason = Reason.CHANNEL_NOT_ALLOWED if channels and source.workspace not in channels else author.reason
    if reason or author.name is None:
        return Reading(known=(known,), ignored=(reason or Reason.ACTOR_UNKNOWN,))
    told = Interaction(
        event=Event.CREATED,
        kind=Kind.COMMENT,
        artefact=artefact,
        actor=author.name,
        happened=happened,
        place=place(source),
        text=source.policy.text(_said(item)),
        parent=upon,
        root=post,
    )
    return Reading(undecided=(Undecided(Rule.COMMENT, upon.native, told),), known=(known,))


def _upon(item: JSON, address: str) -> tuple[Artefact, Artefact]:
    """Return the post, or page, that a comment belongs to, and what it is upon: that, or another comment."""
    page = COMMENT_PAGE.sub("", address.partition("#")[0])
    up = member(item, "_links", "up")
    kind = optional_text(up[0], "post_type") if isinstance(up, list) and up else None
    collection, type_ = WRITTEN.get(kind or "post", WRITTEN["post"])
    post = Artefact(NativeId(f"{collection}/{identifier(item, 'post')}"), page, type_)
    above = optional_number(item, "parent")
    if not above or above < 0:
        return post, post
    return post, Artefact(NativeId(f"comments/{above}"), f"{page}#comment-{above}", ArtefactType.COMMENT)


def place(source: Source) -> Place:
    """Return the blog."""
    return Place(ChannelId(source.workspace), source.workspace, PlaceType.BLOG)


def _author(source: Source, item: JSON) -> Account:
    """Return who wrote *item*, by number; 0 is a guest, who has no account."""
    number = optional_number(item, "author")
    if not number or number < 0:
        return Account(None, Reason.ACTOR_UNKNOWN)
    named = {str(number), (optional_text(item, "author_name") or "").casefold()}
    if not named.isdisjoint(each.casefold() for each in source.policy.excluded):
        return Account(None, Reason.EXCLUDED_ACCOUNT)
    return Account(AccountName(str(number)))


def _refusal(source: Source, item: JSON) -> Reason | None:
    """Say why a post is not ours to hear: where only some categories, by number, or the blog by its address, are heard."""
    channels, found = source.policy.channels, member(item, "categories")
    categories = {ChannelId(str(each)) for each in found if isinstance(each, int)} if isinstance(found, list) else set()
    heard = not channels or source.workspace in channels or not channels.isdisjoint(categories)
    return None if heard else Reason.CHANNEL_NOT_ALLOWED


def _link(item: JSON) -> str:
    found = text(item, "link")
    if not fits(found, LONGEST) or not is_iri(found):
        raise Incomplete("link")
    return found


def _title(item: JSON) -> str | None:
    return from_html((optional_text(item, "title", "rendered") or "")[:LONGEST_TITLE]) or None


def _said(item: JSON) -> str:
    """Return what was written; nothing of what a password protects."""
    protected = member(item, "content", "protected") is True
    return "" if protected else from_html((optional_text(item, "content", "rendered") or "")[:LONGEST_TEXT])
