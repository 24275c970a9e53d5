"""Send statements in order, and find those that the target will never take."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from http import HTTPStatus
from itertools import pairwise
from typing import Any, Final

import orjson

from services.gateway.domain.selection import Entry
from services.gateway.forwarding.answers import Answer, Fate, TargetAway, no_answer
from services.gateway.forwarding.lrs import Lrs
from services.gateway.forwarding.packing import Packer
from services.gateway.forwarding.store import Refusal, Settled
from shared.xapi.canonical import digest
from shared.xapi.model import JSON, Version
from shared.xapi.validation import Invalid, validate

BATCH_STATEMENTS: Final = 50
BATCH_BYTES: Final = 1024 * 1024
STUBBORN: Final = 8
"""Failures in a row after which statements are sent one by one, to find the one over which the target answers 500."""


def batches(entries: Sequence[Entry], weight: Callable[[Entry], int]) -> Iterator[Sequence[Entry]]:
    """Cut *entries* into batches of at most BATCH_STATEMENTS and BATCH_BYTES; an entry that alone has more is a batch of its own.

    *weight* says how many bytes an entry adds.
    """
    starts, size = [0], 0
    for place, entry in enumerate(entries):
        size += weight(entry)
        if place > starts[-1] and (size > BATCH_BYTES or place - starts[-1] == BATCH_STATEMENTS):
            starts.append(place)
            size = weight(entry)
    return (entries[start:end] for start, end in pairwise([*starts, len(entries)]) if entries)


async def send(lrs: Lrs, packer: Packer, batch: Sequence[Entry], failures: int) -> AsyncIterator[Settled]:
    """Send *batch* in one request, or one by one where that is refused; yield what became of it, as far as that is known.

    *failures* is how often in a row the target failed before. Raises TargetAway; what was yielded before that is settled.
    """
    outcome, answer = await _post(lrs, packer, batch)
    if outcome is Fate.TAKEN:
        yield Settled(batch[-1].seq, tuple(entry.seq for entry in batch))
    elif outcome is Fate.BROKEN and failures < STUBBORN:
        raise TargetAway(answer.said)
    elif len(batch) == 1 and outcome is Fate.REFUSED:
        yield _refused(batch[0], answer)
    else:
        async for settled in one_by_one(lrs, packer, batch, failures):
            yield settled


async def one_by_one(lrs: Lrs, packer: Packer, batch: Sequence[Entry], failures: int) -> AsyncIterator[Settled]:
    """Send each of *batch* alone, and yield what became of it.

    After STUBBORN failures in a row, a statement over which the target fails is doubted. It counts as refused if the target fails
    over it again right after it took another one, which shows that the target itself is well. Raises TargetAway.
    """
    doubted: list[Entry] = []
    refusals: list[Refusal] = []
    failure = ""
    for entry in batch:
        outcome, answer = await _send_one(lrs, packer, entry)
        match outcome:
            case Fate.TAKEN:
                again = [settled async for settled in resend(lrs, packer, doubted)]
                delivered = (seq for settled in again for seq in settled.delivered)
                failing = (refusal for settled in again for refusal in settled.refusals)
                yield Settled(entry.seq, (*delivered, entry.seq), (*failing, *refusals))
                doubted, refusals = [], []
            case Fate.BROKEN if failures < STUBBORN:
                raise TargetAway(answer.said)
            case Fate.BROKEN:
                doubted.append(entry)
                failure = answer.said
            case Fate.CONFLICT | Fate.REFUSED if doubted:
                refusals.append(Refusal(entry.seq, answer.status, answer.said))
            case Fate.CONFLICT | Fate.REFUSED:
                yield _refused(entry, answer)
    if doubted:
        raise TargetAway(failure)


async def resend(lrs: Lrs, packer: Packer, letters: Sequence[Entry]) -> AsyncIterator[Settled]:
    """Send each of *letters* once more, alone, and yield what became of it. Raises TargetAway."""
    for entry in letters:
        outcome, answer = await _send_one(lrs, packer, entry)
        yield Settled(entry.seq, (entry.seq,)) if outcome is Fate.TAKEN else _refused(entry, answer)


async def _send_one(lrs: Lrs, packer: Packer, entry: Entry) -> tuple[Fate, Answer]:
    """Send *entry* alone; it counts as taken where the LRS has it already, even if the LRS answers 409.

    Raises TargetAway, also for a 2xx answer that does not name the statement while the LRS does not have it either.
    """
    outcome, answer = await _post(lrs, packer, [entry])
    if outcome is not Fate.CONFLICT:
        return outcome, answer
    held = await lrs.get(entry.id)
    if held is None and answer.status < HTTPStatus.BAD_REQUEST:
        raise no_answer(answer)
    if held is None:
        return Fate.REFUSED, answer
    if entry.redacted or _same(held, entry.body):
        return Fate.TAKEN, answer
    return Fate.CONFLICT, Answer(answer.status, b"the target has other content under this id")


async def _post(lrs: Lrs, packer: Packer, batch: Sequence[Entry]) -> tuple[Fate, Answer]:
    return await lrs.post(await packer.pack(batch), [entry.id for entry in batch])


def _same(held: bytes, own: bytes) -> bool:
    """Say whether two copies of a statement have the same content, apart from what an LRS sets itself."""
    ours: Mapping[str, Any] = orjson.loads(own)
    try:
        theirs: JSON = orjson.loads(held)
        validate(theirs, Version.V2_0_0 if ours["version"].startswith("2") else Version.V1_0_3)
    except (orjson.JSONDecodeError, Invalid):
        return False
    return isinstance(theirs, dict) and digest(theirs) == digest(ours)


def _refused(entry: Entry, answer: Answer) -> Settled:
    return Settled(entry.seq, refusals=(Refusal(entry.seq, answer.status, answer.said),))
