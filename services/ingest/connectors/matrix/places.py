"""Matrix's rooms, events, people and times: how they are named, and whether they may be heard."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import quote

from services.ingest.connectors.fields import Incomplete, member, number, optional_text
from services.ingest.connectors.times import of_milliseconds
from services.ingest.domain.interaction import AccountName, Artefact, ArtefactType, ChannelId, NativeId, Place, PlaceType
from services.ingest.domain.reading import Reason
from services.ingest.domain.source import Source
from shared.xapi.model import JSON

NAME: Final = re.compile(r"[!-~]{2,255}")
"""An id with its sigil (spec.matrix.org, Appendices, "Common Identifier Format"): printable ASCII without spaces."""
SAFE: Final = "!$@:"


def named(document: JSON, sigil: str, *path: str) -> str:
    """Return the id at *path*, which begins with *sigil*; raise Incomplete where there is none."""
    found = optional_named(document, sigil, *path)
    if found is None:
        raise Incomplete("/".join(path))
    return found


def optional_named(document: JSON, sigil: str, *path: str) -> str | None:
    """Return the id at *path*, which begins with *sigil*, or None."""
    value = optional_text(document, *path)
    return value if value is not None and value.startswith(sigil) and NAME.fullmatch(value) else None


def room(event: JSON) -> ChannelId:
    """Return the room of an event; raise Incomplete where it names none."""
    return ChannelId(named(event, "!", "room_id"))


def sender(event: JSON) -> AccountName:
    """Return who sent an event; raise Incomplete where it names nobody."""
    return AccountName(named(event, "@", "sender"))


def event_id(event: JSON) -> str:
    """Return the id of an event; raise Incomplete where it has none."""
    return named(event, "$", "event_id")


def moment(event: JSON) -> str:
    """Return when an event was sent, by its sender's homeserver, RFC 3339 in UTC; raise Incomplete where it says no time."""
    found = of_milliseconds(number(event, "origin_server_ts"))
    if found is None:
        raise Incomplete("origin_server_ts")
    return found


def address(channel: ChannelId, name: str = "") -> str:
    """Return the link to a room, or to an event in it (spec.matrix.org, Appendices, "matrix.to navigation")."""
    return f"https://matrix.to/#/{quote(channel, safe=SAFE)}" + (f"/{quote(name, safe=SAFE)}" if name else "")


def message(channel: ChannelId, name: str, kind: ArtefactType = ArtefactType.CHAT_MESSAGE) -> Artefact:
    """Return the message that the event called *name* is."""
    return Artefact(NativeId(name), address(channel, name), kind)


def place(channel: ChannelId) -> Place:
    """Return a room as a place."""
    return Place(channel, address(channel), PlaceType.CHANNEL)


def refusal(source: Source, channel: ChannelId) -> Reason | None:
    """Say why what is said in *channel* is not ours to hear, or None if it is.

    No event says who may read its room: one that is not on the allow-list is taken for a private one, and a direct chat.
    """
    policy = source.policy
    if channel in source.closed and not policy.private:
        return Reason.PRIVATE_CHANNEL
    if policy.channels:
        return None if channel in policy.channels else Reason.CHANNEL_NOT_ALLOWED
    return None if policy.private and policy.direct else Reason.PRIVATE_CHANNEL


def unheard(source: Source, event: JSON) -> Reason | None:
    """Say why what the sender of *event* does is not heard, or None if it is; notices, which bots send, are not."""
    if member(event, "content", "msgtype") == "m.notice":
        return Reason.BOT
    excluded = source.policy.excluded
    names = {optional_text(event, "sender"), optional_text(event, "state_key")}
    return Reason.EXCLUDED_ACCOUNT if any(each in excluded for each in names if each) else None


def closing(event: JSON) -> tuple[ChannelId, ...]:
    """Return the room if *event* shows that not everybody may join it."""
    kind, content = optional_text(event, "type"), member(event, "content")
    ruled = kind == "m.room.join_rules" and member(content, "join_rule") != "public"
    direct = kind == "m.room.member" and member(content, "is_direct") is True
    found = optional_named(event, "!", "room_id")
    return (ChannelId(found),) if found and (ruled or direct) else ()
