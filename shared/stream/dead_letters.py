"""What the operator does with dead letters: look at them, append them again, or let them rest.

Once settled, a letter holds nothing: where it was, why, when, and what became of it is kept for a quarter of a year.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal, NamedTuple

from shared.contracts.topics import Topic
from shared.postgres import Database, Transaction, load_queries
from shared.stream.log import Log
from shared.stream.record import Header, Outgoing, Partition
from shared.stream.wire import decode_headers

_QUERIES = load_queries("shared.stream", "dead_letters.sql")
UNSETTLED: Final = frozenset({"waiting", "quarantined"})
"""States of which something can still be made."""
SETTLED_KEPT: Final = timedelta(days=90)
"""How long is kept that a letter was, once it is settled: longer than its topic keeps the record."""
PAGE: Final = 1_000
PAGE_BYTES: Final = 4 * 1024 * 1024
"""Letters that are looked through, or forgotten, at once, and what they may hold together."""
FEW: Final = 4
"""Texts that PostgreSQL looks for itself: it goes through each letter once for each of them."""


@dataclass(frozen=True, slots=True)
class Buried:
    """A dead letter as its table keeps it; *state* is waiting, quarantined, replayed or discarded, *size* the value's bytes.

    *times* is how many records said so, the letter's own among them; the last of them came at *last_seen*.
    """

    id: int
    group: str
    partition: Partition
    offset: int
    reason: str
    attempts: int
    size: int
    appended_at: datetime
    first_seen: datetime
    state: str
    times: int
    last_seen: datetime


@dataclass(frozen=True, slots=True)
class Content:
    """What a dead letter holds."""

    key: bytes | None
    value: bytes
    headers: tuple[Header, ...]


class Remains(NamedTuple):
    """What of a dead letter may still contain personal data: its content and its reason."""

    id: int
    key: bytes | None
    value: bytes
    reason: str


class DeadLetters:
    """The dead letters of the service whose schema *database* was opened for; given a transaction, changes are part of it."""

    def __init__(self, database: Database | Transaction) -> None:
        self._database = database

    async def list(self, *, state: str = "waiting", after: int = 0, limit: int = 100) -> Sequence[Buried]:
        """Return dead letters in *state* with ids above *after*, in the order of their ids. Raises Unavailable."""
        return [_buried(row) for row in await self._database.fetch(_QUERIES["list_letters"], state, after, limit)]

    async def counts(self) -> dict[str, int]:
        """Return how many dead letters there are in each state. Raises Unavailable."""
        return {row["state"]: row["letters"] for row in await self._database.fetch(_QUERIES["count_letters"])}

    async def show(self, letter: int) -> tuple[Buried, Content] | None:
        """Return the dead letter with id *letter* and what it holds, or None where there is none. Raises Unavailable."""
        row = await self._database.fetchrow(_QUERIES["show_letter"], letter)
        return None if row is None else (_buried(row), Content(row["key"], row["value"], decode_headers(row["headers"])))

    async def replay(self, letter: int, log: Log) -> bool:
        """Append the dead letter with id *letter* to its topic again, mark and empty it; say whether it was unsettled.

        All groups of the topic read it again, which is harmless since they are idempotent; a group that refuses it again gets a
        new letter. If marking it fails after the append, the letter still waits, and can be replayed again. Raises Unavailable.
        """
        found = await self.show(letter)
        if found is None or found[0].state not in UNSETTLED:
            return False
        buried, content = found
        topic = Topic(buried.partition.topic)
        await self._database.execute(_QUERIES["leave_alone"], letter)
        await log.append([Outgoing(topic, content.value, content.key, content.headers)])
        return await self._settle(letter, "replayed")

    async def discard(self, letter: int) -> bool:
        """Mark the dead letter with id *letter* as not to be replayed, and empty it; say whether it was unsettled.

        Raises Unavailable.
        """
        return await self._settle(letter, "discarded")

    async def empty(self, holds: Callable[[bytes], bool]) -> int:
        """Empty the dead letters of which *holds* is true, and discard them; return how many. Raises Unavailable."""
        count = 0
        async for held in self._holding(holds):
            await self.empty_these(held)
            count += len(held)
        return count

    async def empty_these(self, letters: Sequence[int], reason: Literal["erased", "redacted"] = "erased") -> None:
        """Empty *letters*, of which nothing can be used any more, and discard those that are unsettled. Raises Unavailable."""
        await self._database.execute(_QUERIES["empty_letters"], letters, reason)

    async def count(self, holds: Callable[[bytes], bool]) -> int:
        """Count the dead letters of which *holds* is true: of their keys, values and reasons. Raises Unavailable."""
        return sum([len(held) async for held in self._holding(holds)])

    async def pages(self) -> AsyncIterator[Sequence[Remains]]:
        """Yield what dead letters hold still, a few at a time. Raises Unavailable."""
        behind = 0
        while rows := await self._database.fetch(_QUERIES["letters_behind"], behind):
            page = [Remains(*row) for row in rows]
            behind = page[-1].id
            yield page

    async def naming(self, text: bytes, others: Collection[bytes]) -> AsyncIterator[tuple[int, bytes]]:
        """Yield the dead letters in which *text* stands, and one of *others*, as JSON writes them, with what the letters hold.

        A few megabytes are read at once, and each letter once, whatever number of texts is sought in it. Raises Unavailable.
        """
        behind, asked = 0, list(others) if len(others) <= FEW else []
        holds = standing(others)
        while rows := await self._database.fetch(_QUERIES["letters_naming"], behind, text, asked, PAGE_BYTES, PAGE):
            for letter, value in rows:
                if value is not None and (asked or holds(value)):
                    yield letter, value
            behind = rows[-1]["id"]

    async def _holding(self, holds: Callable[[bytes], bool]) -> AsyncIterator[Sequence[int]]:
        async for page in self.pages():
            yield [each.id for each in page if holds(b"\n".join((each.key or b"", each.value, each.reason.encode())))]

    async def forget(self, now: datetime) -> int:
        """Forget what was settled longer than `SETTLED_KEPT` before *now*; return how many letters. Raises Unavailable."""
        count = 0
        while forgotten := int(await self._database.fetchval(_QUERIES["forget_letters"], now - SETTLED_KEPT, PAGE)):
            count += forgotten
        return count

    async def _settle(self, letter: int, state: str) -> bool:
        return await self._database.fetchval(_QUERIES["settle_letter"], letter, state) is not None


def standing(texts: Collection[bytes]) -> Callable[[bytes], bool]:
    """Return what says whether one of *texts*, as JSON writes them, stands in a value; it is read once for all of them."""
    pieces = frozenset(text[1:-1] for text in texts if b'"' not in text[1:-1])
    quoting = [text for text in texts if b'"' in text[1:-1]]

    def stands(value: bytes) -> bool:
        return not pieces.isdisjoint(value.split(b'"')[1:-1]) or any(text in value for text in quoting)

    return stands


def _buried(row: Any) -> Buried:
    return Buried(
        id=row["id"],
        group=row["group_name"],
        partition=Partition(row["topic"], row["partition"]),
        offset=row["offset"],
        reason=row["reason"],
        attempts=row["attempts"],
        size=row["size"],
        appended_at=row["appended_at"],
        first_seen=row["first_seen"],
        state=row["state"],
        times=row["times"],
        last_seen=row["last_seen"],
    )
