"""What people do in BigBlueButton's sessions: join, leave, present, raise a hand, show how they feel.

`internal-user-id` names one presence. Whose it is, the join says for sure: later events sometimes do not, or name another
(bigbluebutton/bigbluebutton issues 10863 and 13736).
"""

from __future__ import annotations

from typing import Final

from services.ingest.connectors import sessions
from services.ingest.connectors.bigbluebutton import places
from services.ingest.connectors.fields import Incomplete, Unheard, member, text
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
    place, user, at = places.room(source, event), member(event, "attributes", "user"), places.moment(event)
    seat = places.presence(places.session(place, event), place, places.optional_account(source, user) or NOBODY, user)
    if not seat.actor:
        return sessions.joined_unheard(seat, at, Reason.ACTOR_UNKNOWN)
    if seat.actor in source.policy.excluded:
        return sessions.joined_unheard(seat, at, Reason.EXCLUDED_ACCOUNT)
    return sessions.joined(seat, at)


def read_left(source: Source, event: JSON) -> Reading:
    """Read that somebody left a session, whether or not the event says who."""
    place, user = places.room(source, event), member(event, "attributes", "user")
    name = places.optional_account(source, user)
    if name in source.policy.excluded:
        raise Unheard(Reason.EXCLUDED_ACCOUNT)
    if places.is_guest(source, user):
        raise Unheard(Reason.ACTOR_UNKNOWN)
    return sessions.left(places.presence(places.session(place, event), place, name or NOBODY, user), places.moment(event))


def read_presenter(source: Source, event: JSON) -> Reading:
    """Read that somebody became the presenter."""
    return _act(source, event, Event.PRESENTED, Kind.PRESENT)


def read_hand(source: Source, event: JSON) -> Reading:
    """Read that somebody raised a hand; lowering it means nothing."""
    if member(event, "attributes", "user", "raise-hand") is not True:
        raise Unheard(Reason.UNMAPPED)
    return _act(source, event, Event.HAND_RAISED, Kind.RAISE_HAND)


def read_emoji(source: Source, event: JSON) -> Reading:
    """Read that somebody shows an emoji; which one is taken back, BigBlueButton does not say."""
    emoji = text(event, "attributes", "user", "emoji")
    if emoji in TAKEN_BACK:
        raise Unheard(Reason.UNMAPPED)
    if emoji == HAND:
        return _act(source, event, Event.HAND_RAISED, Kind.RAISE_HAND)
    return _act(source, event, Event.REACTION_ADDED, Kind.REACT, _written(emoji))


def _act(source: Source, event: JSON, happening: Event, kind: Kind, emoji: str | None = None) -> Reading:
    place, user, at = places.room(source, event), member(event, "attributes", "user"), places.moment(event)
    seat = places.presence(places.session(place, event), place, places.actor(source, user), user)
    act = Interaction(
        event=happening,
        kind=kind,
        artefact=seat.session,
        actor=seat.actor,
        happened=at,
        place=seat.place,
        revision=f"{seat.name} {at}",
        emoji=emoji,
    )
    return Reading(undecided=(sessions.done(seat, act),))


def _written(emoji: str) -> str:
    """Return an emoji as code points, and one that has a name by it."""
    if len(emoji) > LONGEST_EMOJI or any(each.isspace() for each in emoji):
        raise Incomplete("emoji")
    return f":{emoji.strip(':')}:" if emoji.isascii() else " ".join(f"U+{ord(each):04X}" for each in emoji)
