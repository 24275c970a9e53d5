"""What goes with what it was said in: where a platform shows a topic no more, it shows none of the replies either."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from msgspec.structs import replace

from services.ingest.domain.interaction import MAKING, WITHDRAWING, Artefact, Interaction
from services.ingest.domain.reading import NOTHING_BELOW, Part, Reading, Withdrawn
from services.ingest.domain.source import Source
from shared.xapi.timestamps import instant


def with_threads(source: Source, reading: Reading) -> Reading:
    """Return *reading* with the threads that go with what it takes back, and with what it tells of threads that may have gone."""
    interactions = [*reading.decided, *(each.interaction for each in reading.undecided)]
    parts = tuple(
        part
        for each in interactions
        if each.kind in MAKING
        for part in parts_of(source, each.artefact, each.happened, (each.root, each.parent))
    )
    return replace(
        reading,
        withdrawn=(*reading.withdrawn, *emptied(source, interactions)),
        parts=tuple(dict.fromkeys((*reading.parts, *parts))),
    )


def parts_of(source: Source, artefact: Artefact, happened: str, above: Iterable[Artefact | None]) -> tuple[Part, ...]:
    """Return of what an *artefact* that was made below *above* is a part: of what holds what is said in it, each once."""
    roots = dict.fromkeys(each.native for each in above if each is not None and source.holds_what_is_said_in(each))
    native = artefact.native if source.holds_what_is_said_in(artefact) else NOTHING_BELOW
    return tuple(Part(root, artefact.iri, happened, native) for root in roots if root != artefact.native)


def apart_from_known(reading: Reading) -> list[Part]:
    """Return the parts that are not known to have been said in their thread by what *reading* teaches of their roots."""
    known = {(each.root, each.artefact.iri) for each in reading.known}
    return [each for each in reading.parts if (each.root, each.iri) not in known]


def has_gone(part: Part, withdrawn: datetime) -> bool:
    """Say whether *part* of a thread was there when that was *withdrawn*: what was said later is shown again."""
    return not part.happened or instant(part.happened) <= withdrawn


def emptied(source: Source, interactions: Iterable[Interaction]) -> tuple[Withdrawn, ...]:
    """Return the threads that go with what *interactions* take back."""
    gone = (each for each in interactions if each.kind in WITHDRAWING and source.holds_what_is_said_in(each.artefact))
    return tuple(Withdrawn(each.artefact.native, each.happened) for each in gone)
