"""Slack's stars: messages that somebody keeps for later (docs.slack.dev/reference/events/star_added)."""

from __future__ import annotations

from typing import Literal

from services.ingest.connectors.fields import identifier, member, optional_identifier
from services.ingest.connectors.slack import places
from services.ingest.connectors.slack.messages import unheard
from services.ingest.domain.interaction import AccountName, ChannelId, Event, Interaction, Kind
from services.ingest.domain.reading import Reading, Reason, ignored
from services.ingest.domain.source import Source
from shared.xapi.model import JSON


def read_star(source: Source, event: JSON, happening: Literal[Event.BOOKMARKED, Event.UNBOOKMARKED]) -> Reading:
    """Read that a message was starred, or no longer is; raise Incomplete where it lacks what it needs."""
    item = member(event, "item")
    if member(item, "type") != "message":
        return ignored(Reason.UNMAPPED)
    channel = ChannelId(identifier(item, "channel"))
    if reason := places.refusal(source, channel, places.channel_type(channel, item, "channel_type")) or unheard(source, event):
        return ignored(reason)
    actor, at = AccountName(identifier(event, "user")), places.timestamp(event, "event_ts")
    author = None if unheard(source, member(item, "message")) else optional_identifier(item, "message", "user")
    interaction = Interaction(
        event=happening,
        kind=Kind.BOOKMARK if happening is Event.BOOKMARKED else Kind.UNBOOKMARK,
        artefact=places.message(source, channel, places.timestamp(item, "message", "ts")),
        actor=actor,
        happened=places.moment(at),
        place=places.place(source, channel),
        revision=f"{actor} {at}",
        author=AccountName(author) if author and author != actor else None,
    )
    return Reading(decided=(interaction,))
