"""Who joins channels, groups and the workspace of Slack, and who leaves them (docs.slack.dev/reference/events)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal, TypeAlias

from services.ingest.connectors.fields import (
    Incomplete,
    identifier,
    member,
    optional_identifier,
    optional_number,
    optional_text,
    several,
)
from services.ingest.connectors.slack import places
from services.ingest.connectors.slack.messages import unheard
from services.ingest.domain.interaction import AccountName, Artefact, ArtefactType, ChannelId, Event, Interaction, Kind, NativeId
from services.ingest.domain.reading import Reading, Reason, ignored
from services.ingest.domain.source import Source
from shared.xapi.model import JSON

Membership: TypeAlias = Literal[Event.JOINED, Event.LEFT]
TYPES: Final = {"C": places.PUBLIC, "G": "group"}
"""These events write a channel's type as one letter; a letter that we do not know is a private channel's."""
KINDS: Final = {Event.JOINED: Kind.JOIN, Event.LEFT: Kind.LEAVE}
CHANGES: Final[tuple[tuple[str, Membership], ...]] = (("added_users", Event.JOINED), ("removed_users", Event.LEFT))
MOST: Final = 500


def read_membership(source: Source, event: JSON, happening: Membership) -> Reading:
    """Read that somebody joined or left a channel; raise Incomplete where it lacks what it needs."""
    channel = ChannelId(identifier(event, "channel"))
    letter = optional_text(event, "channel_type")
    kind = TYPES.get(letter, letter) if letter else places.channel_type(channel, event, "channel_type")
    if reason := places.refusal(source, channel, kind):
        return Reading(closed=places.closing(channel, kind), ignored=(reason,))
    if reason := unheard(source, event):
        return ignored(reason)
    actor, ts = AccountName(identifier(event, "user")), places.timestamp(event, "event_ts")
    place = places.place(source, channel)
    interaction = Interaction(
        event=happening,
        kind=KINDS[happening],
        artefact=Artefact(NativeId(channel), place.iri, ArtefactType.GROUP),
        actor=actor,
        happened=places.moment(ts),
        place=place,
        revision=f"{actor} {ts}",
    )
    return Reading(decided=(interaction,))


def read_newcomer(source: Source, event: JSON) -> Reading:
    """Read that somebody joined the workspace; raise Incomplete where it lacks what it needs."""
    if source.policy.channels:
        return ignored(Reason.CHANNEL_NOT_ALLOWED)
    if member(event, "user", "is_bot") is True:
        return ignored(Reason.BOT)
    user, team = AccountName(identifier(event, "user", "id")), identifier(event, "user", "team_id")
    workspace = Artefact(NativeId(f"teams/{team}"), source.workspace, ArtefactType.COMMUNITY)
    return _moved(source, ((user, Event.JOINED),), workspace, places.timestamp(event, "event_ts"))


def read_group(source: Source, event: JSON) -> Reading:
    """Read who was put into a user group, or taken out of it; raise Incomplete where it lacks what it needs."""
    if source.policy.channels:
        return ignored(Reason.CHANNEL_NOT_ALLOWED)
    name, changed = identifier(event, "subteam_id"), optional_number(event, "date_update")
    group = Artefact(NativeId(f"usergroups/{name}"), f"{source.workspace}/usergroups/{name}", ArtefactType.GROUP)
    if changed is None or changed < 1:
        raise Incomplete("date_update")
    moved = [(each, happening) for named, happening in CHANGES for each in _users(event, named)]
    return _moved(source, moved, group, f"{changed}.000000")


def _users(event: JSON, name: str) -> list[AccountName]:
    found = [optional_identifier(each) for each in several(event, name, most=MOST)]
    return [AccountName(each) for each in found if each]


def _moved(source: Source, moved: Sequence[tuple[AccountName, Membership]], group: Artefact, ts: str) -> Reading:
    if not places.TS.fullmatch(ts):
        raise Incomplete("date_update")
    heard = [each for each in moved if each[0] not in source.policy.excluded]
    if not heard:
        return ignored(Reason.EXCLUDED_ACCOUNT if moved else Reason.UNCHANGED)
    return Reading(
        decided=tuple(
            Interaction(
                event=happening,
                kind=KINDS[happening],
                artefact=group,
                actor=user,
                happened=places.moment(ts),
                place=None,
                revision=f"{user} {ts}",
            )
            for user, happening in heard
        )
    )
