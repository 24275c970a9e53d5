"""What must have been told once a history has come to rest: what a single telling of the same makes of it, and no more."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Final

import orjson
from prometheus_client import CollectorRegistry

from services.ingest.domain.interaction import AccountName
from services.ingest.domain.settlement import Patience, settle
from services.ingest.domain.source import SourceId
from services.ingest.metrics import IngestMetrics
from services.ingest.tallies import Tallies
from shared.contracts import RECEIVED, Received, ReceivedStatement, decode
from shared.stream import MemoryLog
from shared.xapi.timestamps import instant
from tests.faults.simulation.stage import Violation
from tests.faults.simulation.telling_parts import MONDAY, Kind, Tables
from tests.support.ingest import Ear, Sent

PERSON: Final = AccountName("UANS")
"""Who is erased, where somebody is."""
NAME: Final = f'"{PERSON}"'.encode()
LONG: Final = timedelta(days=40)
COMPLETE: Final = frozenset({Kind.PATIENT, Kind.HASTY, Kind.LATE})
"""Where nothing is left out."""
TAKING_BACK: Final = "/delete"


@dataclass(frozen=True)
class Telling:
    """The statements that were told, in how many words each; and the addresses of what is gone."""

    statements: Mapping[str, frozenset[bytes]]
    gone: frozenset[str]


@cache
def metrics() -> IngestMetrics:
    """Return what all count with: it takes long to make."""
    return IngestMetrics(CollectorRegistry(), Tallies(lambda: MONDAY))


async def expected_of(said: Sequence[Sent]) -> Telling:
    """Return what is to be told of *said*: heard and told one after the other by one whom nothing befalls."""
    ear = Ear(metrics=metrics())
    await ear.hear(*said)
    ear.now += LONG
    for source in {sent.source.id: sent.source for sent in said}.values():
        await ear.sweep(source)
    return told_in(ear.log)


def told_in(log: MemoryLog) -> Telling:
    """Return what stands in *log*."""
    statements: dict[str, set[bytes]] = {}
    for each in _received(log):
        for statement in each.statements:
            statements.setdefault(statement.id, set()).add(bytes(statement.body))
    gone = frozenset(address for each in _received(log) for address in each.redacts)
    return Telling({statement: frozenset(bodies) for statement, bodies in statements.items()}, gone)


async def judge_what_waits(tables: Tables) -> None:
    """See that nothing waits any more for what is known. Raises Violation."""
    for source, statement in tables.pending:
        opened = await tables.open(source, [statement], [])
        if any(settle(each, Patience.WAITING) is not None for each in opened.waiting if each.statement == statement):
            raise Violation(f"{statement} of {source} waits for what is known")


def judge_told(kind: Kind, expected: Telling, told: Telling) -> None:
    """See that all was told, in one way, and nothing else. Raises Violation."""
    if unheard := told.statements.keys() - expected.statements.keys():
        raise Violation(f"told without having been heard was {unheard}")
    if kind is not Kind.ERASING and (twofold := [each for each, bodies in told.statements.items() if len(bodies) > 1]):
        raise Violation(f"told in two ways was {twofold}")
    if kind in COMPLETE and (lost := expected.statements.keys() - told.statements.keys()):
        raise Violation(f"lost was {lost}")
    if kind in COMPLETE and expected.gone != told.gone:
        raise Violation(f"gone is {told.gone}, and should be {expected.gone}")
    if kind in {Kind.PATIENT, Kind.LATE} and expected != told:
        raise Violation("something was told otherwise than it was heard")


def judge_closed(source: SourceId, before: Collection[str], told: Telling) -> None:
    """See that of *source* nothing was told but what was heard *before* its channel was closed, and what takes something back."""
    private = [each for each, bodies in told.statements.items() if each not in before and _is_of(source, bodies)]
    if private:
        raise Violation(f"told of a private channel was {private}")


def judge_erased(tables: Tables, expected: Telling, log: MemoryLog) -> None:
    """See that whoever was erased is named nowhere, nor told of later, and that all others are. Raises Violation."""
    if tables.names(PERSON):
        raise Violation("whoever was erased is known again")
    if any(NAME in bytes(each.body) for each in _received_after(log, tables.erased[PERSON])):
        raise Violation("whoever was erased was told of later")
    of_others = {each for each, bodies in expected.statements.items() if not any(NAME in body for body in bodies)}
    if lost := of_others - told_in(log).statements.keys():
        raise Violation(f"lost with whoever was erased was {lost}")


def _is_of(source: SourceId, bodies: Collection[bytes]) -> bool:
    """Say whether this statement is of *source*, and takes nothing back."""
    [statement] = (orjson.loads(body) for body in bodies)
    vouched = statement["authority"]["account"]["name"] == f"source:{source}"
    return vouched and not statement["verb"]["id"].endswith(TAKING_BACK)


def _received(log: MemoryLog) -> Iterator[Received]:
    for partition, records in log.records.items():
        if partition.topic == RECEIVED.name:
            yield from (decode(record.value, Received) for record in records)


def _received_after(log: MemoryLog, time: datetime) -> Iterator[ReceivedStatement]:
    return (statement for each in _received(log) if instant(each.received_at) > time for statement in each.statements)
