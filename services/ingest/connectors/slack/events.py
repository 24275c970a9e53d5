"""Read the envelope of a Slack delivery."""

from __future__ import annotations

from services.ingest.connectors.fields import member
from services.ingest.connectors.slack.members import read_membership
from services.ingest.connectors.slack.messages import read_message
from services.ingest.connectors.slack.reactions import read_reaction
from services.ingest.domain.interaction import Event
from services.ingest.domain.reading import Delivery, Reading, Reason, ignored
from services.ingest.domain.source import Source
from shared.xapi.model import JSON


def read(source: Source, delivery: Delivery) -> Reading:
    """Say what a delivery of the Events API holds; raise Incomplete where it lacks what it needs."""
    document = delivery.document
    match member(document, "type"):
        case "app_rate_limited":
            return ignored(Reason.RATE_LIMITED)
        case "event_callback":
            return _read_event(source, member(document, "event"))
        case _:
            return ignored(Reason.UNMAPPED)


def _read_event(source: Source, event: JSON) -> Reading:
    match member(event, "type"):
        case "message":
            return read_message(source, event)
        case "reaction_added":
            return read_reaction(source, event, Event.REACTION_ADDED)
        case "reaction_removed":
            return read_reaction(source, event, Event.REACTION_REMOVED)
        case "member_joined_channel":
            return read_membership(source, event, Event.JOINED)
        case "member_left_channel":
            return read_membership(source, event, Event.LEFT)
        case _:
            return ignored(Reason.UNMAPPED)
