"""Discourse's posts: written, edited, destroyed, recovered."""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace

from services.ingest.connectors.discourse import places
from services.ingest.connectors.fields import member, number, optional_number, optional_text, time
from services.ingest.domain.interaction import NOBODY, AccountName, Artefact, Event, Interaction, Kind, Place
from services.ingest.domain.reading import Known, Reading, Reason, Rule, Undecided, ignored, withdrawal
from services.ingest.domain.source import Source
from services.ingest.domain.text import from_html
from shared.xapi.model import JSON

OUT_OF_SIGHT: Final = frozenset({Reason.PRIVATE_CHANNEL, Reason.DIRECT_MESSAGE, Reason.GONE})
"""Why something is not heard that was, perhaps: its topic was moved to where not everybody sees it, or it is hidden itself."""
LONGEST_HTML: Final = 200_000
"""More rendered text than Discourse takes in one post."""


def read_post(source: Source, event: str, post: JSON) -> Reading:
    """Read what happened to a post; raise Incomplete where it lacks what it needs."""
    refused = places.refusal(source, post)
    match event:
        case "post_destroyed":
            return _read_destroyed(source, post, refused)
        case _ if refused:
            moved = event == "post_edited" and refused in OUT_OF_SIGHT
            return withdrawn(post, artefact_of(source, post), refused) if moved else ignored(refused)
        case "post_created":
            return _read_created(source, post)
        case "post_edited":
            return _read_edited(source, post)
        case "post_recovered":
            return _read_recovered(source, post)
        case _:
            return ignored(Reason.UNMAPPED)


def artefact_of(source: Source, post: JSON) -> Artefact:
    """Return the artefact that *post* is."""
    return places.post(source, places.positive(post, "topic_id"), places.positive(post, "post_number"))


def text_of(source: Source, post: JSON) -> str | None:
    """Return what *post* says, if the source's policy keeps it: never that of a private message."""
    if optional_text(post, "topic_archetype") == places.PRIVATE_MESSAGE:
        return None
    return source.policy.text(_said(post))


def _said(post: JSON) -> str:
    return optional_text(post, "raw") or from_html((optional_text(post, "cooked") or "")[:LONGEST_HTML])


def _read_created(source: Source, post: JSON) -> Reading:
    topic_id, happened = places.positive(post, "topic_id"), time(post, "created_at")
    artefact, topic = artefact_of(source, post), places.topic(source, topic_id)
    author = places.author(source, post)
    first = artefact.native == topic.native
    title, category = optional_text(post, "topic_title"), places.place(source, post)
    question = first and author is not None and places.is_question(source, category, title, _said(post))
    known = (Known(artefact, topic.native, author, question, happened),)
    if author is None:
        return Reading(known=known, ignored=(_unheard(source, post),))

    if first:
        made = topic_interaction(places.topic(source, topic_id, title), author, happened, category, asks=question)
        return Reading(decided=(replace(made, text=text_of(source, post)),), known=known)
    reply = Interaction(
        event=Event.CREATED,
        kind=Kind.REPLY,
        artefact=artefact,
        actor=author,
        happened=happened,
        place=category,
        parent=places.post(source, topic_id, _replied_to(post)),
        root=topic,
        text=text_of(source, post),
    )
    return Reading(undecided=(Undecided(Rule.REPLY, topic.native, reply),), known=known)


def topic_interaction(topic: Artefact, author: AccountName, happened: str, category: Place | None, *, asks: bool) -> Interaction:
    """Return that *author* began *topic*."""
    kind = Kind.ASK if asks else Kind.POST
    return Interaction(event=Event.CREATED, kind=kind, artefact=topic, actor=author, happened=happened, place=category)


def _replied_to(post: JSON) -> int:
    """Return the number of the post that was replied to: the topic's first where none is named."""
    return max(optional_number(post, "reply_to_post_number") or places.FIRST, places.FIRST)


def _unheard(source: Source, post: JSON) -> Reason:
    return places.unheard(source, number(post, "user_id"), optional_text(post, "username")) or Reason.BOT


def _read_edited(source: Source, post: JSON) -> Reading:
    author = places.author(source, post)
    if author is None:
        return ignored(_unheard(source, post))
    if places.is_deleted_by_author(post):
        return ignored(Reason.TOLD_ALREADY)
    version, changed = places.positive(post, "version"), places.changed_at(post)
    if version == 1 and changed == time(post, "created_at"):
        return ignored(Reason.UNCHANGED)
    if member(post, "wiki") is True:
        return ignored(Reason.ACTOR_UNKNOWN)  # anybody may have edited it, and Discourse does not say who did
    return Reading(decided=(_change(source, post, Event.EDITED, Kind.EDIT, author),))


def _read_recovered(source: Source, post: JSON) -> Reading:
    author = places.author(source, post)
    if author is None:
        return ignored(_unheard(source, post))
    return Reading(decided=(_change(source, post, Event.RESTORED, Kind.RESTORE, author),))


def _read_destroyed(source: Source, post: JSON, refused: Reason | None) -> Reading:
    """Read that a post was deleted; if the post was heard, so is this, even if its category no longer is."""
    user_id = optional_number(post, "user_id")
    if (user_id is not None and user_id < 1) or refused in (Reason.WHISPER, Reason.SYSTEM_MESSAGE):
        return ignored(refused or Reason.BOT)
    author = NOBODY if user_id is None else AccountName(str(user_id))
    actor, kind = deleter(source, post, author)
    deleted = _change(source, post, Event.DELETED, kind, actor)
    if refused or places.author(source, post) is None:
        return Reading(undecided=(Undecided(Rule.WITHDRAWAL, deleted.artefact.native, deleted),))
    return Reading(decided=(deleted,))


def withdrawn(document: JSON, artefact: Artefact, reason: Reason) -> Reading:
    """Take back a post that is no longer visible, if it was heard while it was."""
    changed = places.changed_at(document)
    waiting = withdrawal(artefact, changed, kind=Kind.REMOVE, revision=f"hidden {changed}")
    return Reading(undecided=(waiting,), ignored=(reason,))


def deleter(source: Source, document: JSON, author: AccountName) -> tuple[AccountName, Kind]:
    """Return who took *document* back, and whether that was its author; where Discourse does not say, it was."""
    if places.is_deleted_by_author(document):
        return author, Kind.DELETE
    user_id = optional_number(document, "deleted_by", "id")
    user_name = optional_text(document, "deleted_by", "username")
    if user_id is None or str(user_id) == author or places.unheard(source, user_id, user_name):
        return author, Kind.DELETE
    return AccountName(str(user_id)), Kind.REMOVE


def _change(source: Source, post: JSON, event: Event, kind: Kind, actor: AccountName) -> Interaction:
    """Return that *actor* changed *post*, in the version and at the time that it says."""
    author, changed = places.author(source, post), places.changed_at(post)
    return Interaction(
        event=event,
        kind=kind,
        artefact=artefact_of(source, post),
        actor=actor,
        happened=changed,
        place=places.place(source, post),
        revision=f"{optional_number(post, 'version') or 1} {changed}",
        author=author if author != actor else None,
        text=text_of(source, post) if kind is Kind.EDIT else None,
    )
