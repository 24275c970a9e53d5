"""Read the envelope of a Zoom delivery: its event's name says what stands in the payload."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeAlias

from services.ingest.connectors.fields import Unheard, member, optional_text
from services.ingest.connectors.zoom import acts, chats, meetings, messages
from services.ingest.domain.reading import Delivery, Reading, Reason, ignored
from services.ingest.domain.source import Source
from shared.xapi.model import JSON

Reader: TypeAlias = Callable[[Source, JSON], Reading]

SESSIONS: Final[dict[str, Reader]] = {
    "started": meetings.read_started,
    "ended": meetings.read_ended,
    "participant_joined": meetings.read_joined,
    "participant_left": meetings.read_left,
    "participant_joined_breakout_room": meetings.read_joined_breakout,
    "participant_left_breakout_room": meetings.read_left_breakout,
    "sharing_started": meetings.read_sharing,
    "breakout_room_sharing_started": meetings.read_sharing,
    "chat_message_sent": chats.read_said,
}
READERS: Final[dict[str, Reader]] = {
    **{f"{kind}.{event}": reader for kind in meetings.KINDS for event, reader in SESSIONS.items()},
    "team_chat.channel_message_posted": messages.read_posted,
    "team_chat.channel_message_updated": messages.read_updated,
    "team_chat.channel_message_deleted": messages.read_deleted,
    "chat_message.sent": messages.read_posted,
    "chat_message.replied": messages.read_posted,
    "chat_message.updated": messages.read_updated,
    "chat_message.deleted": messages.read_deleted,
    "team_chat.channel_reaction_added": acts.read_reaction,
    "team_chat.channel_reaction_removed": acts.read_reaction,
    "team_chat.bookmark_added": acts.read_bookmark,
    "team_chat.bookmark_removed": acts.read_bookmark,
    "team_chat.file_downloaded": acts.read_download,
    "chat_channel.deleted": acts.read_deleted_channel,
    "chat_channel.member_joined": acts.read_membership,
    "chat_channel.member_left": acts.read_membership,
    "chat_channel.member_removed": acts.read_removed_members,
}
REFUSED: Final = {
    "app_deauthorized": Reason.UNMAPPED,
    **{f"{kind}.registration_{what}": Reason.ACTOR_UNKNOWN for kind in meetings.KINDS for what in ("created", "cancelled")},
}
"""What is no statement: registrations name no account."""


def read(source: Source, delivery: Delivery) -> Reading:
    """Say what a delivery of Zoom holds; raise Incomplete where it lacks what it needs."""
    name = optional_text(delivery.document, "event") or ""
    if name.startswith("team_chat.dm_"):
        return ignored(Reason.DIRECT_MESSAGE)
    reader = READERS.get(name)
    if reader is None or not isinstance(member(delivery.document, "payload", "object"), dict):
        return ignored(REFUSED.get(name, Reason.UNMAPPED))
    try:
        return reader(source, delivery.document)
    except Unheard as unheard:
        return ignored(unheard.reason)
