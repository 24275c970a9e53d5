"""The house with one rule taken away, each by as small a change as takes it away."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from services.enrichment.store import Store
from services.enrichment.wordings import Wordings
from services.gateway.headers import CONSISTENT_THROUGH
from services.gateway.recorder import Recorder
from services.gateway.recorder import clock as recorder_clock
from services.gateway.recorder import store as recorder_store
from services.gateway.statements import recording
from services.gateway.statements.reading import Reader
from services.scoring import store as scoring_store
from shared.clock import rfc3339
from shared.contracts import RECORDED
from shared.postgres import Query, Transaction
from shared.stream import Batch, Decision
from shared.stream.publisher import Publisher
from tests.faults.simulation.parts import Cast, HouseParts

LOCK: Final = "pg_advisory_xact_lock(hashtextextended('symposia record', 0))"
Patch = Callable[[], AbstractContextManager[object]]


class WithoutArtefactLocks(Store):
    """Takes no lock on artefacts."""

    async def lock_artefacts(self, *_: object) -> None:
        pass


class LocksAfterReading(Store):
    """Takes the locks on artefacts only when everything has been read and written."""

    async def lock_artefacts(self, _: Transaction, iris: Iterable[str]) -> None:
        self._wanted = [*getattr(self, "_wanted", ()), *iris]

    async def settle(self, transaction: Transaction, settled: Sequence[Any]) -> None:
        await super().settle(transaction, settled)
        await super().lock_artefacts(transaction, self._wanted)
        self._wanted = []


class LocksNothingDeeper(Store):
    """Locks the artefacts of what it is told, and not of what builds on them and is relinked with them."""

    async def share_identities(self, transaction: Transaction) -> None:
        self._is_first = True
        await super().share_identities(transaction)

    async def lock_artefacts(self, transaction: Transaction, iris: Iterable[str]) -> None:
        if self._is_first:
            await super().lock_artefacts(transaction, iris)
        self._is_first = False


class LocksNoBands(Wordings):
    """Looks for copies without locking what texts have in common."""

    async def lock(self, *_: object) -> None:
        pass


class WithoutBandLocks(Store):
    """Takes no lock on the bands of texts."""

    def wordings(self, transaction: Transaction) -> Wordings:
        return LocksNoBands(transaction)


class LooksAtNoCopies(Wordings):
    """Keeps and forgets texts, and looks only at what it is told."""

    async def tell(self, *arguments: Any) -> set[UUID]:
        await super().tell(*arguments)
        return set()


class WithoutLateOriginals(Store):
    """Says nothing anew of copies whose originals come or go."""

    def wordings(self, transaction: Transaction) -> Wordings:
        return LooksAtNoCopies(transaction)


class WithoutIdentityLock(Store):
    """Relies on identities without holding them as they are."""

    async def share_identities(self, _: Transaction) -> None:
        pass


class HoldsIdentitiesLate(Store):
    """Holds identities as they are only after it has read them."""

    async def share_identities(self, _: Transaction) -> None:
        pass

    async def settle(self, transaction: Transaction, settled: Sequence[Any]) -> None:
        await super().share_identities(transaction)
        await super().settle(transaction, settled)


class RevisionsBeforeLocks(Store):
    """Takes revisions at the beginning of the transaction, before it locks and reads anything."""

    async def share_identities(self, transaction: Transaction) -> None:
        self._taken = await super().next_revisions(transaction, 40)
        await super().share_identities(transaction)

    async def next_revisions(self, _: Transaction, count: int) -> list[int]:
        return [self._taken.pop(0) for _ in range(count)]


class PublishesNothing(Publisher[Any]):
    """Leaves what is said outside the loop to the loop's own draining."""

    async def drain(self) -> None:
        pass


class SnapshotFirst(Reader):
    """Takes Consistent-Through after the page was read."""

    async def _through(self) -> datetime:
        return datetime(1970, 1, 1, tzinfo=UTC)

    async def _page(self, request: Request, *arguments: Any) -> Response:
        response = await super()._page(request, *arguments)
        response.headers[CONSISTENT_THROUGH] = rfc3339(await super()._through())
        return response


class MoreAnew(Reader):
    """Says with every further page what Consistent-Through is by then."""

    async def _page(self, request: Request, *arguments: Any) -> Response:
        *_, after = arguments
        through = None if after is None else await self._through()
        response = await super()._page(request, *arguments)
        if through is not None:
            response.headers[CONSISTENT_THROUGH] = rfc3339(through)
        return response


class ForgetsConflicts(Recorder):
    """Refuses conflicts and tells nobody."""

    async def __call__(self, batch: Batch, transaction: Transaction) -> Decision:
        decision = await super().__call__(batch, transaction)
        return Decision(decision.outgoing, tuple(each for each in decision.rejections if "conflict" not in each.reason))


@contextmanager
def _changed(module: Any, attribute: str, name: str, change: Callable[[str], str]) -> Iterator[None]:
    """Change the query *name* of *module*; the change must be one."""
    kept = getattr(module, attribute)
    changed = Query(change(kept[name]))
    assert changed != kept[name]
    setattr(module, attribute, {**kept, name: changed})
    try:
        yield
    finally:
        setattr(module, attribute, kept)


def query(module: Any, name: str, *replaced: tuple[str, str], attribute: str = "_QUERIES") -> Patch:
    """Return a patch that replaces text in a query."""

    def change(sql: str) -> str:
        for old, new in replaced:
            sql = sql.replace(old, new)
        return sql

    return partial(_changed, module, attribute, name, change)


@contextmanager
def locking_while_reading() -> Iterator[None]:
    """Take the recorder's lock in the statement that reads max(seq)."""
    read = query(recorder_store, "read", ("    coalesce", f"    {LOCK} AS locked, coalesce"))
    with query(recorder_store, "lock", (LOCK, "1"))(), read():
        yield


@contextmanager
def unlocking_before_commit() -> Iterator[None]:
    """Hold the recorder's lock for the session, and let go of it before the transaction commits."""
    void = recorder_store.copy_relations

    async def copy_and_unlock(fresh: Any, transaction: Transaction) -> None:
        await void(fresh, transaction)
        await transaction.execute("SELECT pg_advisory_unlock(hashtextextended('symposia record', 0))")

    recorder_store.copy_relations = copy_and_unlock
    try:
        with query(recorder_store, "lock", ("pg_advisory_xact_lock", "pg_advisory_lock"))():
            yield
    finally:
        recorder_store.copy_relations = void


@contextmanager
def not_reading_the_verdict() -> Iterator[None]:
    """Take a POST for recorded once the offset has passed it."""
    kept = recording.judge
    recording.judge = lambda *_: recording.Confirmed()
    try:
        yield
    finally:
        recording.judge = kept


CT: Final = "WHERE pg_try_advisory_xact_lock(hashtextextended('symposia record', 0))"

HOUSE_RULES: Final[Mapping[str, HouseParts]] = {
    "3: lock artefacts": HouseParts(store=WithoutArtefactLocks, cast=Cast.WHOLE),
    "3: lock artefacts before reading": HouseParts(store=LocksAfterReading, cast=Cast.WHOLE),
    "3: lock artefacts of what is linked anew": HouseParts(store=LocksNothingDeeper, cast=Cast.WHOLE),
    "3: hold identities": HouseParts(store=WithoutIdentityLock, cast=Cast.WHOLE),
    "3: hold identities before reading": HouseParts(store=HoldsIdentitiesLate, cast=Cast.WHOLE),
    "3: lock the bands of texts": HouseParts(store=WithoutBandLocks, cast=Cast.WHOLE),
    "3: copies are looked at when their originals come": HouseParts(store=WithoutLateOriginals, cast=Cast.WHOLE),
    "3: a key and a drainer for what is said outside the loop": HouseParts(
        publisher=PublishesNothing, relink_owner=f"enrichment/{RECORDED.name}/0", cast=Cast.WHOLE
    ),
    "4: a revision is taken after locking": HouseParts(store=RevisionsBeforeLocks, cast=Cast.WHOLE),
    "4: revisions are not cached": HouseParts(sql="ALTER SEQUENCE records.revision CACHE 50;", cast=Cast.WHOLE),
    "5: the recorder's lock": HouseParts(patch=query(recorder_store, "lock", (LOCK, "1")), cast=Cast.RECORDING),
    "5: the recorder's lock is a statement of its own": HouseParts(patch=locking_while_reading, cast=Cast.RECORDING),
    "5: the recorder's lock lasts until the commit": HouseParts(patch=unlocking_before_commit, cast=Cast.RECORDING),
    "5: stored is later than Consistent-Through": HouseParts(
        patch=query(recorder_store, "read", ("(SELECT consistent_through FROM clock), ", "")), cast=Cast.RECORDING
    ),
    "5: stored is later than the last stored": HouseParts(
        patch=query(recorder_store, "read", (", (SELECT max(stored) FROM statement)", "")), cast=Cast.RECORDING
    ),
    "5: Consistent-Through is raised under the lock": HouseParts(
        patch=query(recorder_clock, "raise_consistent_through", (CT, "")), cast=Cast.RECORDING
    ),
    "5: Consistent-Through before the page": HouseParts(reader=SnapshotFirst, cast=Cast.RECORDING),
    "5: more repeats Consistent-Through": HouseParts(reader=MoreAnew, cast=Cast.RECORDING),
    "6: the verdict is read": HouseParts(patch=not_reading_the_verdict, cast=Cast.RECORDING),
    "6: a conflict is a dead letter": HouseParts(recorder=ForgetsConflicts, cast=Cast.RECORDING),
    "6: the digest is kept through redaction": HouseParts(
        patch=query(recorder_store, "redact", ("SET body", "SET digest = sha256(redacted.body), body")), cast=Cast.RECORDING
    ),
    "7: an idle transaction is ended": HouseParts(settings={"idle_in_transaction_timeout": 3600}, cast=Cast.RECORDING),
    "8: the newest revision wins": HouseParts(
        patch=query(scoring_store, "advance_revisions", ("WHERE kept.revision < excluded.revision", ""), attribute="QUERIES"),
        cast=Cast.WHOLE,
    ),
}
