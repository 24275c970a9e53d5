"""Mattermost's reactions, added and removed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from services.ingest.connectors.fields import Incomplete, identifier, text
from services.ingest.connectors.mattermost import places
from services.ingest.connectors.mattermost.places import ChannelType
from services.ingest.domain.emoji import base_of, written
from services.ingest.domain.interaction import AccountName, ChannelId, Event, Interaction, Kind
from services.ingest.domain.reading import Reading, Reason, Rule, Undecided, ignored
from services.ingest.domain.source import Source
from shared.xapi.model import JSON

LONGEST_NAME: Final = 64
"""Of an emoji, in Mattermost (server/public/model/emoji.go)."""


@dataclass(frozen=True, slots=True)
class Reaction:
    """A reaction, its channel, and who may read that if it is told."""

    document: JSON
    channel: ChannelId
    kind: ChannelType | None


def read_reaction(source: Source, reaction: Reaction, happening: Event) -> Reading:
    """Read a reaction that was added or removed; raise Incomplete where it lacks what it needs."""
    document = reaction.document
    actor, name = AccountName(identifier(document, "user_id")), text(document, "emoji_name")
    if reason := places.refusal(source, reaction.channel, reaction.kind):
        return ignored(reason)
    if places.excluded(source, actor):
        return ignored(Reason.EXCLUDED_ACCOUNT)
    if len(name) > LONGEST_NAME:
        raise Incomplete("emoji_name")
    happened = places.moment(document, "delete_at", "update_at", "create_at")
    interaction = Interaction(
        event=happening,
        kind=Kind.REACT if happening is Event.REACTION_ADDED else Kind.UNREACT,
        artefact=places.message(source, identifier(document, "post_id")),
        actor=actor,
        happened=happened,
        place=places.place(source, reaction.channel, reaction.kind),
        revision=f"{actor} {name} {happened}",
        emoji=written(name),
    )
    if base_of(name) in source.policy.accepting:
        return Reading(undecided=(Undecided(Rule.ACCEPTING_REACTION, interaction.artefact.native, interaction),))
    return Reading(decided=(interaction,))
