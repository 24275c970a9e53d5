"""BigBlueButton's rooms, sessions and people: how they are named, and whether they may be heard.

A room is what its LMS calls a meeting (`external-meeting-id`), a session what BigBlueButton makes of it each time
(`internal-meeting-id`). A person is who its LMS says (`external-user-id`); who joins without being named is a guest.
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import quote

from services.ingest.connectors import fields, sessions
from services.ingest.connectors.fields import Unheard, member, opaque, optional_opaque, optional_text
from services.ingest.connectors.sessions import Seat
from services.ingest.domain.interaction import NOBODY, AccountName, Artefact, ArtefactType, ChannelId, NativeId, Place, PlaceType
from services.ingest.domain.reading import Reason
from services.ingest.domain.source import Source
from shared.xapi.model import JSON

BREAKOUT: Final = re.compile(r"w_[a-z0-9]+-[0-9]+")
GREENLIGHTS: Final = "gl-guest-"
"""How Greenlight names, for a day, whoever is not signed in."""
GUESTS: Final = "guests"


def room(source: Source, event: JSON) -> Place:
    """Return the room that *event* happened in; raise Unheard where that is not heard."""
    name = opaque(event, "attributes", "meeting", "external-meeting-id")
    iri = f"{source.workspace}/bigbluebutton/rooms/{quote(name, safe='')}"
    return sessions.heard(source, Place(ChannelId(name), iri, PlaceType.SESSION))


def session(place: Place, event: JSON) -> Artefact:
    """Return the session that *event* happened in."""
    name = opaque(event, "attributes", "meeting", "internal-meeting-id")
    title = optional_text(event, "attributes", "meeting", "name")
    return Artefact(NativeId(name), f"{place.iri}#{quote(name, safe='')}", ArtefactType.SESSION, title)


def within(place: Place, kind: str, name: str) -> str:
    """Return the IRI of what was made in a room: a message, a poll, a recording; it has no page that lasts."""
    return f"{place.iri}/{kind}/{quote(name, safe='')}"


def is_guest(source: Source, person: JSON) -> bool:
    """Say whether *person* is a guest: no LMS named them, so that BigBlueButton, or Greenlight, names them for the time being.

    In a breakout room everybody is named after their presence in the room that they came from (`BreakoutHdlrHelpers`).
    """
    name = optional_opaque(person, "external-user-id") or ""
    if BREAKOUT.fullmatch(name):
        return True
    for_now = name.startswith(GREENLIGHTS) or (name != "" and name == optional_opaque(person, "internal-user-id"))
    return (for_now or member(person, "guest") is True) and source.options.get(GUESTS) != "yes"


def optional_account(source: Source, person: JSON) -> AccountName | None:
    """Return the account of *person*; None for a guest, and where none is named."""
    name = optional_opaque(person, "external-user-id")
    return AccountName(name) if name and not is_guest(source, person) else None


def account(source: Source, person: JSON) -> AccountName:
    """Return the account of *person*; raise Unheard for a guest, and for who is excluded."""
    name = optional_account(source, person)
    if name is None:
        raise Unheard(Reason.ACTOR_UNKNOWN)
    if name in source.policy.excluded:
        raise Unheard(Reason.EXCLUDED_ACCOUNT)
    return name


def actor(source: Source, person: JSON) -> AccountName:
    """Return who did something, or nobody where that is not told; raise Unheard for a guest, and for who is excluded."""
    return account(source, person) if is_guest(source, person) or optional_account(source, person) else NOBODY


def presence(session: Artefact, place: Place, who: AccountName, person: JSON) -> Seat:
    """Return the presence of *person*, who is *who*; raise Incomplete where it has no name."""
    return Seat(session, place, who, opaque(person, "internal-user-id"))


def moment(event: JSON) -> str:
    """Return when *event* happened; raise Incomplete where it does not say."""
    return fields.moment(event, "event", "ts")
