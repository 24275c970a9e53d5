"""Slack's huddles: a message of the channel says when one began, and changes when it has ended.

Its subtype is `huddle_thread`, and `sh_room_created` of the first huddles and of calls.

`user_huddle_changed` says that somebody is in a huddle, but not in which: what is said there may be private.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from msgspec.structs import replace

from services.ingest.connectors.fields import Incomplete, identifier, member, number, optional_identifier, optional_text, several
from services.ingest.connectors.slack import places
from services.ingest.domain.interaction import AccountName, Artefact, ArtefactType, ChannelId, Event, Interaction, Kind, NativeId
from services.ingest.domain.reading import Reading, Reason, ignored
from services.ingest.domain.source import Source
from shared.xapi.model import JSON

SUBTYPES: Final = frozenset({"huddle_thread", "sh_room_created"})
MOST: Final = 100
LATEST: Final = 32_503_680_000
"""Seconds: the year 3000."""


def is_huddle(message: JSON) -> bool:
    """Say whether a message is what a huddle leaves in its channel."""
    return optional_text(message, "subtype") in SUBTYPES


def read_huddle(source: Source, message: JSON, channel: ChannelId) -> Reading:
    """Read that a huddle began or, if its *message* says so, that it ended, and who was there."""
    room = member(message, "room")
    host, began = AccountName(identifier(room, "created_by")), _moment(room, "date_start")
    if host in source.policy.excluded:
        return ignored(Reason.EXCLUDED_ACCOUNT)
    place, ts = places.place(source, channel), places.timestamp(message, "ts")
    session = Artefact(
        NativeId(f"huddles/{identifier(room, 'id')}"), places.message(source, channel, ts).iri, ArtefactType.SESSION
    )
    started = Interaction(
        event=Event.STARTED, kind=Kind.START, artefact=session, actor=host, happened=_written(began), place=place
    )
    if member(room, "has_ended") is not True:
        return Reading(decided=(started,))
    ended = _moment(room, "date_end")
    at = replace(started, happened=_written(ended))
    over = replace(at, event=Event.ENDED, kind=Kind.END, seconds=max(ended - began, 0))
    return Reading(decided=(started, over, *_joined(source, room, at)))


def _joined(source: Source, room: JSON, at: Interaction) -> tuple[Interaction, ...]:
    """Return who was there: Slack does not say from when to when, so it is told of the end."""
    found = [optional_identifier(each) for each in several(room, "participant_history", most=MOST)]
    people = [AccountName(each) for each in dict.fromkeys(found) if each]
    joined = replace(at, event=Event.JOINED, kind=Kind.JOIN)
    return tuple(replace(joined, actor=each, revision=each) for each in people if each not in source.policy.excluded)


def _moment(room: JSON, name: str) -> int:
    seconds = number(room, name)
    if not 0 < seconds < LATEST:
        raise Incomplete(name)
    return seconds


def _written(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
