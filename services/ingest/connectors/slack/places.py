"""Slack's channels, messages and times: how they are named, and whether they may be heard."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Final

from services.ingest.connectors.fields import Incomplete, optional_text, text
from services.ingest.domain.interaction import Artefact, ArtefactType, ChannelId, NativeId, Place, PlaceType
from services.ingest.domain.reading import Reason
from services.ingest.domain.source import Source
from shared.xapi.model import JSON

TS: Final = re.compile(r"([0-9]{1,11})\.([0-9]{1,6})")
EPOCH: Final = datetime(1970, 1, 1)  # noqa: DTZ001  written as UTC
DIRECT: Final = frozenset({"im", "mpim", "app_home"})
PUBLIC: Final = "channel"
TYPES_BY_PREFIX: Final = {"D": "im", "G": "group"}
"""What an id tells where `channel_type` is missing: newer private channels and group messages begin with C, as public ones do."""


def timestamp(document: JSON, *path: str) -> str:
    """Return the Slack timestamp at *path* (`1606810819.000800`), which also is a message's id; raise Incomplete without one."""
    value = text(document, *path)
    if not TS.fullmatch(value):
        raise Incomplete("/".join(path))
    return value


def optional_timestamp(document: JSON, *path: str) -> str | None:
    """Return the Slack timestamp at *path*, or None."""
    value = optional_text(document, *path)
    return value if value is not None and TS.fullmatch(value) else None


def moment(ts: str) -> str:
    """Return the time that a Slack timestamp names, RFC 3339 in UTC with microseconds."""
    seconds, _, fraction = ts.partition(".")
    return f"{(EPOCH + timedelta(seconds=int(seconds))).isoformat()}.{fraction.ljust(6, '0')}Z"


def channel_type(channel: ChannelId, event: JSON, *path: str) -> str:
    """Return `channel`, `group`, `im` or `mpim`, as the event says or as the id tells."""
    return optional_text(event, *path) or TYPES_BY_PREFIX.get(channel[:1], PUBLIC)


def is_private(kind: str) -> bool:
    """Say whether *kind* is a private channel; a type that we do not know is one."""
    return kind != PUBLIC and kind not in DIRECT


def closing(channel: ChannelId, kind: str) -> tuple[ChannelId, ...]:
    """Return *channel* if not everybody may read it; a direct message has an id that tells as much."""
    return () if kind == PUBLIC or channel[:1] in TYPES_BY_PREFIX else (channel,)


def refusal(source: Source, channel: ChannelId, kind: str) -> Reason | None:
    """Say why what is said in *channel* is not ours to hear, or None if it is."""
    policy = source.policy
    if kind in DIRECT and not policy.direct:
        return Reason.DIRECT_MESSAGE
    if (is_private(kind) or (kind == PUBLIC and channel in source.closed)) and not policy.private:
        return Reason.PRIVATE_CHANNEL
    if policy.channels and channel not in policy.channels:
        return Reason.CHANNEL_NOT_ALLOWED
    return None


def native(channel: ChannelId, ts: str) -> NativeId:
    """Name a message: unique within its workspace."""
    return NativeId(f"{channel}:{ts}")


def message(source: Source, channel: ChannelId, ts: str) -> Artefact:
    """Return the message *ts* of *channel*; its IRI is its permalink."""
    iri = f"{source.workspace}/archives/{channel}/p{ts.replace('.', '')}"
    return Artefact(native(channel, ts), iri, ArtefactType.CHAT_MESSAGE)


def place(source: Source, channel: ChannelId) -> Place:
    """Return *channel* as a place."""
    return Place(channel, f"{source.workspace}/archives/{channel}", PlaceType.CHANNEL)
