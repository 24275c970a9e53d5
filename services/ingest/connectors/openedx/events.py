"""Read a delivery of Open edX: one tracking event, or many at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from services.ingest.connectors.fields import if_whole, optional_text
from services.ingest.connectors.openedx import happenings, learners
from services.ingest.connectors.openedx.forum import PREFIX, read_forum
from services.ingest.connectors.openedx.happenings import Happening
from services.ingest.domain.reading import Delivery, Reading, Reason, ignored, joined
from services.ingest.domain.source import Source
from shared.xapi.model import JSON

READERS: Final[dict[str, Callable[[Source, Happening], Reading]]] = {
    **dict.fromkeys(learners.JOINING, learners.read_joining),
    **dict.fromkeys(learners.KEEPING, learners.read_bookmark),
    "play_video": learners.read_video,
    "edx.video.played": learners.read_video,
    "xblock.poll.submitted": learners.read_poll,
    "xblock.survey.submitted": learners.read_poll,
    "openassessmentblock.peer_assess": learners.read_assessment,
}
"""How to read each event that is ours, besides those of the forum."""
CLAIMABLE: Final = frozenset({"play_video", "edx.video.played"})
"""What browsers and apps may tell of themselves; whatever else they say is not believed."""


def read(source: Source, delivery: Delivery) -> Reading:
    """Say what a delivery holds: of a batch, whatever is whole."""
    events = delivery.document if isinstance(delivery.document, list) else [delivery.document]
    return joined(if_whole(read_one, source, each) for each in events)


def read_one(source: Source, event: JSON) -> Reading:
    """Read one event; raise Incomplete where it lacks what it needs."""
    name = optional_text(event, "name") or optional_text(event, "event_type") or ""
    if not name.startswith(PREFIX) and name not in READERS:
        return ignored(Reason.UNMAPPED)
    happened = learners.of_whom(happenings.happening(event))
    if happened.claimed and name not in CLAIMABLE:
        return ignored(Reason.UNMAPPED)
    if name.startswith(PREFIX):
        return read_forum(source, happened)
    reason = happenings.refusal(source, happened) or happenings.unheard(source, happened)
    return ignored(reason) if reason else READERS[name](source, happened)
