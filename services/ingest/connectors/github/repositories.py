"""Repositories of GitHub that are deleted or made private: what was heard there goes."""

from __future__ import annotations

from typing import Final

from services.ingest.connectors.fields import member
from services.ingest.connectors.github import places
from services.ingest.connectors.github.places import Told
from services.ingest.domain.reading import Reading, Reason, ignored

ALONE: Final = frozenset({"action", "repository", "sender", "organization", "installation", "enterprise", "changes"})
"""What an event has that is about a repository itself; of what else happens in one it says more."""


def read_repository(told: Told) -> Reading:
    """Read that a repository is no more, or that it is private from now on and private ones are not heard."""
    repo, action = places.repository(told), member(told.document, "action")
    hidden = action == "privatized" and repo.private and not told.source.policy.private
    if action != "deleted" and not hidden:
        return ignored(Reason.UNMAPPED)
    return Reading(ignored=(Reason.GONE if action == "deleted" else Reason.PRIVATE_CHANNEL,), dissolved=(f"{repo.id}/",))
