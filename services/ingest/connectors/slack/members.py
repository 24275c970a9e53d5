"""Who joins a channel of Slack, and who leaves it (docs.slack.dev/reference/events/member_joined_channel)."""

from __future__ import annotations

from typing import Final, Literal

from services.ingest.connectors.fields import identifier, optional_text
from services.ingest.connectors.slack import places
from services.ingest.connectors.slack.messages import unheard
from services.ingest.domain.interaction import AccountName, Artefact, ArtefactType, ChannelId, Event, Interaction, Kind, NativeId
from services.ingest.domain.reading import Reading, ignored
from services.ingest.domain.source import Source
from shared.xapi.model import JSON

Membership = Literal[Event.JOINED, Event.LEFT]
TYPES: Final = {"C": places.PUBLIC, "G": "group"}
"""These events write a channel's type as one letter; a letter that we do not know is a private channel's."""


def read_membership(source: Source, event: JSON, happening: Membership) -> Reading:
    """Read that somebody joined or left a channel; raise Incomplete where it lacks what it needs."""
    channel = ChannelId(identifier(event, "channel"))
    letter = optional_text(event, "channel_type")
    kind = TYPES.get(letter, letter) if letter else places.channel_type(channel, event, "channel_type")
    if reason := places.refusal(source, channel, kind):
        return Reading(closed=(channel,) if places.is_private(kind) else (), ignored=(reason,))
    if reason := unheard(source, event):
        return ignored(reason)
    actor, ts = AccountName(identifier(event, "user")), places.timestamp(event, "event_ts")
    place = places.place(source, channel)
    interaction = Interaction(
        event=happening,
        kind=Kind.JOIN if happening is Event.JOINED else Kind.LEAVE,
        artefact=Artefact(NativeId(channel), place.iri, ArtefactType.GROUP),
        actor=actor,
        happened=places.moment(ts),
        place=place,
        revision=f"{actor} {ts}",
    )
    return Reading(decided=(interaction,))
