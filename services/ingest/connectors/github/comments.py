"""GitHub's comments in discussions, issues and pull requests: replies, or answers where a question began the thread.

Each delivery shows the whole head of its thread, so nothing has to wait for it.
"""

from __future__ import annotations

from services.ingest.connectors.fields import identifier, member, optional_identifier, optional_text, time
from services.ingest.connectors.github import changes, places, threads
from services.ingest.connectors.github.places import Repository, Told
from services.ingest.connectors.github.threads import Thread
from services.ingest.domain.interaction import Artefact, ArtefactType, Event, Interaction, Kind, NativeId
from services.ingest.domain.reading import Reading, Reason, ignored
from shared.xapi.model import JSON


def comment_on(repo: Repository, discussion: Artefact, comment: JSON) -> Artefact:
    """Return the *comment* of a discussion."""
    return _named(repo, discussion, identifier(comment, "id"))


def _named(repo: Repository, discussion: Artefact, name: str) -> Artefact:
    native = NativeId(f"{repo.id}/discussions/comments/{name}")
    return Artefact(native, f"{discussion.iri}#discussioncomment-{name}", ArtefactType.FORUM_POST)


def read_discussion_comment(told: Told) -> Reading:
    """Read what happened to a comment in a discussion: only one that replies to no other comment answers."""
    repo, comment = places.repository(told), member(told.document, "comment")
    thread = threads.discussion(told.source, repo, member(told.document, "discussion"))
    above = optional_identifier(comment, "parent_id")
    parent = _named(repo, thread.artefact, above) if above else thread.artefact
    return _read(told, repo, thread, comment_on(repo, thread.artefact, comment), parent)


def read_issue_comment(told: Told) -> Reading:
    """Read what happened to a comment on an issue or a pull request."""
    repo, name = places.repository(told), identifier(told.document, "comment", "id")
    thread = threads.issue(told.source, repo, member(told.document, "issue"))
    native, iri = NativeId(f"{repo.id}/issues/comments/{name}"), f"{thread.artefact.iri}#issuecomment-{name}"
    return _read(told, repo, thread, Artefact(native, iri, ArtefactType.FORUM_POST), thread.artefact)


def _read(told: Told, repo: Repository, thread: Thread, artefact: Artefact, parent: Artefact) -> Reading:
    comment = member(told.document, "comment")
    match member(told.document, "action"):
        case "deleted":
            return changes.deleted(told, repo, comment, artefact)
        case _ if reason := places.refusal(told.source, repo):
            return ignored(reason)
        case "created":
            return _created(told, repo, thread, artefact, parent)
        case "edited":
            return changes.edited(told, repo, comment, artefact)
        case _:
            return ignored(Reason.UNMAPPED)


def _created(told: Told, repo: Repository, thread: Thread, artefact: Artefact, parent: Artefact) -> Reading:
    comment, author = member(told.document, "comment"), member(told.document, "comment", "user")
    actor, upon_root = places.account(author, "user"), parent.native == thread.artefact.native
    interaction = Interaction(
        event=Event.CREATED,
        kind=Kind.ANSWER if thread.asks and upon_root and thread.author != actor else Kind.REPLY,
        artefact=artefact,
        actor=actor,
        happened=time(comment, "created_at"),
        place=places.place(repo),
        parent=parent,
        root=thread.artefact,
        author=thread.author if upon_root else None,
        text=told.source.policy.text(optional_text(comment, "body")),
    )
    return changes.made(told.source, interaction, author, thread.artefact.native)
