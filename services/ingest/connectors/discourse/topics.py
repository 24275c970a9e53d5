"""Discourse's topics: begun, destroyed, recovered. What is said in them comes as posts."""

from __future__ import annotations

from services.ingest.connectors.discourse import places
from services.ingest.connectors.discourse.posts import OUT_OF_SIGHT, deleter, topic_interaction, withdrawn
from services.ingest.connectors.fields import Incomplete, optional_number, optional_text, time
from services.ingest.domain.interaction import NOBODY, AccountName, Artefact, Event, Interaction, Kind
from services.ingest.domain.reading import Known, Reading, Reason, Rule, Undecided, ignored
from services.ingest.domain.source import Source
from shared.xapi.model import JSON


def read_topic(source: Source, event: str, topic: JSON) -> Reading:
    """Read what happened to a topic; raise Incomplete where it lacks what it needs."""
    refused = places.refusal(source, topic)
    match event:
        case "topic_destroyed":
            return _read_destroyed(source, topic, refused)
        case _ if refused:
            moved = event == "topic_edited" and refused in OUT_OF_SIGHT
            return withdrawn(topic, _artefact(source, topic), refused) if moved else ignored(refused)
        case "topic_created":
            return _read_created(source, topic)
        case "topic_recovered":
            return _read_recovered(source, topic)
        case _:
            return ignored(Reason.UNMAPPED)


def _read_created(source: Source, topic: JSON) -> Reading:
    """Learn who began a topic and whether it asks; its first post tells it, the topic itself only if that never comes."""
    artefact, happened, category = _artefact(source, topic), time(topic, "created_at"), places.place(source, topic)
    user_id = _user_id(topic)
    if reason := _unheard(source, topic):
        return Reading(known=(Known(artefact, artefact.native, None, False, happened, spoken=False),), ignored=(reason,))
    author = AccountName(str(user_id))
    question = places.is_question(source, category, artefact.title, "")
    known = Known(artefact, artefact.native, author, question, happened, spoken=False)
    bare = topic_interaction(artefact, author, happened, category, asks=question)
    return Reading(undecided=(Undecided(Rule.BARE_TOPIC, artefact.native, bare),), known=(known,))


def _read_recovered(source: Source, topic: JSON) -> Reading:
    if reason := _unheard(source, topic):
        return ignored(reason)
    return Reading(decided=(_change(source, topic, Event.RESTORED, Kind.RESTORE, AccountName(str(_user_id(topic)))),))


def _read_destroyed(source: Source, topic: JSON, refused: Reason | None) -> Reading:
    user_id = _optional_user_id(topic)
    if user_id is not None and user_id < 1:
        return ignored(refused or Reason.BOT)
    actor, kind = deleter(source, topic, NOBODY if user_id is None else AccountName(str(user_id)))
    deleted = _change(source, topic, Event.DELETED, kind, actor)
    if refused or user_id is None or _unheard(source, topic):
        return Reading(undecided=(Undecided(Rule.WITHDRAWAL, deleted.artefact.native, deleted),))
    return Reading(decided=(deleted,))


def _change(source: Source, topic: JSON, event: Event, kind: Kind, actor: AccountName) -> Interaction:
    changed = places.changed_at(topic)
    return Interaction(
        event=event,
        kind=kind,
        artefact=_artefact(source, topic),
        actor=actor,
        happened=changed,
        place=places.place(source, topic),
        revision=f"topic {changed}",
    )


def _artefact(source: Source, topic: JSON) -> Artefact:
    return places.topic(source, places.positive(topic, "id"), optional_text(topic, "title"))


def _user_id(topic: JSON) -> int:
    """Return who began the topic; raise Incomplete where nobody is named."""
    user_id = _optional_user_id(topic)
    if user_id is None:
        raise Incomplete("user_id")
    return user_id


def _optional_user_id(topic: JSON) -> int | None:
    """Return who began the topic, wherever this version of Discourse says so; None where that account is gone."""
    for path in (("user_id",), ("created_by", "id"), ("details", "created_by", "id")):
        user_id = optional_number(topic, *path)
        if user_id is not None:
            return user_id
    return None


def _unheard(source: Source, topic: JSON) -> Reason | None:
    return places.unheard(source, _user_id(topic), optional_text(topic, "created_by", "username"))
