"""Slack's reactions (docs.slack.dev/reference/events/reaction_added)."""

from __future__ import annotations

from typing import Final, Literal, TypeAlias

from services.ingest.connectors.fields import Incomplete, identifier, member, optional_identifier, text
from services.ingest.connectors.slack import places
from services.ingest.connectors.slack.messages import unheard
from services.ingest.domain.emoji import base_of, written
from services.ingest.domain.interaction import AccountName, ChannelId, Event, Interaction, Kind
from services.ingest.domain.reading import Reading, Reason, Rule, Undecided, ignored
from services.ingest.domain.source import Source
from shared.xapi.model import JSON

LONGEST_NAME: Final = 200
Reaction: TypeAlias = Literal[Event.REACTION_ADDED, Event.REACTION_REMOVED]


def read_reaction(source: Source, event: JSON, happening: Reaction) -> Reading:
    """Read a reaction that was added or removed; raise Incomplete where it lacks what it needs."""
    if member(event, "item", "type") != "message":
        return ignored(Reason.UNMAPPED)
    channel = ChannelId(identifier(event, "item", "channel"))
    kind = places.channel_type(channel, event, "item", "channel_type")
    if reason := places.refusal(source, channel, kind) or unheard(source, event):
        return ignored(reason)

    name = text(event, "reaction")
    if len(name) > LONGEST_NAME:
        raise Incomplete("reaction")
    interaction = _interaction(source, event, happening, channel, name)
    if base_of(name) in source.policy.accepting:
        return Reading(undecided=(Undecided(Rule.ACCEPTING_REACTION, interaction.artefact.native, interaction),))
    return Reading(decided=(interaction,))


def _interaction(source: Source, event: JSON, happening: Reaction, channel: ChannelId, name: str) -> Interaction:
    actor = AccountName(identifier(event, "user"))
    ts = places.timestamp(event, "event_ts")
    return Interaction(
        event=happening,
        kind=Kind.REACT if happening is Event.REACTION_ADDED else Kind.UNREACT,
        artefact=places.message(source, channel, places.timestamp(event, "item", "ts")),
        actor=actor,
        happened=places.moment(ts),
        place=places.place(source, channel),
        revision=f"{actor} {name} {ts}",
        author=_author(source, event),
        emoji=written(name),
    )


def _author(source: Source, event: JSON) -> AccountName | None:
    """Return who made the message that was reacted to, if Slack says so and it is a person's."""
    author = optional_identifier(event, "item_user")
    return AccountName(author) if author and author not in source.policy.excluded else None
