"""YouTube's channels, videos and comments: how they are named, and whether they may be heard."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import urlencode

from services.ingest.connectors.connector import Option
from services.ingest.connectors.fields import Incomplete, member, optional_text
from services.ingest.domain.asking import Request
from services.ingest.domain.interaction import AccountName, Artefact, ArtefactType, ChannelId, NativeId, Place, PlaceType
from services.ingest.domain.reading import Reason
from services.ingest.domain.source import Source
from shared.xapi.model import JSON

HOME: Final = "https://www.youtube.com"
API: Final = "https://www.googleapis.com/youtube/v3"
NAME: Final = re.compile(r"[A-Za-z0-9_.-]{1,100}")
LONGEST_TITLE: Final = 500
LIMIT: Final = 100
OPTIONS: Final = {"channel": Option("the id of the channel that is to be heard, which begins with UC", required=True)}


def optional_name(document: JSON, *path: str) -> str | None:
    """Return the id at *path*, or None."""
    found = optional_text(document, *path)
    return found if found and NAME.fullmatch(found) else None


def name(document: JSON, *path: str) -> str:
    """Return the id at *path*; raise Incomplete where there is none."""
    found = optional_name(document, *path)
    if found is None:
        raise Incomplete("/".join(path))
    return found


def channel_of(source: Source) -> str:
    """Return the channel that is heard."""
    return source.options.get("channel", "")


def video(found: str, title: str | None = None) -> Artefact:
    """Return the video whose id was *found*."""
    return Artefact(NativeId(found), f"{HOME}/watch?v={found}", ArtefactType.VIDEO, title[:LONGEST_TITLE] if title else None)


def comment(found: str, upon: str) -> Artefact:
    """Return the comment whose id was *found*, *upon* a video."""
    return Artefact(NativeId(f"comment/{found}"), f"{HOME}/watch?v={upon}&lc={found}", ArtefactType.COMMENT)


def place(channel: str) -> Place:
    """Return a channel as a community."""
    return Place(ChannelId(channel), f"{HOME}/channel/{channel}", PlaceType.COMMUNITY)


def heard(source: Source, channel: str, actor: str | None) -> AccountName | Reason:
    """Return who did something on a channel, or why that is not ours to hear."""
    if source.policy.channels and channel not in source.policy.channels:
        return Reason.CHANNEL_NOT_ALLOWED
    if actor is None:
        return Reason.ACTOR_UNKNOWN
    return Reason.EXCLUDED_ACCOUNT if actor in source.policy.excluded else AccountName(actor)


def asking(source: Source, method: str, **parameters: str) -> Request | None:
    """Ask the Data API, where the source has a key to it."""
    return Request(f"{API}/{method}?{urlencode(parameters)}") if source.token is not None else None


def items(document: JSON) -> list[JSON]:
    """Return the items of an answer; raise Incomplete where it has none, not even an empty list."""
    found = member(document, "items")
    if not isinstance(found, list):
        raise Incomplete("items")
    return found[:LIMIT]
