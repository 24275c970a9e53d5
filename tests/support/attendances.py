"""Who was seen in which session, in memory, as `services.ingest.attendances` keeps it in PostgreSQL; and sessions to see."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from services.ingest.attendances import Due
from services.ingest.domain.attendance import Stay, attendance, presences_of
from services.ingest.domain.interaction import (
    AccountName,
    Artefact,
    ArtefactType,
    ChannelId,
    Interaction,
    NativeId,
    Place,
    PlaceType,
)
from services.ingest.domain.reading import Ending, Reading, Sighting
from services.ingest.domain.source import SourceId
from shared.clock import rfc3339
from shared.xapi.timestamps import instant
from shared.xapi.vocabulary import Verb

START = datetime(2026, 3, 2, 12, tzinfo=UTC)
PEOPLE = ("ann", "bea", "cy")


def moment(minute: int) -> str:
    """Return a time so many minutes after the session's beginning."""
    return rfc3339(START + timedelta(minutes=minute))


def session(name: str = "s") -> tuple[Artefact, Place]:
    """Return a session and the room that it takes place in."""
    artefact = Artefact(NativeId(name), f"https://acme.example/s/{name}", ArtefactType.SESSION)
    return artefact, Place(ChannelId("room"), "https://acme.example/rooms/1", PlaceType.SESSION)


def seen(who: str, name: str, joined: int | None = None, left: int | None = None, where: str = "s") -> Reading:
    """Return that somebody was seen to join, or to leave, at these minutes."""
    ends = [moment(each) if each is not None else None for each in (joined, left)]
    actor = AccountName(who) if joined is not None else None
    return Reading(sightings=(Sighting(*session(where), name, actor, *ends),))


def over(minute: int, where: str = "s") -> Reading:
    """Return that the session ended at this minute."""
    return Reading(endings=(Ending(*session(where), moment(minute)),))


def random_sessions(chance: Random) -> list[Reading]:
    """Return what is seen of a few people in two sessions; some presences lack one end, some sessions never end."""
    readings: list[Reading] = []
    for where in ("s", "t"):
        for number in range(chance.randrange(1, 7)):
            who, joined = chance.choice(PEOPLE), chance.randrange(60)
            readings += [seen(who, f"{number}", joined=joined, where=where)] * (chance.random() < 0.9)
            readings += [seen(who, f"{number}", left=joined + chance.randrange(40), where=where)] * (chance.random() < 0.7)
        readings += [over(chance.randrange(60, 90), where)] * (chance.random() < 0.8)
    return readings


def unvoided(statements: Sequence[Mapping[str, Any]]) -> set[str]:
    """Return who attended what for how long, by the statements that no other takes back."""
    voided = {each["object"]["id"] for each in statements if each["verb"]["id"] == Verb.VOIDED}
    return {
        f"{each['actor']['account']['name']} {each['object']['id']} {each['result']['duration']} {each['timestamp']} {each['id']}"
        for each in statements
        if each["verb"]["id"] == Verb.ATTENDED and each["id"] not in voided
    }


Key = tuple[SourceId, NativeId, AccountName]


class MemoryAttendances:
    """Presences, endings of sessions, and which revision of each attendance is told."""

    def __init__(self) -> None:
        self.sessions: dict[tuple[SourceId, NativeId], tuple[Artefact, Place | None]] = {}
        self.ended: dict[tuple[SourceId, NativeId], datetime] = {}
        self.stays: dict[tuple[SourceId, NativeId], dict[str, tuple[AccountName | None, Stay]]] = {}
        self.told: dict[Key, str] = {}
        self.due: dict[Key, datetime] = {}

    def see(self, source: SourceId, sightings: Sequence[Sighting], endings: Sequence[Ending], due: Due) -> int:
        both: list[Sighting | Ending] = [*sightings, *endings]
        for each in both:
            self.sessions.setdefault((source, each.session.native), (each.session, each.place))
        for ending in endings:
            self._end(source, ending, due)
        changed = {key for sighting in sightings if (key := self._merge(source, sighting)) is not None}
        self.due |= {key: self._due(key, due) for key in changed}
        return len(changed)

    def derive(self, now: datetime, limit: int) -> Iterator[tuple[SourceId, tuple[Interaction, ...]]]:
        for key in [key for key, at in self.due.items() if at <= now][:limit]:
            del self.due[key]
            source, native, actor = key
            artefact, place = self.sessions[source, native]
            known = presences_of(self.stays_of(key), self.ended.get((source, native)))
            news = attendance(artefact, actor, known, place, self.told.get(key))
            if news:
                self.told[key] = news[-1].revision
            yield source, news

    def stays_of(self, key: Key) -> list[Stay]:
        return [stay for actor, stay in self.stays.get(key[:2], {}).values() if actor == key[2]]

    def _due(self, key: Key, due: Due) -> datetime:
        if key[:2] not in self.ended:
            return due.open
        return due.ended if any(stay.left is None for stay in self.stays_of(key)) else due.complete

    def _end(self, source: SourceId, ending: Ending, due: Due) -> None:
        key, at = (source, ending.session.native), instant(ending.ended)
        if key in self.ended and self.ended[key] >= at:
            return
        self.ended[key] = at
        everybody = {(*key, actor) for actor, _ in self.stays.get(key, {}).values() if actor}
        self.due |= {each: self._due(each, due) for each in everybody}

    def _merge(self, source: SourceId, sighting: Sighting) -> Key | None:
        session = (source, sighting.session.native)
        stays = self.stays.setdefault(session, {})
        actor, before = stays.get(sighting.name, (None, Stay(sighting.name, None, None)))
        joined = [at for at in (before.joined, instant(sighting.joined) if sighting.joined else None) if at]
        left = [at for at in (before.left, instant(sighting.left) if sighting.left else None) if at]
        stay, actor = Stay(sighting.name, min(joined, default=None), max(left, default=None)), actor or sighting.actor
        stays[sighting.name] = actor, stay
        return (*session, actor) if actor and stay != before else None
