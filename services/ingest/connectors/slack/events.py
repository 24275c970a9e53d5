"""Read the envelope of a Slack delivery."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from services.ingest.connectors.fields import member, several
from services.ingest.connectors.slack.channels import read_deleted_channel
from services.ingest.connectors.slack.members import read_group, read_membership, read_newcomer
from services.ingest.connectors.slack.messages import read_message
from services.ingest.connectors.slack.reactions import read_reaction
from services.ingest.connectors.slack.stars import read_star
from services.ingest.domain.interaction import Event
from services.ingest.domain.reading import Delivery, Reading, Reason, ignored
from services.ingest.domain.source import Source
from shared.xapi.model import JSON

READERS: Final[dict[str, Callable[[Source, JSON], Reading]]] = {
    "message": read_message,
    "reaction_added": lambda source, event: read_reaction(source, event, Event.REACTION_ADDED),
    "reaction_removed": lambda source, event: read_reaction(source, event, Event.REACTION_REMOVED),
    "star_added": lambda source, event: read_star(source, event, Event.BOOKMARKED),
    "star_removed": lambda source, event: read_star(source, event, Event.UNBOOKMARKED),
    "member_joined_channel": lambda source, event: read_membership(source, event, Event.JOINED),
    "member_left_channel": lambda source, event: read_membership(source, event, Event.LEFT),
    "channel_deleted": read_deleted_channel,
    "group_deleted": read_deleted_channel,
    "team_join": read_newcomer,
    "subteam_members_changed": read_group,
}
"""How to read each event that is ours."""
TEAM: Final = "team"
TOLD_BY_MESSAGES: Final = frozenset({"app_mention", "file_shared", "link_shared"})
"""What comes as a message too, which tells it."""


def read(source: Source, delivery: Delivery) -> Reading:
    """Say what a delivery of the Events API holds; raise Incomplete where it lacks what it needs."""
    document = delivery.document
    event = member(document, "event") if member(document, "type") == "event_callback" else None
    kind = member(event, "type")
    if event is not None and _is_of_another_workspace(source, document):
        return ignored(Reason.CHANNEL_NOT_ALLOWED)
    if "app_rate_limited" in (member(document, "type"), kind):
        return ignored(Reason.RATE_LIMITED)
    if not isinstance(kind, str) or kind not in READERS:
        return ignored(Reason.TOLD_ALREADY if isinstance(kind, str) and kind in TOLD_BY_MESSAGES else Reason.UNMAPPED)
    return READERS[kind](source, _as_bots(document, _dated(event, member(document, "event_time"))))


def _is_of_another_workspace(source: Source, document: JSON) -> bool:
    """Say whether a delivery came by another workspace than the source's: an app may be installed in many, to one address.

    Of a channel that is shared by organisations the authorisation says whose app hears it (docs.slack.dev, "Slack Connect").
    """
    wanted = source.options.get(TEAM)
    named = [member(each, "team_id") for each in (document, *several(document, "authorizations"))]
    return wanted is not None and wanted not in (*named, member(document, "context_team_id"))


def _as_bots(document: JSON, event: JSON) -> JSON:
    """Mark what the app's own bot does: only messages say of themselves that a bot wrote them."""
    if not isinstance(event, dict) or event.get("type") == "message":
        return event
    user = member(event, "user")
    bots = [member(each, "user_id") for each in several(document, "authorizations") if member(each, "is_bot") is True]
    return {**event, "bot_id": user} if isinstance(user, str) and user in bots else event


def _dated(event: JSON, seconds: JSON) -> JSON:
    """Give *event* the time of its envelope if it has none: joins and leaves come without."""
    if not isinstance(event, dict) or event.get("type") == "message" or event.get("event_ts") or type(seconds) is not int:
        return event
    return {**event, "event_ts": f"{seconds}.000000"}
