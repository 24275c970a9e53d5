"""Decide a batch of recorded statements: merge what they say of activities into what is known of these.

A message only says which statement has changed; what the statement says is read from the record, so that an old message never
brings back what was voided or redacted since. Whatever the order of messages, each leaf of a definition ends as the last recorded
statement has it that is not voided and whose sender may define.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from services.gateway.definitions import store
from services.gateway.domain.definitions import (
    MOST_LEAVES,
    Leaf,
    Leaves,
    Said,
    Saying,
    Unreadable,
    may_define,
    merged,
    said_by,
    sayings,
    without,
)
from services.gateway.domain.keys import Key
from shared.aside import aside
from shared.contracts import BadMessage, Recorded, decode
from shared.postgres import Transaction
from shared.stream import Batch, Decision, Record, Rejection
from shared.xapi.model import StatementId

GROUP: Final = "definitions"
AT_A_STRETCH: Final = 32
"""Records that are read before other tasks get a turn: a full batch would hold up the doors of this process."""


@dataclass(slots=True)
class News:
    """What a batch says of each activity (*said*), and the seqs of the statements that no longer say what they said of it."""

    said: dict[Key, dict[Leaf, Said]] = field(default_factory=dict)
    taken_back: defaultdict[Key, set[int]] = field(default_factory=lambda: defaultdict(set))


class Definitions:
    """The handler of `recorded` in the group `definitions`; of all that run, one writes at a time."""

    async def __call__(self, batch: Batch, transaction: Transaction) -> Decision:
        """Merge what *batch* says into what is known; only what cannot be read is rejected."""
        heard, rejections = await _hear(batch.records)
        if heard:
            await store.lock(transaction)
            news, unreadable = await _read(await store.statements(heard, transaction), heard)
            await _apply(news, transaction)
            rejections += unreadable
        return Decision(rejections=tuple(rejections))


async def _hear(records: Iterable[Record]) -> tuple[dict[StatementId, Record], list[Rejection]]:
    """Return the statements that *records* are about, and a rejection for each that cannot be read."""
    heard: dict[StatementId, Record] = {}
    rejections: list[Rejection] = []
    for number, record in enumerate(records, start=1):
        await _give_way(number)
        try:
            heard[StatementId(str(UUID(decode(record.value, Recorded).id)))] = record
        except (BadMessage, ValueError) as error:
            rejections.append(Rejection(record, str(error)))
    return heard, rejections


async def _read(rows: Iterable[store.Row], heard: Mapping[StatementId, Record]) -> tuple[News, list[Rejection]]:
    """Read what the statements in *rows* say, which are sorted from the newest; skip what a newer one says in the same words."""
    news = News()
    rejections: list[Rejection] = []
    last: dict[Key, Saying] = {}
    for number, row in enumerate(rows, start=1):
        await _give_way(number)
        if not row.taken_back and (row.silent or not may_define(row.body)):
            continue
        try:
            said = await aside(len(row.body), sayings, row.body)
        except Unreadable as error:
            rejections.append(Rejection(heard[row.id], str(error)))
            continue
        for key, saying in said.items():
            if row.taken_back:
                news.taken_back[key].add(row.seq)
            if saying and not row.silent and last.get(key) is not saying:
                last[key] = saying
                leaves = news.said.setdefault(key, {})
                for leaf, value in saying.items():
                    leaves.setdefault(leaf, Said(row.seq, value))
    return news, rejections


async def _apply(news: News, transaction: Transaction) -> None:
    """Bring the table up to *news*."""
    keys = news.said.keys() | news.taken_back.keys()
    if not keys:
        return
    known = await store.read(keys, transaction)
    changed: dict[Key, Leaves] = {}
    for key in keys:
        before = known.get(key, {})
        now = await _settle(key, before, news, transaction)
        if now != before:
            changed[key] = now
    await store.write(changed, transaction)


async def _settle(key: Key, known: Leaves, news: News, transaction: Transaction) -> Leaves:
    """Return the leaves of the activity *key*: those *known* and not taken back, and those said now.

    For leaves that were taken back, the record is searched for what an older statement says of them.
    """
    taken = news.taken_back.get(key, set())
    now = merged(without(known, taken) if taken else known, news.said.get(key, {}))
    lost = {leaf for leaf, said in known.items() if said.seq in taken and (leaf not in now or now[leaf].seq < said.seq)}
    if not lost:
        return now
    most = MOST_LEAVES if len(known) == MOST_LEAVES else 0
    below = max(known[leaf].seq for leaf in lost)
    async for seq, saying in store.told(key, transaction, below=below):
        if _is_found(now, lost, seq) and len(now) >= most:
            break
        now = merged(now, said_by(seq, saying))
    return now


def _is_found(now: Leaves, lost: Iterable[Leaf], seq: int) -> bool:
    """Say whether *now* has all leaves that were *lost*, from statements that none up to *seq* can override."""
    return all(leaf in now and now[leaf].seq >= seq for leaf in lost)


async def _give_way(number: int) -> None:
    """Give the doors of this process a turn after every AT_A_STRETCH records."""
    if not number % AT_A_STRETCH:
        await asyncio.sleep(0)
