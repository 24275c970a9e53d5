"""What recorded deliveries of a platform would be told as: read by the connector, and by nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.resources import files
from typing import Final

import msgspec

from services.ingest.connectors.connector import Hook
from services.ingest.connectors.fields import if_whole
from services.ingest.domain.interaction import Interaction
from services.ingest.domain.mapping import statement_of
from services.ingest.domain.reading import Delivery, Reading, Undecided
from services.ingest.domain.source import Platform, Policy, Source
from services.ingest.domain.words import VERBS
from shared.xapi.model import JSON

WAITS: Final = "once what it depends on is known"


class Example(msgspec.Struct, frozen=True):
    """A recorded delivery: its headers in lower case, and its parsed body."""

    headers: dict[str, str]
    document: JSON


@dataclass(frozen=True, slots=True)
class Told:
    """A statement in words: who did what to which thing when; *note* says what it would wait for."""

    who: str
    did: str
    what: str
    when: str
    note: str = ""


def examples_of(platform: Platform) -> Sequence[Delivery]:
    """Return the recorded deliveries of *platform*; none where none were recorded."""
    file = files(__package__).joinpath("examples", f"{platform}.json")
    if not file.is_file():
        return ()
    recorded = msgspec.json.decode(file.read_bytes(), type=list[Example])
    return [Delivery(each.headers, each.document) for each in recorded]


def heard(hook: Hook, source: Source, delivery: Delivery) -> Reading:
    """Read a recorded delivery as one of *source*, of a place that it hears."""
    open_to_all = Policy(private=True, direct=True, keeps=source.policy.keeps, accepting=source.policy.accepting)
    return if_whole(hook.read, replace(source, policy=open_to_all, closed=frozenset()), delivery)


def told(source: Source, reading: Reading) -> Iterator[Told]:
    """Yield what *reading* would be told as, as far as it stands in it."""
    yield from (_told(source, each) for each in reading.decided)
    for waiting in reading.undecided:
        yield _waiting(source, waiting)
    for sighting in reading.sightings:
        did, when = ("seen leaving", sighting.left) if sighting.left else ("seen joining", sighting.joined)
        yield Told(sighting.actor or "", did, sighting.session.iri, when or "", "as an attendance, when it is over")
    for ending in reading.endings:
        yield Told("", "seen ending", ending.session.iri, ending.ended, "as attendances")
    for lookup in reading.lookups:
        yield Told("", "named by id", lookup.key, "", "the platform is asked for it")


def _waiting(source: Source, waiting: Undecided) -> Told:
    """Tell the plainest meaning; who takes something back may be known only by its target."""
    found = waiting.interaction
    if not found.actor:
        return Told("", VERBS[found.kind][1], found.artefact.iri, found.happened, WAITS)
    return replace(_told(source, found), note=WAITS)


def _told(source: Source, interaction: Interaction) -> Told:
    statement = statement_of(interaction, source)
    thing = statement["object"]
    assert isinstance(thing, Mapping)  # noqa: S101  an object is one
    name = thing.get("id") or (interaction.person or "")
    return Told(interaction.actor, VERBS[interaction.kind][1], str(name), interaction.happened)
