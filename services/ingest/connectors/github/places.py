"""GitHub's repositories, people and times: how they are named, and whether they may be heard."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit
from uuid import UUID

from services.ingest.connectors.fields import Incomplete, identifier, member, optional_identifier, optional_text, text
from services.ingest.connectors.times import of_uuid
from services.ingest.domain.interaction import AccountName, ChannelId, Place, PlaceType
from services.ingest.domain.reading import Reason
from services.ingest.domain.source import Source
from shared.xapi.model import JSON

DELIVERY_HEADER: Final = "x-github-delivery"
FULL_NAME: Final = re.compile(r"[A-Za-z0-9_.-]{1,100}/[A-Za-z0-9_.-]{1,100}")
BOT_SUFFIX: Final = "[bot]"
INTERNAL: Final = "internal"
"""Visible to everybody of the enterprise, though `private` is true of it."""


@dataclass(frozen=True, slots=True)
class Told:
    """What GitHub told *source*, and when it *noticed* it, if that is known."""

    source: Source
    document: JSON
    noticed: str | None = None


@dataclass(frozen=True, slots=True)
class Repository:
    """A repository: *id* lasts, *name* (`octo-org/octo-repo`) may change; *url* is its page."""

    id: str
    name: str
    url: str
    private: bool


def origin(source: Source) -> str:
    """Return where GitHub stands, whichever of its pages was given as the workspace."""
    parts = urlsplit(source.workspace)
    return f"{parts.scheme}://{parts.netloc}"


def repository(told: Told, *path: str) -> Repository:
    """Return the repository that was told of, or the one that stands at *path*; raise Incomplete where none is named."""
    path, document = path or ("repository",), told.document
    name = text(document, *path, "full_name")
    if not FULL_NAME.fullmatch(name):
        raise Incomplete("/".join((*path, "full_name")))
    private = member(document, *path, "private") is not False
    hidden = private and member(document, *path, "visibility") != INTERNAL
    return Repository(identifier(document, *path, "id"), name, f"{origin(told.source)}/{name}", hidden)


def place(repo: Repository) -> Place:
    """Return *repo* as the place where something was said."""
    return Place(ChannelId(repo.id), repo.url, PlaceType.COMMUNITY)


def is_named(names: frozenset[ChannelId], *named: str) -> bool:
    """Say whether something is on a list under one of its names, however they are capitalised."""
    return not {each.casefold() for each in named}.isdisjoint(each.casefold() for each in names)


def refusal(source: Source, repo: Repository) -> Reason | None:
    """Say why what is said in *repo* is not ours to hear, or None if it is."""
    policy = source.policy
    if repo.private and not policy.private:
        return Reason.PRIVATE_CHANNEL
    if policy.channels and not is_named(policy.channels, repo.id, repo.name):
        return Reason.CHANNEL_NOT_ALLOWED
    return None


def unheard(source: Source, user: JSON) -> Reason | None:
    """Say why what *user* does is not heard, or None if it is."""
    login = optional_text(user, "login") or ""
    if optional_text(user, "type") == "Bot" or login.endswith(BOT_SUFFIX):
        return Reason.BOT
    excluded = {each.casefold() for each in source.policy.excluded}
    named = (optional_identifier(user, "id") or "") in excluded or login.casefold() in excluded
    return Reason.EXCLUDED_ACCOUNT if named else None


def account(user: JSON, name: str) -> AccountName:
    """Return the id of *user*; raise Incomplete, with its *name*, where there is none: the account was deleted since."""
    found = optional_identifier(user, "id")
    if found is None:
        raise Incomplete(f"{name}/id")
    return AccountName(found)


def heard(source: Source, user: JSON) -> AccountName | None:
    """Return the id of *user*, if that is a person who is heard."""
    found = optional_identifier(user, "id")
    return AccountName(found) if found and not unheard(source, user) else None


def noticed_at(headers: Mapping[str, str]) -> str | None:
    """Return when GitHub noticed the event, by the id that all its deliveries share: a UUID made of the time (RFC 9562 §5.1).

    It is used only where the payload names no time of what happened; None where the id is of another kind.
    """
    try:
        return of_uuid(UUID(headers.get(DELIVERY_HEADER, "")))
    except ValueError:
        return None
