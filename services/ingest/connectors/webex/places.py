"""Webex's spaces, messages and people: how they are named, and whether they may be heard.

An id is base64 of an address that ends with a UUID: `ciscospark://us/MESSAGE/92db3be0-43bd-11e6-8ae9-dd5b3dfc565d`.
"""

from __future__ import annotations

import base64
from typing import Final
from urllib.parse import quote
from uuid import UUID

from services.ingest.connectors.fields import Unheard, opaque, optional_opaque, optional_text, several
from services.ingest.connectors.times import of_uuid
from services.ingest.domain.interaction import AccountName, Artefact, ArtefactType, ChannelId, NativeId, Place, PlaceType
from services.ingest.domain.reading import Reason
from services.ingest.domain.source import Source
from shared.xapi.model import JSON

API: Final = "https://webexapis.com/v1"
DIRECT: Final = "direct"
BOTS: Final = ("@webex.bot", "@sparkbot.io")
GUESTS: Final = ("@appid.ciscospark.com", "@webexguest.com")


def api(source: Source) -> str:
    """Return where Webex is asked."""
    return source.options.get("api", API).rstrip("/")


def refusal(source: Source, room: ChannelId, kind: str | None) -> Reason | None:
    """Say why what is said in a space is not ours to hear: nobody enters one uninvited, so each is private unless it is named."""
    policy = source.policy
    if kind == DIRECT:
        return None if policy.direct else Reason.DIRECT_MESSAGE
    if room in policy.channels:
        return None
    if policy.channels:
        return Reason.CHANNEL_NOT_ALLOWED
    return None if policy.private else Reason.PRIVATE_CHANNEL


def room(document: JSON) -> ChannelId:
    """Return the space of a message or membership; raise Incomplete where none is named."""
    return ChannelId(opaque(document, "roomId"))


def person(source: Source, document: JSON) -> AccountName:
    """Return who wrote or joined; raise Unheard where that is a machine, a guest or an excluded account."""
    name, email = AccountName(opaque(document, "personId")), (optional_text(document, "personEmail") or "").casefold()
    if email.endswith(BOTS):
        raise Unheard(Reason.BOT)
    if email.endswith(GUESTS):
        raise Unheard(Reason.GUEST)
    if {name, email} & {each.casefold() if "@" in each else each for each in source.policy.excluded}:
        raise Unheard(Reason.EXCLUDED_ACCOUNT)
    return name


def place(source: Source, name: ChannelId) -> Place:
    """Return a space as a place."""
    return Place(name, f"{source.workspace}/spaces/{quoted(name)}", PlaceType.CHANNEL)


def message(source: Source, space: ChannelId, name: str) -> Artefact:
    """Return a message of a space."""
    iri = f"{place(source, space).iri}/messages/{quoted(name)}"
    return Artefact(NativeId(f"messages/{name}"), iri, ArtefactType.CHAT_MESSAGE)


def quoted(name: str) -> str:
    """Write an id as a part of an address."""
    return quote(name, safe="")


def made_at(name: str) -> str | None:
    """Return when a thing was made, by the time that its id is made of (RFC 9562 §5.1); None where it is of another kind."""
    try:
        return of_uuid(UUID(_within(name)))
    except ValueError:
        return None


def is_same(one: str, other: str) -> bool:
    """Say whether two ids name the same: the cluster that stands in them may differ."""
    try:
        return one == other or _within(one) == _within(other)
    except ValueError:
        return False


def _within(name: str) -> str:
    """Return the UUID that an id is made of; raise ValueError where there is none."""
    address = base64.b64decode(name + "=" * (-len(name) % 4), validate=True).decode()
    return address.rpartition("/")[2]


def named(document: JSON, name: str, most: int) -> list[str]:
    """Return the ids that are listed under *name*, each once."""
    found = (optional_opaque(each) for each in several(document, name, most=most))
    return list(dict.fromkeys(each for each in found if each))
