"""The recorder: takes or refuses what was received, and makes it the record."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Final

from services.gateway.domain.keychain import Keychain
from services.gateway.recorder import store
from services.gateway.recorder.erasing import Mark, without_erased
from services.gateway.recorder.letters import ERASED, REDACTED, Gone, texts_in
from services.gateway.recorder.messages import RecordedRow, recorded
from services.gateway.recorder.remembered import Remembered
from services.gateway.recorder.requests import Request, Unreadable, read
from services.gateway.recorder.ruling import Fresh, Ruling, rule, without_text
from services.gateway.recorder.steps import RecorderStep
from shared.aside import aside
from shared.postgres import Transaction
from shared.stream import Batch, Decision, Outgoing, Record, Rejection
from shared.stream.steps import Observer, unobserved
from shared.xapi.model import StatementId

GROUP: Final = "recorder"
AT_A_STRETCH: Final = 16
"""Records that are read without giving way: a full batch would hold up the doors of this process for a tenth of a second."""


class Recorder:
    """The handler of `received`, in the group `recorder`: one writer at a time, whatever number of them run."""

    def __init__(
        self, *, keychain: Keychain | None = None, remembered: Remembered | None = None, observer: Observer = unobserved
    ) -> None:
        self._keychain = keychain or Keychain.of()
        self._remembered = remembered or Remembered(0)
        self._observer = observer

    async def __call__(self, batch: Batch, transaction: Transaction) -> Decision:
        """Record what *batch* brings; say what was recorded, and what of the record was voided or redacted by it."""
        requests, unreadable = await _read(batch.records, self._remembered)
        await store.lock(transaction)
        await self._observer(RecorderStep.LOCKED)
        if not requests:
            return Decision(rejections=await self._kept(unreadable, transaction))
        known = await store.read(requests, transaction)
        await self._observer(RecorderStep.READ)
        cleared, marks = without_erased(requests, known.erased, self._keychain)
        ruling = rule(cleared, known)
        await self._observer(RecorderStep.RULED)
        redacted = await self._redact(ruling, cleared, transaction)
        await self._append(ruling.fresh, transaction)
        await self._inherit(ruling.fresh, known.referrers.keys(), transaction)
        voided = await self._void(ruling, transaction)
        marked = await self._mark(ruling.fresh, marks, transaction)
        refused = without_text(ruling.rejections, cleared, Gone((), _ids(redacted)))
        unread = await self._kept(unreadable, transaction)
        return Decision(_outgoing(ruling.fresh, [*redacted, *voided, *marked]), (*unread, *refused))

    async def _redact(self, ruling: Ruling, requests: Sequence[Request], transaction: Transaction) -> list[RecordedRow]:
        """Overwrite what was recorded before and is redacted now, and what was refused of it."""
        if not ruling.redactions:
            return []
        rows = await store.redact_recorded(ruling.redactions, transaction)
        await store.redact_letters(requests, Gone(ruling.redactions, _ids(rows)), transaction)
        await self._observer(RecorderStep.REDACTED)
        return rows

    async def _kept(self, unreadable: Iterable[Rejection], transaction: Transaction) -> tuple[Rejection, ...]:
        """Refuse what is *unreadable* without anything of what was deleted, and of whoever was erased, before it."""
        return tuple([await self._left_of(each, transaction) for each in unreadable])

    async def _left_of(self, rejection: Rejection, transaction: Transaction) -> Rejection:
        texts = texts_in(rejection.record.value)
        digests = [digest for key in texts.keys for digest in self._keychain.erasure_digests(key)]
        gone, names_somebody = await store.gone(texts, digests, transaction)
        if names_somebody:
            return rejection.emptied(ERASED)
        return rejection.emptied(REDACTED) if texts.tell_of(gone) or not texts.whole else rejection

    async def _append(self, fresh: Sequence[Fresh], transaction: Transaction) -> None:
        """Write what is new."""
        if not fresh:
            return
        await store.copy_statements(fresh, transaction)
        await self._observer(RecorderStep.COPIED)
        await store.copy_relations(fresh, transaction)
        await self._observer(RecorderStep.RELATIONS_COPIED)

    async def _inherit(self, fresh: Sequence[Fresh], referrers: Collection[StatementId], transaction: Transaction) -> None:
        """Let filters match through references, whichever of the two statements came first."""
        seqs = [each.row.seq for each in fresh if each.candidate.target]
        if not seqs and not referrers:
            return
        await store.inherit(seqs, [each.row.id for each in fresh], transaction)
        await self._observer(RecorderStep.INHERITED)

    async def _void(self, ruling: Ruling, transaction: Transaction) -> list[RecordedRow]:
        """Void what was recorded before and is voided now."""
        if not ruling.voids:
            return []
        rows = await store.void(ruling.voids, transaction)
        await self._observer(RecorderStep.VOIDED)
        return rows

    async def _mark(
        self, fresh: Sequence[Fresh], marks: Mapping[StatementId, Mark], transaction: Transaction
    ) -> list[RecordedRow]:
        """Note of what is new that people who were erased before are missing in it."""
        late = {each.row.id: marks[each.row.id] for each in fresh if each.row.id in marks}
        return await store.mark(late, transaction) if late else []


async def _read(records: Sequence[Record], remembered: Remembered) -> tuple[list[Request], tuple[Rejection, ...]]:
    """Read *records*; refuse those that are no requests. Now and then whoever else is in the process has a turn."""
    requests: list[Request] = []
    rejections: list[Rejection] = []
    for number, record in enumerate(records, start=1):
        try:
            requests.append(await aside(len(record.value), read, record, remembered))
        except Unreadable as error:
            rejections.append(Rejection(record, str(error)))
        if not number % AT_A_STRETCH:
            await asyncio.sleep(0)
    return requests, tuple(rejections)


def _ids(rows: Iterable[RecordedRow]) -> frozenset[tuple[str, StatementId]]:
    return frozenset((row.source, row.id) for row in rows)


def _outgoing(fresh: Sequence[Fresh], changed: Sequence[RecordedRow]) -> tuple[Outgoing, ...]:
    """Say each new statement once, in order, then each that changed, as it is now."""
    latest = {row.seq: row for row in changed}
    return (
        *(recorded(each.row, each.request.record) for each in fresh),
        *(recorded(latest[seq]) for seq in sorted(latest)),
    )
