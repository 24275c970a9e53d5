"""Canvas' discussions: topics, and the entries in them. Canvas tells neither edits nor deletes of entries."""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace

from services.ingest.connectors.canvas import places
from services.ingest.connectors.canvas.places import Happening
from services.ingest.connectors.fields import Incomplete, member, optional_text, optional_time
from services.ingest.domain.interaction import NOBODY, AccountName, Event, Kind, Place
from services.ingest.domain.reading import Known, Reading, Reason, Rule, Undecided, ignored
from services.ingest.domain.source import Source
from services.ingest.domain.text import asks

UNSEEN: Final = frozenset({"unpublished", "post_delayed"})
"""States of a topic that its course cannot see yet."""


def read_topic(source: Source, happened: Happening) -> Reading:
    """Read that a topic was begun; one that is not published gives no statement, and is remembered without an author."""
    where, user = places.place(source, happened), places.actor(happened)
    if reason := places.refusal(source, where) or places.unheard(source, happened, user):
        return ignored(reason)
    if user is None:
        raise Incomplete("metadata/user_id")
    body, name = happened.body, places.title(happened.body)
    artefact = places.topic(places.base(source, where), places.required(happened, "discussion_topic_id"), name)
    question = _asks(source, happened, where)
    if optional_text(body, "workflow_state") in UNSEEN:
        draft = Known(artefact, artefact.native, None, question, happened.at, spoken=False)
        return Reading(known=(draft,), ignored=(Reason.UNMAPPED,))
    known = (Known(artefact, artefact.native, AccountName(user), question, happened.at),)
    made = places.act(happened, user, artefact, where, (Event.CREATED, Kind.ASK if question else Kind.POST))
    return Reading(decided=(replace(made, text=places.text(source, body, "body")),), known=known)


def read_changed_topic(source: Source, happened: Happening) -> Reading:
    """Read that a topic was edited, deleted or unpublished; Canvas reports the last two as changes of its state."""
    where, user = places.place(source, happened), places.actor(happened)
    artefact = places.topic(places.base(source, where), places.required(happened, "discussion_topic_id"))
    reason = places.refusal(source, where) or places.unheard(source, happened, user)
    if member(happened.body, "workflow_state") == "deleted":
        deleted = places.act(happened, user or "", artefact, None if reason else where, (Event.DELETED, Kind.DELETE))
        return (
            Reading(undecided=(Undecided(Rule.WITHDRAWAL, artefact.native, deleted),)) if reason else Reading(decided=(deleted,))
        )
    if optional_text(happened.body, "workflow_state") in UNSEEN:
        hidden = places.act(happened, user or NOBODY, artefact, None, (Event.DELETED, Kind.REMOVE))
        return Reading(undecided=(Undecided(Rule.WITHDRAWAL, artefact.native, hidden),))
    if reason or user is None:
        return ignored(reason or Reason.ACTOR_UNKNOWN)
    edited = places.act(happened, user, artefact, where, (Event.EDITED, Kind.EDIT))
    published = Known(artefact, artefact.native, edited.actor, _asks(source, happened, where), happened.at)
    told = replace(edited, revision=happened.at, text=places.text(source, happened.body, "body"))
    return Reading(decided=(told,), known=(published,))


def _asks(source: Source, happened: Happening, where: Place | None) -> bool:
    """Say whether a topic asks: by its title, or wherever it is for questions; never an announcement."""
    for_questions = where is not None and where.id in source.policy.question_channels
    announces = member(happened.body, "is_announcement") is True
    return not announces and (for_questions or asks(places.title(happened.body) or ""))


def read_entry(source: Source, happened: Happening) -> Reading:
    """Read an entry: at the top level of a topic it may be an answer, below another entry it is a reply."""
    where, user = places.place(source, happened), places.actor(happened, "user_id")
    if reason := places.refusal(source, where) or places.unheard(source, happened, user):
        return ignored(reason)
    if user is None:
        raise Incomplete("body/user_id")
    return _entry(source, happened, where, user)


def _entry(source: Source, happened: Happening, where: Place | None, user: str) -> Reading:
    body, base = happened.body, places.base(source, where)
    topic_name = places.required(happened, "discussion_topic_id")
    artefact, root = (
        places.entry(base, topic_name, places.required(happened, "discussion_entry_id")),
        places.topic(base, topic_name),
    )
    above = places.local(happened, body, "parent_discussion_entry_id")
    made = places.act(happened, user, artefact, where, (Event.CREATED, Kind.REPLY))
    reply = replace(
        made,
        happened=optional_time(body, "created_at") or happened.at,
        parent=places.entry(base, topic_name, above) if above else root,
        root=root,
        text=places.text(source, body, "text"),
    )
    known = (Known(artefact, root.native, reply.actor, False, reply.happened),)
    if above:
        return Reading(decided=(reply,), known=known)
    return Reading(undecided=(Undecided(Rule.REPLY, root.native, reply),), known=known)
