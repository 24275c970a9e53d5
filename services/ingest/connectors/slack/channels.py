"""Channels of Slack that are deleted, with all that was said there (docs.slack.dev/reference/events/channel_deleted)."""

from __future__ import annotations

from services.ingest.connectors.fields import identifier
from services.ingest.connectors.slack import places
from services.ingest.domain.interaction import ChannelId
from services.ingest.domain.reading import Reading, Reason
from services.ingest.domain.source import Source
from shared.xapi.model import JSON


def read_deleted_channel(source: Source, event: JSON) -> Reading:
    """Read that a channel was deleted: what was heard there goes, and what comes late is heard no more."""
    del source
    channel = ChannelId(identifier(event, "channel"))
    return Reading(closed=(channel,), ignored=(Reason.GONE,), dissolved=(places.native(channel, ""),))
