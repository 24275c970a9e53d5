"""Read a GitHub delivery: what its body has says what it is about, and `action` what happened to it.

The header that names the event is not signed; it is asked only where the body does not tell.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeAlias

from services.ingest.connectors.fields import member
from services.ingest.connectors.github.comments import read_discussion_comment, read_issue_comment
from services.ingest.connectors.github.discussions import read_discussion
from services.ingest.connectors.github.members import read_collaborator, read_organization, read_team
from services.ingest.connectors.github.places import Told, noticed_at
from services.ingest.connectors.github.repositories import ALONE, read_repository
from services.ingest.connectors.github.reviews import read_commit_comment, read_review, read_review_comment
from services.ingest.connectors.github.stars import read_star
from services.ingest.connectors.github.topics import read_issue, read_pull_request
from services.ingest.connectors.github.wiki import read_wiki
from services.ingest.domain.reading import Delivery, Reading, Reason, ignored
from services.ingest.domain.source import Source

EVENT_HEADER: Final = "x-github-event"
Reader: TypeAlias = Callable[[Told], Reading]

READERS: Final[tuple[tuple[frozenset[str], Reader], ...]] = (
    (frozenset({"discussion", "comment"}), read_discussion_comment),
    (frozenset({"discussion"}), read_discussion),
    (frozenset({"issue", "comment"}), read_issue_comment),
    (frozenset({"issue"}), read_issue),
    (frozenset({"pull_request", "comment"}), read_review_comment),
    (frozenset({"pull_request", "review"}), read_review),
    (frozenset({"pull_request"}), read_pull_request),
    (frozenset({"comment", "repository"}), read_commit_comment),
    (frozenset({"pages"}), read_wiki),
    (frozenset({"team", "member"}), read_team),
    (frozenset({"organization", "membership"}), read_organization),
    (frozenset({"repository", "member"}), read_collaborator),
    (frozenset({"repository", "starred_at"}), read_star),
)
"""How to read a body by the members that it has: the first that fits."""


def read(source: Source, delivery: Delivery) -> Reading:
    """Say what a delivery of GitHub holds; raise Incomplete where it lacks what it needs."""
    document = delivery.document
    if member(document, "zen") is not None:
        return ignored(Reason.HANDSHAKE)
    names = document.keys() if isinstance(document, dict) else frozenset[str]()
    for needed, reader in READERS:
        if needed <= names:
            return reader(Told(source, document, noticed_at(delivery.headers)))
    if {"action", "repository"} <= names <= ALONE and member(document, "action") in ("deleted", "privatized"):
        return read_repository(Told(source, document))
    starred = delivery.headers.get(EVENT_HEADER) == "watch"
    return ignored(Reason.TOLD_ALREADY if starred else Reason.UNMAPPED)
