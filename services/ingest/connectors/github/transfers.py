"""Discussions and issues that are moved to another repository: there they are made a second time, and are no second topic.

GitHub tells `transferred` of the old repository and `created` or `opened` of the new one, in either order. What was moved is
known under its new name as belonging to its old one. Source: docs.github.com, "Webhook events and payloads".
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from msgspec.structs import replace

from services.ingest.connectors.fields import Incomplete, member, optional_time, time
from services.ingest.connectors.github import places, threads
from services.ingest.connectors.github.places import Told
from services.ingest.connectors.github.threads import Thread
from services.ingest.domain.interaction import Interaction
from services.ingest.domain.reading import Known, Reading, Reason, Rule, Undecided, ignored
from shared.xapi.model import JSON
from shared.xapi.timestamps import instant

AT_ONCE: Final = timedelta(minutes=1)
"""What GitHub says to be new and was made longer ago than this may have been moved."""
MOVED: Final = "moved"


def read_transfer(told: Told, thread: Thread) -> Reading:
    """Learn under which name *thread* goes on, where that is heard."""
    kind = "discussion" if member(told.document, "discussion") is not None else "issue"
    topic = member(told.document, "changes", f"new_{kind}")
    repo = places.repository(told, "changes", "new_repository")
    if places.refusal(told.source, repo):
        return ignored(Reason.UNMAPPED)
    begun = threads.discussion if kind == "discussion" else threads.issue
    return Reading(known=(_known(begun(told.source, repo, topic), thread, topic),), ignored=(Reason.UNMAPPED,))


def opened(told: Told, topic: JSON, thread: Thread, interaction: Interaction) -> Reading | None:
    """Read that a topic was made by being moved here: told where it was not told before; None where it was simply made."""
    moved = _moved_from(told)
    if moved is None and not _is_old(told, topic):
        return None
    known = (_known(thread, moved, topic),) if moved else ()
    return Reading(undecided=(Undecided(Rule.MOVED, thread.artefact.native, interaction),), known=known)


def withdrawn(interaction: Interaction) -> Undecided:
    """Take back, with a topic, what it was before it was moved, if it ever was."""
    return Undecided(Rule.FORMER, interaction.artefact.native, replace(interaction, revision=MOVED))


def _known(now: Thread, before: Thread, topic: JSON) -> Known:
    return Known(now.artefact, before.artefact.native, now.author, now.asks, time(topic, "created_at"))


def _moved_from(told: Told) -> Thread | None:
    """Return what an issue was before it was moved; a discussion does not say it."""
    try:
        repo = places.repository(told, "changes", "old_repository")
        return threads.issue(told.source, repo, member(told.document, "changes", "old_issue"))
    except Incomplete:
        return None


def _is_old(told: Told, topic: JSON) -> bool:
    """Say whether *topic* was made well before GitHub told that it was."""
    made, told_at = time(topic, "created_at"), (optional_time(topic, "updated_at"), told.noticed)
    return any(instant(each) - instant(made) > AT_ONCE for each in told_at if each)
