"""What must hold once a history has come to rest, asked of the tables and topics, not of the services."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable
from itertools import pairwise
from math import isclose
from typing import Any, Final

import msgspec

from services.gateway.statements.recording import Confirmed, Conflict
from shared.clock import rfc3339
from shared.contracts import ENRICHED, RECEIVED, RECORDED, Enriched, Received, Recorded, Status, decode
from shared.stream import Partition
from tests.faults.simulation.expected import Record
from tests.faults.simulation.house import House
from tests.faults.simulation.parts import Cast
from tests.faults.simulation.plot import MONDAY, Plot, Said
from tests.faults.simulation.stage import Violation
from tests.support.oracle import Impact, impacts

STATEMENTS: Final = """
SELECT seq, stored, id::text, digest, voided, redacted_at IS NOT NULL AS redacted, body FROM lrs.statement ORDER BY seq
"""
LETTERS: Final = 'SELECT partition, "offset", times, settled_at IS NULL AS unsettled, value FROM {}.dead_letter'
IMPACTS: Final = """
SELECT learner, (impact.learner_impact(learner, $1)).* FROM (SELECT DISTINCT beneficiary AS learner FROM impact.fact) AS known
"""
AS_OF: Final = MONDAY.replace(month=4)


async def judge(house: House, plot: Plot) -> None:
    """Hold everything against what was sent. Raises Violation."""
    rows = await house.books.ask(STATEMENTS)
    _judge_order(rows)
    received = list(_received(house))
    await _judge_letters(house, rows, received)
    _judge_answers(house, rows)
    _judge_poller(house, rows)
    record = _record(rows, received, plot)
    _judge_marks(rows, record)
    _judge_recorded(house, rows)
    if house.cast is Cast.RECORDING:
        return
    known = record.known()
    newest = _judge_enriched(house, known)
    await _judge_scored(house, newest, known)


def _check(holds: object, text: str) -> None:
    if not holds:
        raise Violation(text)


def _judge_order(rows: list[Any]) -> None:
    _check([row["seq"] for row in rows] == list(range(1, len(rows) + 1)), f"seq is not dense: {[row['seq'] for row in rows]}")
    _check(all(one["stored"] < two["stored"] for one, two in pairwise(rows)), "stored does not increase with seq")
    for row in rows:
        _check(json.loads(row["body"])["stored"] == rfc3339(row["stored"]), "the body says another stored")


def _received(house: House) -> Iterable[tuple[Partition, int, Received]]:
    for partition, records in sorted(house.log.records.items()):
        if partition.topic == RECEIVED.name:
            for record in records:
                yield partition, record.offset, decode(record.value, Received)


async def _judge_letters(house: House, rows: list[Any], received: list[tuple[Partition, int, Received]]) -> None:
    """Each received request stands in the record whole, or else among the dead letters, those that say the same as one."""
    recorded = {row["id"]: row["digest"].hex() for row in rows}
    refused = {
        (partition.number, offset): _what_it_says(request)
        for partition, offset, request in received
        if any(recorded.get(each.id) != each.digest for each in request.statements)
    }
    letters = await house.books.ask(LETTERS.format("lrs"))
    kept, unsettled = Counter[tuple[str, ...]](), Counter[tuple[str, ...]]()
    for row in letters:
        says = refused.get((row["partition"], row["offset"]), ())
        kept[says] += row["times"]
        unsettled[says] += row["unsettled"]
    _check(kept == Counter(refused.values()), f"refused were {refused}, and dead letters are {kept}")
    _check(max(unsettled.values(), default=1) <= 1, f"dead letters say the same: {unsettled}")
    buried = [
        record for partition, records in house.log.records.items() if partition.topic.endswith(".dlq") for record in records
    ]
    told = {_what_it_says(decode(record.value, Received)) for record in buried}
    _check(told == set(refused.values()), "the dead letters' topic lacks some, or tells of others")
    _judge_what_letters_hold([decode(row["value"], Received) for row in letters], rows, received)
    for schema in ("records", "impact"):
        _check(not await house.books.ask(LETTERS.format(schema)), f"{schema} refused what the house itself said")


def _judge_what_letters_hold(letters: list[Received], rows: list[Any], received: list[tuple[Partition, int, Received]]) -> None:
    """Whichever came first, no dead letter has the text of what was deleted, nor another text of a statement that has none."""
    gone = {iri for _, _, request in received for iri in request.redacts}
    wordless = {row["id"] for row in rows if row["redacted"]}
    for request in letters:
        for each in request.statements:
            body = json.loads(bytes(each.body))
            about = body["object"]["id"]
            deleted = about in gone and about not in request.redacts
            _check("result" not in body or not (deleted or each.id in wordless), f"a dead letter keeps the text of {each.id}")


def _what_it_says(request: Received) -> tuple[str, ...]:
    return (request.source, *request.redacts, *(f"{each.id} {each.digest}" for each in request.statements))


def _judge_answers(house: House, rows: list[Any]) -> None:
    """Who was told "recorded" finds it; who was told "conflict" had one (rule 6)."""
    recorded = {row["id"]: row["digest"] for row in rows}
    for admitted, verdict in house.answers:
        holds = all(recorded.get(identifier) == digest for identifier, digest in admitted.digests.items())
        if isinstance(verdict, Confirmed):
            _check(holds, f"{admitted.ids} were acknowledged as recorded, and are not")
        if isinstance(verdict, Conflict):
            _check(not holds, f"{admitted.ids} were refused as conflicts, and are recorded")


def _judge_poller(house: House, rows: list[Any]) -> None:
    missed = [
        row["id"] for row in rows if not row["voided"] and rfc3339(row["stored"]) <= house.through and row["id"] not in house.seen
    ]
    _check(not missed, f"consistent through {house.through}, the poller missed {missed}")


def _record(rows: list[Any], received: list[tuple[Partition, int, Received]], plot: Plot) -> Record:
    """Find out which variant of each statement was recorded, and what was deleted."""
    bodies = {(each.id, each.digest): bytes(each.body) for _, _, request in received for each in request.statements}
    said: dict[str, Said] = {}
    for row in rows:
        response = json.loads(bodies[row["id"], row["digest"].hex()])["result"]["response"]
        said[row["id"]] = next(each for each in plot.variants[row["id"]] if each.body()["result"]["response"] == response)
    gone = {iri for _, _, request in received for iri in request.redacts}
    return Record(said, {each.id for each in said.values() if not each.voids and each.about in gone})


def _judge_marks(rows: list[Any], record: Record) -> None:
    _check({row["id"] for row in rows if row["voided"]} == record.voided, f"voided should be {record.voided}")
    _check({row["id"] for row in rows if row["redacted"]} == set(record.redacted), f"redacted should be {record.redacted}")


def _judge_recorded(house: House, rows: list[Any]) -> None:
    """Of every statement it was said that it is recorded, and, absorbed, what it is in the end."""
    said: dict[str, tuple[bool, bool]] = {}
    for message in _messages(house, RECORDED.name, Recorded):
        voided, redacted = said.get(message.id, (False, False))
        said[message.id] = (voided or message.voided, redacted or message.redacted_at is not None)
    expected = {row["id"]: (row["voided"], row["redacted"]) for row in rows}
    _check(said == expected, f"recorded was said of {said}, and the record is {expected}")


def _judge_enriched(house: House, known: dict[str, Enriched]) -> dict[str, Enriched]:
    """The newest word on every statement is what one run in order would say (rules 3 and 4)."""
    newest: dict[str, Enriched] = {}
    for message in _messages(house, ENRICHED.name, Enriched):
        if message.id not in newest or newest[message.id].revision < message.revision:
            newest[message.id] = message
    _check(newest.keys() == known.keys(), f"enriched was said of {sorted(newest)}, and recorded are {sorted(known)}")
    for identifier, expected in known.items():
        found = _essence(newest[identifier])
        _check(found == _essence(expected), f"known of {identifier} is {found}, and should be {_essence(expected)}")
    return newest


def _essence(message: Enriched) -> tuple[Any, ...]:
    links = [(link.course, round(link.confidence * 1e6), link.actor_enrolled, link.author_enrolled) for link in message.links]
    whose = (message.learner, message.author, message.copy_of, message.upon_copy_of)
    return (message.status, *whose, message.actor_grounded, message.object, message.parent, links)


async def _judge_scored(house: House, newest: dict[str, Enriched], known: dict[str, Enriched]) -> None:
    """Scoring applied the newest word on every statement, and its sums are those of the design's text (rules 4 and 8)."""
    applied = {
        row["id"]: row["revision"]
        for row in await house.books.ask("SELECT statement_id::text AS id, revision FROM impact.statement_revision")
    }
    said = {identifier: message.revision for identifier, message in newest.items()}
    _check(applied == said, f"scoring applied the revisions {applied}, and the newest are {said}")
    expected = impacts([each for each in known.values() if each.status is not Status.VOIDED], AS_OF)
    found = {
        str(row["learner"]): Impact(row["reception"], row["contribution"], row["grounding"])
        for row in await house.books.ask(IMPACTS, AS_OF)
    }
    for learner in expected.keys() | found.keys():
        one, two = expected.get(learner, Impact(0, 0, None)), found.get(learner, Impact(0, 0, None))
        same = all(isclose(a or 0, b or 0, abs_tol=1e-5) for a, b in zip(one, two, strict=True))
        _check(same, f"the impact of {learner} is {two}, and should be {one}")


def _messages(house: House, topic: str, kind: type[msgspec.Struct]) -> Iterable[Any]:
    for partition, records in house.log.records.items():
        if partition.topic == topic:
            for record in records:
                yield decode(record.value, kind)


def fingerprint(trail: Iterable[str]) -> str:
    """Return a short name of a schedule, by which two runs of a seed can be compared."""
    return hashlib.sha256("\n".join(trail).encode()).hexdigest()[:12]
