"""Read a live event of Canvas, by its name, or those of an envelope of Caliper."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from services.ingest.connectors.canvas import caliper, discussions, members, places, things
from services.ingest.connectors.canvas.places import Happening
from services.ingest.connectors.canvas.signing import is_of_others
from services.ingest.connectors.fields import if_whole, optional_text
from services.ingest.domain.reading import Delivery, Reading, Reason, ignored, joined
from services.ingest.domain.source import Source
from shared.xapi.model import JSON

READERS: Final[dict[str, Callable[[Source, Happening], Reading]]] = {
    "discussion_topic_created": discussions.read_topic,
    "discussion_topic_updated": discussions.read_changed_topic,
    "discussion_entry_created": discussions.read_entry,
    "discussion_entry_submitted": discussions.read_entry,
    **dict.fromkeys(things.PAGES, things.read_page),
    **dict.fromkeys(things.FILES, things.read_file),
    "asset_accessed": things.read_view,
    "submission_comment_created": things.read_private,
    "conversation_message_created": things.read_private,
    "enrollment_created": members.read_membership,
    "enrollment_updated": members.read_membership,
    "group_membership_created": members.read_membership,
    "group_membership_updated": members.read_membership,
}
"""How to read each event that is ours."""


def read(source: Source, delivery: Delivery) -> Reading:
    """Say what a delivery of Canvas holds; raise Incomplete where it lacks what it needs."""
    if caliper.is_envelope(delivery.document):
        return joined(if_whole(_read, source, each) for each in caliper.live_events(delivery.document))
    return _read(source, delivery.document)


def _read(source: Source, event: JSON) -> Reading:
    if is_of_others(source, event):
        return ignored(Reason.FORGED)
    name = optional_text(event, "metadata", "event_name")
    if name is None or name not in READERS:
        return ignored(Reason.UNMAPPED)
    return READERS[name](source, places.happening(event))
