"""Whom a message of Matrix mentions (spec.matrix.org, Client-Server API, "User and room mentions")."""

from __future__ import annotations

from typing import Final
from urllib.parse import quote

from msgspec.structs import replace

from services.ingest.connectors.fields import optional_text, several
from services.ingest.connectors.matrix import places
from services.ingest.domain.interaction import AccountName, Event, Interaction, Kind
from services.ingest.domain.source import Source
from shared.xapi.model import JSON

MOST: Final = 20
FALLBACK_ENDS: Final = "</mx-reply>"
SAFE: Final = "@:"


def mentions(source: Source, content: JSON, made: Interaction, *, replies: bool) -> tuple[Interaction, ...]:
    """Return whom *content* mentions besides its sender; if it *replies*, only those whom its text links to.

    Clients add the person replied to by themselves.
    """
    found = (places.optional_named(each, "@") for each in several(content, "m.mentions", "user_ids", most=MOST))
    linked = (optional_text(content, "formatted_body") or "").rpartition(FALLBACK_ENDS)[2]
    named = [each for each in dict.fromkeys(found) if each and (not replies or _is_linked(each, linked))]
    mention = replace(made, event=Event.MENTIONED, kind=Kind.MENTION, text=None)
    return tuple(
        replace(mention, person=AccountName(each), revision=each)
        for each in named
        if each != made.actor and each not in source.policy.excluded
    )


def _is_linked(user: str, text: str) -> bool:
    """Say whether *text* links to *user*, as clients write it when somebody is mentioned."""
    return any(f'matrix.to/#/{each}"' in text for each in (user, quote(user, safe=SAFE), quote(user, safe="")))
