"""What every platform of video chats and webinars tells: sessions that start and end, and people who join and leave them."""

from __future__ import annotations

from dataclasses import dataclass

from msgspec.structs import replace

from services.ingest.connectors.fields import Unheard
from services.ingest.domain.interaction import AccountName, Artefact, Event, Interaction, Kind, NativeId, Place
from services.ingest.domain.reading import Ending, Known, Reading, Reason, Rule, Sighting, Undecided
from services.ingest.domain.source import Source
from shared.xapi.timestamps import instant


@dataclass(frozen=True, slots=True)
class Seat:
    """One presence of one person: in which session, which takes place where, and what the platform calls it."""

    session: Artefact
    place: Place
    actor: AccountName
    name: str

    @property
    def native(self) -> NativeId:
        """Return the name of this presence within the source."""
        return NativeId(f"{self.session.native}/{self.name}")


def heard(source: Source, place: Place, *, public: bool = False) -> Place:
    """Return *place* if what happens there is heard; raise Unheard if it is not.

    Platforms of sessions do not say what is private. So a place is heard if the source's allow-list names it, or, where nothing
    is named, if it is *public*, open to many, or the source hears private ones.
    """
    policy = source.policy
    if policy.channels and place.id not in policy.channels:
        raise Unheard(Reason.CHANNEL_NOT_ALLOWED)
    if not (policy.channels or public or policy.private):
        raise Unheard(Reason.PRIVATE_CHANNEL)
    return place


def joined(seat: Seat, at: str) -> Reading:
    """Read that somebody joined a session *at* a time, RFC 3339."""
    presence = Artefact(seat.native, seat.session.iri, seat.session.type)
    return Reading(
        decided=(_moved(seat, Event.JOINED, Kind.JOIN, at),),
        known=(Known(presence, seat.native, seat.actor, False, at),),
        sightings=(Sighting(seat.session, seat.place, seat.name, seat.actor, joined=at),),
    )


def joined_unheard(seat: Seat, at: str, reason: Reason) -> Reading:
    """Read that somebody joined who is not heard, for this *reason*: what is done by that presence is nobody's."""
    presence = Artefact(seat.native, seat.session.iri, seat.session.type)
    return Reading(known=(Known(presence, seat.native, None, False, at),), ignored=(reason,))


def done(seat: Seat, interaction: Interaction) -> Undecided:
    """Return *interaction* as one of whoever joined: the platform may name nobody, or another."""
    return Undecided(Rule.PRESENCE, seat.native, interaction)


def left(seat: Seat, at: str) -> Reading:
    """Read that somebody left a session *at* a time: for how long they were there is known once it is when they joined it."""
    return Reading(
        undecided=(Undecided(Rule.LEAVING, seat.native, _moved(seat, Event.LEFT, Kind.LEAVE, at)),),
        sightings=(Sighting(seat.session, seat.place, seat.name, left=at),),
    )


def started(session: Artefact, place: Place, actor: AccountName, at: str) -> Reading:
    """Read that *actor* started *session*."""
    return Reading(decided=(_turned(session, place, actor, Event.STARTED, at),))


def ended(session: Artefact, place: Place, actor: AccountName, at: str, since: str | None) -> Reading:
    """Read that *actor* ended *session*, which had begun at *since*, if that is known."""
    interaction = _turned(session, place, actor, Event.ENDED, at)
    seconds = int((instant(at) - instant(since)).total_seconds()) if since else -1
    interaction = replace(interaction, seconds=seconds) if seconds >= 0 else interaction
    return Reading(decided=(interaction,), endings=(Ending(session, place, at),))


def presented(seat: Seat, at: str) -> Reading:
    """Read that somebody began to present."""
    return Reading(decided=(_moved(seat, Event.PRESENTED, Kind.PRESENT, at),))


def _moved(seat: Seat, event: Event, kind: Kind, at: str) -> Interaction:
    return Interaction(
        event=event,
        kind=kind,
        artefact=seat.session,
        actor=seat.actor,
        happened=at,
        place=seat.place,
        revision=f"{seat.name} {at}",
    )


def _turned(session: Artefact, place: Place, actor: AccountName, event: Event, at: str) -> Interaction:
    return Interaction(
        event=event,
        kind=Kind.START if event is Event.STARTED else Kind.END,
        artefact=session,
        actor=actor,
        happened=at,
        place=place,
        revision=at,
    )
