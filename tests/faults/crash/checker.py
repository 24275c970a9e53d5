"""The independent checker: what was acknowledged against what the tables and topics hold, once nothing is left to do."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, TypeVar
from uuid import UUID

import msgspec

from services.pipeline import Pipeline
from shared.contracts import ENRICHED, RECORDED, BadMessage, Enriched, Recorded, Topic, decode
from shared.postgres import Query
from tests.faults.crash.script import AS_OF, Play, hash_of
from tests.support.crash import Digests, digests, read_topic
from tests.support.oracle import Impact

RECORD: Final = Query("SELECT seq, stored, id::text, voided, redacted_at IS NOT NULL AS redacted FROM statement ORDER BY seq")
REVISIONS: Final = Query("SELECT statement_id::text AS id, revision, voided, redacted FROM interaction")
APPLIED: Final = Query("SELECT statement_id::text AS id, revision FROM statement_revision")
LETTERS: Final = Query("SELECT group_name, value, times FROM dead_letter")
LEARNERS: Final = Query("SELECT DISTINCT beneficiary FROM fact")
IMPACT: Final = Query("SELECT * FROM impact.learner_impact($1, $2)")
CREDITS: Final = Query("SELECT credit FROM impact.explanation($1, $2)")
Message = TypeVar("Message", bound=msgspec.Struct)
NEAR: Final = 5e-6
"""The script reckons in floating point what the house keeps in integer millionths."""
NOTHING: Final = Impact(0, 0, None)


@dataclass(frozen=True, slots=True)
class Verdict:
    """How many effects are missing (*lost*) or there twice (*doubled*), whose impact is *wrong*, and which tables *differ*.

    *remarks* name what was found, a line each.
    """

    lost: int
    doubled: int
    wrong: int
    differ: tuple[str, ...]
    remarks: tuple[str, ...]

    @property
    def clean(self) -> bool:
        """Say whether nothing was found."""
        return not (self.lost or self.doubled or self.wrong or self.differ or self.remarks)


async def check(books: Pipeline, play: Play, undisturbed: Digests | None = None) -> Verdict:
    """Compare what the house holds with *play*, and its tables with those of an *undisturbed* run."""
    found = _Findings()
    await _check_record(books, play, found)
    await _check_letters(books, play, found)
    await _check_said(books, play, found)
    wrong = await _wrong(books, play)
    found.remarks += [f"wrong impact: {learner}" for learner in wrong]
    differ = undisturbed.differing(await digests(books)) if undisturbed else ()
    return Verdict(found.lost, found.doubled, len(wrong), differ, tuple(found.remarks))


class _Findings:
    def __init__(self) -> None:
        self.lost = 0
        self.doubled = 0
        self.remarks: list[str] = []

    def compare(self, what: str, expected: Counter[tuple[str, str]], there: Counter[tuple[str, str]]) -> None:
        """Count what is missing as lost and what is too many as doubled."""
        missing, surplus = expected - there, there - expected
        self.lost += missing.total()
        self.doubled += surplus.total()
        self.remarks += [f"{what}: lost {each}" for each in missing] + [f"{what}: doubled {each}" for each in surplus]

    def demand(self, what: str, holds: object) -> None:
        if not holds:
            self.remarks.append(what)


async def _check_record(books: Pipeline, play: Play, found: _Findings) -> None:
    """Each acknowledged statement stands in the record once, in one gapless order, voided and redacted as it ought to be."""
    rows = await books.databases["lrs"].fetch(RECORD)
    found.compare("record", _once("statement", play.expected), Counter(("statement", row["id"]) for row in rows))
    found.demand("seq has gaps", [row["seq"] for row in rows] == list(range(1, len(rows) + 1)))
    moments = [row["stored"] for row in rows]
    found.demand("stored does not increase", all(one < other for one, other in pairwise(moments)))
    state = {row["id"]: (row["voided"], row["redacted"]) for row in rows}
    found.demand("voids or redactions are wrong", state == dict(play.expected))


async def _check_letters(books: Pipeline, play: Play, found: _Findings) -> None:
    """The dead letters are those that nobody can use, once for each group that reads them; those that say the same are one."""
    letters = [row for database in books.databases.values() for row in await database.fetch(LETTERS)]
    there = [(row["group_name"], hash_of(row["value"])) for row in letters]
    times = Counter({letter: row["times"] for letter, row in zip(there, letters, strict=True)})
    found.compare("dead letters", Counter(play.buried.keys()), Counter(there))
    found.compare("refused", play.buried, times)


async def _check_said(books: Pipeline, play: Play, found: _Findings) -> None:
    """What was recorded was said, told to enrichment, said on by it in its newest revision, and applied by scoring."""
    recorded = await _messages(books, RECORDED, Recorded)
    ends: dict[str, tuple[bool, bool]] = {}
    for message in recorded:
        voided, redacted = ends.get(message.id, (False, False))
        ends[message.id] = (voided or message.voided, redacted or message.redacted_at is not None)
    found.compare("recorded", _once("said", play.expected), _once("said", ends))
    found.demand("voids or redactions were not said", ends == dict(play.expected))

    told = {row["id"]: row["revision"] for row in await books.databases["records"].fetch(REVISIONS)}
    found.compare("interactions", _once("told", play.expected), _once("told", told))
    newest: dict[str, int] = {}
    for enriched in await _messages(books, ENRICHED, Enriched):
        newest[enriched.id] = max(newest.get(enriched.id, 0), enriched.revision)
    applied = {row["id"]: row["revision"] for row in await books.databases["impact"].fetch(APPLIED)}
    found.compare("enriched", _once("said", play.expected), _once("said", newest))
    found.demand("what was said last is not what is known last", newest == told)
    found.demand("what was applied last is not what was said last", applied == newest)


async def _wrong(books: Pipeline, play: Play) -> list[str]:
    """Return the learners whose impact, or the sum of its explanation, is not what the script says."""
    database = books.databases["impact"]
    scored = {str(row["beneficiary"]) for row in await database.fetch(LEARNERS)}
    wrong = []
    for learner in sorted(scored | play.impact.keys()):
        row = (await database.fetch(IMPACT, UUID(learner), AS_OF))[0]
        credits_ = await database.fetch(CREDITS, UUID(learner), AS_OF)
        expected = play.impact.get(learner, NOTHING)
        pairs = [
            (row["reception"], expected.reception),
            (row["contribution"], expected.contribution),
            (row["grounding"] or 0, expected.grounding or 0),
            (math.fsum(each["credit"] for each in credits_), expected.reception + expected.contribution),
        ]
        if not all(math.isclose(mine, theirs, rel_tol=0, abs_tol=NEAR) for mine, theirs in pairs):
            wrong.append(learner)
    return wrong


async def _messages(books: Pipeline, topic: Topic, kind: type[Message]) -> list[Message]:
    """Read every message of *topic* but the poison."""
    found = []
    for record in await read_topic(books.log, topic):
        try:
            found.append(decode(record.value, kind))
        except BadMessage:
            continue
    return found


def _once(what: str, ids: Iterable[str]) -> Counter[tuple[str, str]]:
    return Counter((what, each) for each in set(ids))
