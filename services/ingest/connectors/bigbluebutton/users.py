"""What people do in BigBlueButton's sessions: join, leave, present, raise a hand, show how they feel.

`internal-user-id` names one presence. Whose it is, the join says for sure: later events sometimes do not, or name another
(bigbluebutton/bigbluebutton issues 10863 and 13736).
"""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace

from services.ingest.connectors import sessions
from services.ingest.connectors.bigbluebutton import places
from services.ingest.connectors.fields import Incomplete, Unheard, member, opaque, text
from services.ingest.connectors.sessions import Seat
from services.ingest.domain.interaction import NOBODY, Event, Interaction, Kind
from services.ingest.domain.reading import Reading, Reason
from services.ingest.domain.source import Source
from shared.xapi.model import JSON

LONGEST_EMOJI: Final = 30
TAKEN_BACK: Final = frozenset({"none", "notAway"})
HAND: Final = "raiseHand"
"""How a raised hand was told before BigBlueButton 2.7."""


def read_joined(source: Source, event: JSON) -> Reading:
    """Read that somebody joined a session."""
    if member(event, "attributes", "user", "guest") is True:
        raise Unheard(Reason.ACTOR_UNKNOWN)
    return sessions.joined(_seat(source, event), places.moment(event))


def read_left(source: Source, event: JSON) -> Reading:
    """Read that somebody left a session, whether or not the event says who."""
    place, user = places.room(source, event), member(event, "attributes", "user")
    name = places.optional_account(user)
    if name in source.policy.excluded:
        raise Unheard(Reason.EXCLUDED_ACCOUNT)
    if member(user, "guest") is True or places.is_guest(user):
        raise Unheard(Reason.ACTOR_UNKNOWN)
    return sessions.left(Seat(places.session(place, event), place, name or NOBODY, _presence(user)), places.moment(event))


def read_presenter(source: Source, event: JSON) -> Reading:
    """Read that somebody became the presenter."""
    return sessions.presented(_seat(source, event), places.moment(event))


def read_hand(source: Source, event: JSON) -> Reading:
    """Read that somebody raised a hand; lowering it means nothing."""
    if member(event, "attributes", "user", "raise-hand") is not True:
        raise Unheard(Reason.UNMAPPED)
    return Reading(decided=(_act(source, event, Event.HAND_RAISED, Kind.RAISE_HAND),))


def read_emoji(source: Source, event: JSON) -> Reading:
    """Read that somebody shows an emoji; which one is taken back, BigBlueButton does not say."""
    emoji = text(event, "attributes", "user", "emoji")
    if emoji in TAKEN_BACK:
        raise Unheard(Reason.UNMAPPED)
    if emoji == HAND:
        return Reading(decided=(_act(source, event, Event.HAND_RAISED, Kind.RAISE_HAND),))
    reaction = _act(source, event, Event.REACTION_ADDED, Kind.REACT)
    return Reading(decided=(replace(reaction, emoji=_written(emoji)),))


def _act(source: Source, event: JSON, happening: Event, kind: Kind) -> Interaction:
    seat, at = _seat(source, event), places.moment(event)
    return Interaction(
        event=happening,
        kind=kind,
        artefact=seat.session,
        actor=seat.actor,
        happened=at,
        place=seat.place,
        revision=f"{seat.name} {at}",
    )


def _seat(source: Source, event: JSON) -> Seat:
    """Return who was where; raise Unheard where that is not heard."""
    place, user = places.room(source, event), member(event, "attributes", "user")
    return Seat(places.session(place, event), place, places.account(source, user), _presence(user))


def _presence(user: JSON) -> str:
    return opaque(user, "internal-user-id")


def _written(emoji: str) -> str:
    """Return an emoji as code points, and one that has a name by it."""
    if len(emoji) > LONGEST_EMOJI or any(each.isspace() for each in emoji):
        raise Incomplete("emoji")
    return f":{emoji.strip(':')}:" if emoji.isascii() else " ".join(f"U+{ord(each):04X}" for each in emoji)
