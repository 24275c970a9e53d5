"""What people say on GitHub about each other's changes: on commits, on pull requests, on lines of them."""

from __future__ import annotations

from services.ingest.connectors.fields import identifier, member, optional_identifier, optional_text, optional_time, time
from services.ingest.connectors.github import changes, places, threads
from services.ingest.connectors.github.places import Repository, Told
from services.ingest.connectors.github.threads import Thread
from services.ingest.domain.interaction import Artefact, ArtefactType, Event, Interaction, Kind, NativeId
from services.ingest.domain.reading import Reading, Reason, ignored
from shared.xapi.model import JSON


def read_commit_comment(told: Told) -> Reading:
    """Read a comment on a commit."""
    repo, comment = places.repository(told), member(told.document, "comment")
    commit, name = identifier(comment, "commit_id"), identifier(comment, "id")
    changed = Artefact(NativeId(f"{repo.id}/commit/{commit}"), f"{repo.url}/commit/{commit}", ArtefactType.COMMIT)
    native = NativeId(f"{repo.id}/commits/comments/{name}")
    said = Artefact(native, f"{changed.iri}#commitcomment-{name}", ArtefactType.COMMENT)
    if member(told.document, "action") != "created":
        return ignored(Reason.UNMAPPED)
    return _commented(told, repo, comment, said, Thread(changed, None, asks=False))


def read_review(told: Told) -> Reading:
    """Read what a reviewer says of a pull request as a whole, or changes of that; a bare verdict says nothing."""
    repo, review = places.repository(told), member(told.document, "review")
    thread = threads.pull_request(told.source, repo, member(told.document, "pull_request"))
    name = identifier(review, "id")
    native, iri = NativeId(f"{repo.id}/reviews/{name}"), f"{thread.artefact.iri}#pullrequestreview-{name}"
    said, action = Artefact(native, iri, ArtefactType.COMMENT), member(told.document, "action")
    if action not in ("submitted", "edited") or not optional_text(review, "body"):
        return ignored(Reason.UNMAPPED)
    if action == "submitted":
        return _commented(told, repo, review, said, thread)
    refused = places.refusal(told.source, repo)
    return ignored(refused) if refused else changes.edited(told, repo, review, said)


def read_review_comment(told: Told) -> Reading:
    """Read what happened to a comment on a line of a pull request, which may reply to another one."""
    repo, comment = places.repository(told), member(told.document, "comment")
    thread = threads.pull_request(told.source, repo, member(told.document, "pull_request"))
    said = _line_comment(repo, thread.artefact, identifier(comment, "id"))
    above = optional_identifier(comment, "in_reply_to_id")
    about = Thread(_line_comment(repo, thread.artefact, above), None, asks=False) if above else thread
    match member(told.document, "action"):
        case "deleted":
            return changes.deleted(told, repo, comment, said)
        case "created":
            return _commented(told, repo, comment, said, about)
        case "edited":
            refused = places.refusal(told.source, repo)
            return ignored(refused) if refused else changes.edited(told, repo, comment, said)
        case _:
            return ignored(Reason.UNMAPPED)


def _line_comment(repo: Repository, pull_request: Artefact, name: str) -> Artefact:
    return Artefact(NativeId(f"{repo.id}/pulls/comments/{name}"), f"{pull_request.iri}#discussion_r{name}", ArtefactType.COMMENT)


def _commented(told: Told, repo: Repository, comment: JSON, said: Artefact, about: Thread) -> Reading:
    """Read that what is *said* in *comment* was said *about* something."""
    if reason := places.refusal(told.source, repo):
        return ignored(reason)
    author = member(comment, "user")
    interaction = Interaction(
        event=Event.CREATED,
        kind=Kind.COMMENT,
        artefact=said,
        actor=places.account(author, "user"),
        happened=optional_time(comment, "submitted_at") or time(comment, "created_at"),
        place=places.place(repo),
        parent=about.artefact,
        author=about.author,
        text=told.source.policy.text(optional_text(comment, "body")),
    )
    return changes.made(told.source, interaction, author, about.artefact.native)
