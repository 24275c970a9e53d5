"""What a thread on GitHub begins with: a discussion, an issue or a pull request, each named by its number in its repository."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from services.ingest.connectors.fields import Incomplete, member, number, optional_text
from services.ingest.connectors.github import places
from services.ingest.connectors.github.places import Repository
from services.ingest.domain.interaction import AccountName, Artefact, ArtefactType, NativeId
from services.ingest.domain.source import Source
from services.ingest.domain.text import asks
from shared.xapi.model import JSON

LONGEST_TITLE: Final = 500


@dataclass(frozen=True, slots=True)
class Thread:
    """A thread as the delivery shows it: *author* began it, if that is a person who is heard; *asks* if it is a question."""

    artefact: Artefact
    author: AccountName | None
    asks: bool


def discussion(source: Source, repo: Repository, topic: JSON) -> Thread:
    """Return the thread of a discussion: a question where its category takes answers."""
    return _thread(source, repo, topic, "discussions", question=member(topic, "category", "is_answerable") is True)


def issue(source: Source, repo: Repository, topic: JSON) -> Thread:
    """Return the thread of an issue, or of the pull request that stands in its place (docs.github.com, "About issues")."""
    return _thread(source, repo, topic, "issues" if member(topic, "pull_request") is None else "pull")


def pull_request(source: Source, repo: Repository, topic: JSON) -> Thread:
    """Return the thread of a pull request."""
    return _thread(source, repo, topic, "pull")


def _thread(source: Source, repo: Repository, topic: JSON, path: str, *, question: bool = False) -> Thread:
    counted = number(topic, "number")
    if counted < 1:
        raise Incomplete("number")
    title = (optional_text(topic, "title") or "")[:LONGEST_TITLE] or None
    numbered = "discussions" if path == "discussions" else "issues"
    native = NativeId(f"{repo.id}/{numbered}/{counted}")
    artefact = Artefact(native, f"{repo.url}/{path}/{counted}", ArtefactType.TOPIC, title)
    author = places.heard(source, member(topic, "user"))
    asking = question or asks(title or "") or places.is_named(source.policy.question_channels, repo.id, repo.name)
    return Thread(artefact, author, asking and author is not None)
