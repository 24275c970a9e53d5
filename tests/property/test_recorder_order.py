"""Whatever is received ends in the same record, in whatever order, cut into whatever batches, and however often it comes."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, NamedTuple

import orjson
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.gateway.domain.query import Filters
from services.gateway.domain.redaction import redact
from shared.contracts import Received
from shared.settings import PostgresSettings
from shared.xapi.canonical import cut
from tests.support.lrs import Lrs, open_lrs
from tests.support.received import VOIDED, activity, id_of, reference, request, statement

EMPTY: Any = "TRUNCATE statement, statement_mention, statement_reference, redaction"
ASKED = "https://w3id.org/xapi/social/verbs/asked"
POSTS = ("https://acme.slack.com/archives/C1/p1", "https://acme.slack.com/archives/C1/p2")
SOURCES = ("source:slack", "source:discourse")


class Said(NamedTuple):
    """One statement of the play: *about* a post, or referring to (*target*) or voiding another; *redacts* its own object."""

    source: str
    about: str | None = None
    target: int | None = None
    voids: bool = False
    asks: bool = False
    redacts: bool = False


class Arrival(NamedTuple):
    """Statements that come in one request, at a time."""

    numbers: frozenset[int]
    second: int


Play = tuple[Said, ...]


def speak(number: int, said: Said) -> dict[str, Any]:
    """Return statement *number* of the play."""
    verb = VOIDED if said.voids else ASKED if said.asks else "http://activitystrea.ms/comment"
    thing = activity(said.about, f"text {number}") if said.about else reference(said.target or 0)
    return statement(number, verb={"id": verb}, object=thing, result={"response": f"text {number}"})


def requests_of(play: Play, arrivals: Sequence[Arrival]) -> list[Received]:
    """Return what the doors pass on: a request has one source, and brings its own redactions."""
    requests = []
    for arrival in arrivals:
        for source in SOURCES:
            for redacts in (False, True):
                own = [n for n in sorted(arrival.numbers) if play[n].source == source and play[n].redacts == redacts]
                if own:
                    requests.append(
                        request(
                            *(speak(number, play[number]) for number in own),
                            source=source,
                            received_at=f"2026-01-31T12:00:{arrival.second:02}.000000Z",
                            redacts=tuple(play[number].about or "" for number in own) if redacts else (),
                        )
                    )
    return requests


def expected(play: Play, requests: Sequence[Received]) -> dict[str, tuple[bool, str | None, bytes]]:
    """Say by the rules alone what the record holds in the end."""
    there = {each.id for request in requests for each in request.statements}
    numbers = [number for number in range(len(play)) if id_of(number) in there]
    void = {play[number].target for number in numbers if play[number].voids}
    gone: dict[tuple[str, str], str] = {}
    for each in requests:
        for iri in each.redacts:
            gone[each.source, iri] = min(gone.get((each.source, iri), each.received_at), each.received_at)
    record = {}
    for number in numbers:
        said, body = play[number], orjson.dumps(speak(number, play[number]))
        at = None if said.redacts or not said.about else gone.get((said.source, said.about))
        record[id_of(number)] = (number in void and not said.voids, at, redact(body) if at else body)
    return record


def asking(play: Play, record: dict[str, Any]) -> set[str]:
    """Say which statements ask, or refer, perhaps through others, to one that does; void ones are not found."""

    def asks(number: int, steps: int = 0) -> bool:
        if id_of(number) not in record or steps > 8:
            return False
        said = play[number]
        return (said.asks and not said.voids) or (said.target is not None and asks(said.target, steps + 1))

    return {id_of(number) for number in range(len(play)) if asks(number) and not record[id_of(number)][0]}


@st.composite
def plays(draw: st.DrawFn) -> tuple[Play, list[Arrival], list[int]]:
    """Draw statements, how they arrive (some again), and where batches are cut."""
    size = draw(st.integers(2, 7))
    posts, sources = st.sampled_from(POSTS), st.sampled_from(SOURCES)
    about = st.builds(Said, sources, posts, st.none(), st.just(False), st.booleans(), st.booleans())
    refers = st.builds(Said, sources, st.none(), st.integers(0, size), st.booleans(), st.booleans(), st.just(False))
    play = tuple(draw(st.lists(about | refers, min_size=size, max_size=size)))
    numbers = st.frozensets(st.integers(0, size - 1), min_size=1, max_size=size)
    arrivals = draw(st.lists(st.builds(Arrival, numbers, st.integers(0, 59)), min_size=1, max_size=6))
    return play, arrivals, draw(st.lists(st.integers(1, 4), min_size=1, max_size=8))


async def perform(lrs: Lrs, requests: Sequence[Received], cuts: Sequence[int]) -> None:
    """Record *requests* anew, in batches of the sizes *cuts*, over and over."""
    await lrs.database.execute(EMPTY)
    rest, turn = list(requests), 0
    while rest:
        size = cuts[turn % len(cuts)]
        decision = await lrs.take(*rest[:size])
        assert not decision.rejections
        rest, turn = rest[size:], turn + 1


async def check(lrs: Lrs, play: Play) -> tuple[dict[str, Any], set[str]]:
    """Return what the record holds, and what is found to ask."""
    rows = await lrs.rows()
    record = {
        str(row["id"]): (
            row["voided"],
            row["redacted_at"] and row["redacted_at"].strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            cut(row["body"], "stored"),
        )
        for row in rows
    }
    page = await lrs.store.page(Filters(verb=ASKED), len(play) + 1)
    return record, {orjson.loads(body)["id"] for body in page.bodies}


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(play=plays(), data=st.data())
def test_any_order_of_arrival_ends_in_the_same_record(
    postgres_settings: PostgresSettings, play: tuple[Play, list[Arrival], list[int]], data: st.DataObject
) -> None:
    said, arrivals, cuts = play
    requests = requests_of(said, arrivals)
    shuffled = data.draw(st.permutations(requests))

    async def run() -> None:
        async with open_lrs(postgres_settings) as lrs:
            await perform(lrs, shuffled, cuts)
            record, found = await check(lrs, said)
        wanted = expected(said, requests)
        assert record == wanted
        assert found == asking(said, wanted)

    asyncio.run(run())
