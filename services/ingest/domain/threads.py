"""What goes with what it was said in: where a platform shows a topic no more, it shows none of the replies either."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec.structs import replace

from services.ingest.domain.interaction import MAKING, WITHDRAWING, Interaction
from services.ingest.domain.reading import Part, Reading, Withdrawn
from services.ingest.domain.source import Source


def with_threads(source: Source, reading: Reading) -> Reading:
    """Return *reading* with the threads that go with what it takes back, and with what it tells of threads that may have gone."""
    interactions = [*reading.decided, *(each.interaction for each in reading.undecided)]
    parts = tuple(
        Part(each.root.native, each.artefact.iri, each.happened)
        for each in interactions
        if each.root is not None and each.kind in MAKING and source.holds_what_is_said_in(each.root)
    )
    return replace(reading, withdrawn=(*reading.withdrawn, *emptied(source, interactions)), parts=(*reading.parts, *parts))


def emptied(source: Source, interactions: Iterable[Interaction]) -> tuple[Withdrawn, ...]:
    """Return the threads that go with what *interactions* take back."""
    gone = (each for each in interactions if each.kind in WITHDRAWING and source.holds_what_is_said_in(each.artefact))
    return tuple(Withdrawn(each.artefact.native, each.happened) for each in gone)
