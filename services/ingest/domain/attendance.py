"""Who attended a session, and for how long: derived from presences, which overlap and arrive in any order.

What is known of a presence only grows: it began no later than known so far, and ended no earlier. So what is known of a person's
presences never is again what it was, and has a revision of its own. A late presence makes another attendance, under another id;
the one told before is then voided.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from msgspec.structs import replace

from services.ingest.domain.interaction import AccountName, Artefact, ArtefactType, Event, Interaction, Kind, Place
from services.ingest.domain.reading import Rule, Undecided
from shared.clock import rfc3339


@dataclass(frozen=True, slots=True)
class Stay:
    """What is known of one presence, which the platform calls *name*: when it began at the latest, and ended at the earliest."""

    name: str
    joined: datetime | None
    left: datetime | None


@dataclass(frozen=True, slots=True, order=True)
class Presence:
    """From when to when somebody was there, by the platform's times; *cut*: it ended with the session, as far as is known."""

    joined: datetime
    left: datetime
    name: str = ""
    cut: bool = False


def presences_of(stays: Iterable[Stay], ended: datetime | None) -> list[Presence]:
    """Return the presences whose beginning and end are known: those that nobody saw end did when the session *ended*."""
    found = (_presence(stay, ended) for stay in stays)
    return sorted(each for each in found if each is not None)


def _presence(stay: Stay, ended: datetime | None) -> Presence | None:
    left = stay.left or ended
    if stay.joined is None or left is None:
        return None
    return Presence(stay.joined, left, stay.name, cut=stay.left is None)


def attended_seconds(presences: Iterable[Presence]) -> int:
    """Return the whole seconds that the union of *presences* covers; one that ends before it begins covers none."""
    covered, until = 0.0, None
    for presence in sorted(presences):
        begin = presence.joined if until is None else max(presence.joined, until)
        if presence.left > begin:
            covered += (presence.left - begin).total_seconds()
        until = presence.left if until is None else max(until, presence.left)
    return int(covered)


def revision_of(actor: AccountName, presences: Iterable[Presence]) -> str:
    """Name what is known of an actor's presences: the same in whichever order they became known, and however often."""
    known = sorted(set(presences))
    written = ",".join(f"{each.name} {rfc3339(each.joined)}/{rfc3339(each.left)}{'!' * each.cut}" for each in known)
    return f"{actor} {hashlib.blake2b(written.encode(), digest_size=8).hexdigest()}"


def attendance(
    session: Artefact, actor: AccountName, presences: Iterable[Presence], place: Place | None, told: str | None
) -> tuple[Interaction, ...]:
    """Return what is to be told of *actor* by what is known now; *told* is the revision that was told before, if any.

    Raises ValueError where *session* is none.
    """
    if session.type is not ArtefactType.SESSION:
        raise ValueError(f"{session.type} is not a session")
    known = sorted(set(presences))
    if not known or (revision := revision_of(actor, known)) == told:
        return ()
    attended = Interaction(
        event=Event.ATTENDED,
        kind=Kind.ATTEND,
        artefact=session,
        actor=actor,
        happened=rfc3339(max(each.left for each in known)),
        place=place,
        revision=revision,
        seconds=attended_seconds(known),
    )
    if told is None:
        return (attended,)
    voided = replace(attended, event=Event.VOIDED, kind=Kind.VOID, revision=told, voided=told, seconds=None)
    return (voided, attended)


def derived(interaction: Interaction) -> Undecided:
    """Return a derived *interaction* as what waits only to be told."""
    return Undecided(Rule.DERIVED, interaction.artefact.native, interaction)
