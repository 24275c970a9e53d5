"""GitHub's discussions: as any topic, and besides a comment may be chosen as the answer."""

from __future__ import annotations

from typing import Final

from services.ingest.connectors.fields import member, optional_time, time
from services.ingest.connectors.github import places, threads
from services.ingest.connectors.github.comments import comment_on
from services.ingest.connectors.github.places import Repository, Told
from services.ingest.connectors.github.threads import Thread
from services.ingest.connectors.github.topics import read_topic
from services.ingest.domain.interaction import Event, Interaction, Kind
from services.ingest.domain.reading import Reading, ignored

CHOSEN: Final = {
    "answered": (Event.ACCEPTED, Kind.ACCEPT, "answer"),
    "unanswered": (Event.UNACCEPTED, Kind.UNACCEPT, "old_answer"),
}


def read_discussion(told: Told) -> Reading:
    """Read what happened to a discussion."""
    repo, topic = places.repository(told), member(told.document, "discussion")
    thread, action = threads.discussion(told.source, repo, topic), member(told.document, "action")
    if not isinstance(action, str) or action not in CHOSEN:
        return read_topic(told, repo, topic, thread)
    return _chosen(told, repo, thread, action)


def _chosen(told: Told, repo: Repository, thread: Thread, action: str) -> Reading:
    """Read that somebody chose an answer, or took the choice back: GitHub tells the time only of the first."""
    (event, kind, name), source = CHOSEN[action], told.source
    topic, answer = member(told.document, "discussion"), member(told.document, name)
    chooser = (member(topic, "answer_chosen_by") if kind is Kind.ACCEPT else None) or member(told.document, "sender")
    if reason := places.refusal(source, repo) or places.unheard(source, chooser):
        return ignored(reason)
    chosen_at = optional_time(topic, "answer_chosen_at") if kind is Kind.ACCEPT else None
    happened = chosen_at or told.noticed or time(topic, "updated_at")
    interaction = Interaction(
        event=event,
        kind=kind,
        artefact=comment_on(repo, thread.artefact, answer),
        actor=places.account(chooser, "sender"),
        happened=happened,
        place=places.place(repo),
        revision=happened,
        parent=thread.artefact,
        root=thread.artefact,
        author=places.heard(source, member(answer, "user")),
    )
    return Reading(decided=(interaction,))
