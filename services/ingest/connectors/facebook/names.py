"""Facebook's pages, posts, comments and times: how they are named, and whether they may be heard."""

from __future__ import annotations

from typing import Final

from services.ingest.connectors.fields import Incomplete, identifier, member, optional_identifier, optional_number, optional_text
from services.ingest.connectors.times import of_milliseconds
from services.ingest.domain.interaction import AccountName, Artefact, ArtefactType, ChannelId, NativeId, Place, PlaceType
from services.ingest.domain.reading import Reason
from services.ingest.domain.source import Source
from shared.xapi.model import JSON

HOME: Final = "https://www.facebook.com"
FIRST_MILLISECOND: Final = 10**11
"""A number above it counts milliseconds: some entries do."""
EVERYBODY: Final = frozenset({"EVERYONE", "everyone", None})


def post(name: str) -> Artefact:
    """Return the post called *name*."""
    return Artefact(NativeId(name), f"{HOME}/{name}", ArtefactType.NOTE)


def comment(name: str) -> Artefact:
    """Return the comment called *name*."""
    return Artefact(NativeId(name), f"{HOME}/{name}", ArtefactType.COMMENT)


def place(page: ChannelId) -> Place:
    """Return a page as a community."""
    return Place(page, f"{HOME}/{page}", PlaceType.COMMUNITY)


def moment(document: JSON, name: str) -> str:
    """Return the Unix time called *name*, RFC 3339 in UTC; raise Incomplete where there is none."""
    counted = optional_number(document, name) or 0
    seconds = counted // 1000 if counted >= FIRST_MILLISECOND else counted
    found = of_milliseconds(seconds * 1000)
    if found is None:
        raise Incomplete(name)
    return found


def refusal(source: Source, page: ChannelId, document: JSON) -> Reason | None:
    """Say why *document*, on *page*, is not ours to hear, whoever wrote it, or None if it is."""
    upon_unseen = member(document, "post", "is_published") is False
    hidden = member(document, "published") in (0, False) or member(document, "is_hidden") is True or upon_unseen
    narrow = (optional_text(document, "privacy", "value") or optional_text(document, "privacy")) not in EVERYBODY
    if (hidden or narrow) and not source.policy.private:
        return Reason.PRIVATE_CHANNEL
    if source.policy.channels and page not in source.policy.channels:
        return Reason.CHANNEL_NOT_ALLOWED
    return None


def heard(source: Source, page: ChannelId, document: JSON) -> AccountName | Reason:
    """Return who wrote *document* on *page*, by the page's own id of them, or why that is not ours to hear.

    Graph before v3.0 has them as `sender_id`.
    """
    if reason := refusal(source, page, document):
        return reason
    named = optional_identifier(document, "from", "id") or optional_identifier(document, "sender_id")
    if named is None:
        return Reason.ACTOR_UNKNOWN
    return Reason.EXCLUDED_ACCOUNT if named in source.policy.excluded else AccountName(named)


def page_of(document: JSON, *path: str) -> ChannelId:
    """Return the page at *path*; raise Incomplete where there is none."""
    return ChannelId(identifier(document, *path))
