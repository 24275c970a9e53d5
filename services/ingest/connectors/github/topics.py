"""GitHub's topics: discussions, issues and pull requests that are opened, edited, deleted."""

from __future__ import annotations

from msgspec.structs import replace

from services.ingest.connectors.fields import member, optional_text, time
from services.ingest.connectors.github import changes, places, threads, transfers
from services.ingest.connectors.github.places import Repository, Told
from services.ingest.connectors.github.threads import Thread
from services.ingest.domain.interaction import Event, Interaction, Kind
from services.ingest.domain.reading import Reading, Reason, ignored
from shared.xapi.model import JSON


def read_issue(told: Told) -> Reading:
    """Read what happened to an issue."""
    repo, topic = places.repository(told), member(told.document, "issue")
    return read_topic(told, repo, topic, threads.issue(told.source, repo, topic))


def read_pull_request(told: Told) -> Reading:
    """Read what happened to a pull request."""
    repo, topic = places.repository(told), member(told.document, "pull_request")
    return read_topic(told, repo, topic, threads.pull_request(told.source, repo, topic))


def read_topic(told: Told, repo: Repository, topic: JSON, thread: Thread) -> Reading:
    """Read what happened to the *topic* that *thread* begins with; labels, locks, pins and states are not social."""
    match member(told.document, "action"):
        case "deleted":
            return _deleted(told, repo, topic, thread)
        case "created" | "opened" | "edited" if reason := places.refusal(told.source, repo):
            return ignored(reason)
        case "created" | "opened":
            return _opened(told, repo, topic, thread)
        case "edited":
            return changes.edited(told, repo, topic, thread.artefact)
        case "transferred":
            return transfers.read_transfer(told, thread)
        case _:
            return ignored(Reason.UNMAPPED)


def _opened(told: Told, repo: Repository, topic: JSON, thread: Thread) -> Reading:
    author = member(topic, "user")
    interaction = Interaction(
        event=Event.CREATED,
        kind=Kind.ASK if thread.asks else Kind.POST,
        artefact=thread.artefact,
        actor=places.account(author, "user"),
        happened=time(topic, "created_at"),
        place=places.place(repo),
        text=told.source.policy.text(optional_text(topic, "body")),
    )
    moved = None if places.unheard(told.source, author) else transfers.opened(told, topic, thread, interaction)
    return moved or changes.made(told.source, interaction, author, thread.artefact.native)


def _deleted(told: Told, repo: Repository, topic: JSON, thread: Thread) -> Reading:
    reading = changes.deleted(told, repo, topic, thread.artefact)
    withdrawals = (*reading.decided, *(each.interaction for each in reading.undecided))
    return replace(reading, undecided=(*reading.undecided, *map(transfers.withdrawn, withdrawals)))
