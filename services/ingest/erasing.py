"""Forget a person: what their accounts did and is not told yet, whose artefacts were theirs, and where they were.

Dead letters here hold what was heard, or name something to be asked for, and may be broken: they are looked through as text.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

import msgspec

from services.ingest.domain.forgetting import what_is_left
from services.ingest.domain.reading import Undecided
from services.ingest.forgotten import Forgotten
from services.ingest.telling import GROUP
from shared.contracts import HEARD
from shared.postgres import Database, Transaction, load_queries
from shared.stream import Partition, PostgresLedger
from shared.stream.dead_letters import DeadLetters
from shared.stream.offsets import GroupPartition
from shared.xapi import ifi
from shared.xapi.model import Ifi

TELLING: Final = [GroupPartition(GROUP, Partition(HEARD.name, number)) for number in range(HEARD.partitions)]
"""Where is written how much of what was heard is told: whoever holds all of these is told nothing meanwhile."""

_QUERIES: Final = load_queries(__package__)
_ATTENDANCES: Final = load_queries(__package__, "attendances.sql")


async def survey(database: Database, identities: Iterable[Ifi]) -> int:
    """Count the artefacts that are known to be the person's, and the sessions they were seen in. Raises Unavailable."""
    pairs = await _accounts(database, identities)
    columns = _columns(pairs)
    written = int(await database.fetchval(_QUERIES["written_by"], *columns))
    return written + int(await database.fetchval(_ATTENDANCES["seen_of"], *columns))


async def count_letters(database: Database, identities: Iterable[Ifi], holds: Callable[[bytes], bool]) -> int:
    """Count the dead letters that name the person, as *holds* says of a text, or by an account. Raises Unavailable."""
    return await DeadLetters(database).count(_named_by(await _accounts(database, identities), holds))


async def empty_letters(database: Database, identities: Iterable[Ifi], holds: Callable[[bytes], bool]) -> None:
    """Empty the dead letters that name the person, as `count_letters` finds them. Raises Unavailable."""
    await DeadLetters(database).empty(_named_by(await _accounts(database, identities), holds))


async def erase(database: Database, forgotten: Forgotten, identities: Iterable[Ifi], holds: Callable[[bytes], bool]) -> None:
    """Forget what the accounts among *identities* did, and the dead letters that name them; twice is once. Raises Unavailable.

    What others did to their artefacts and is still waiting is told, without whose they are; so is what was heard and is not told
    yet, as *forgotten* remembers whom to leave out. It waits for the batch that is being told, at most as long as for any lock.
    """
    pairs = await _accounts(database, identities)
    if pairs:
        ledger = PostgresLedger(database)
        for place in TELLING:
            await ledger.open(place)
        await database.run(lambda transaction: _forget(transaction, ledger, forgotten, pairs))
    await DeadLetters(database).empty(_named_by(pairs, holds))


async def _forget(transaction: Transaction, ledger: PostgresLedger, forgotten: Forgotten, pairs: set[tuple[str, str]]) -> None:
    """Forget *pairs* while nothing is told: what was told before is known by now, and what is told next knows of this.

    A batch whose transaction PostgreSQL ended, as of a process that was frozen, may go on none the less: it learns nothing more.
    """
    for place in TELLING:
        await ledger.claim(place, transaction)
    await transaction.execute(_QUERIES["begin_erasing"])
    await forgotten.remember(transaction, pairs)
    await transaction.execute(_QUERIES["forget_author"], *_columns(pairs))
    await transaction.execute(_ATTENDANCES["forget_presences"], *_columns(pairs))
    await transaction.execute(_ATTENDANCES["forget_attendances"], *_columns(pairs))
    await transaction.execute(_QUERIES["forget_lookups"], *_columns(pairs))
    for source, statement, undecided in await transaction.fetch(_QUERIES["pending_of"], [source for source, _ in pairs]):
        await _forget_waiting(transaction, source, statement, undecided, pairs)


async def _forget_waiting(
    transaction: Transaction, source: str, statement: object, undecided: bytes, pairs: set[tuple[str, str]]
) -> None:
    """Drop what one of *pairs* did; forget one of them as the author of what somebody else acted upon."""
    waiting = msgspec.json.decode(undecided, type=Undecided)
    left = what_is_left(waiting, lambda name: (source, name) in pairs)
    if left is None:
        await transaction.execute(_QUERIES["settle_pending"], source, [statement])
    elif left != waiting:
        await transaction.execute(_QUERIES["rewrite_pending"], source, statement, msgspec.json.encode(left))


def _named_by(pairs: set[tuple[str, str]], holds: Callable[[bytes], bool]) -> Callable[[bytes], bool]:
    """Return what says whether a text names the person: as *holds* does, or by a source and a name there."""
    texts = [(source.encode(), _written(name)) for source, name in pairs]
    return lambda text: holds(text) or any(source in text and any(name in text for name in names) for source, names in texts)


def _written(name: str) -> tuple[bytes, ...]:
    """Return how *name* stands in JSON: as a text, in JSON within a text, and, where it is an address, as that of its key."""
    text = msgspec.json.encode(name)
    within = msgspec.json.encode(text.decode())[1:-1]
    return (text, within, text[:-1] + b"#", text[:-1] + b"/") if "://" in name else (text, within)


async def _accounts(database: Database, identities: Iterable[Ifi]) -> set[tuple[str, str]]:
    """Return the accounts among *identities* as pairs of a source and a name there."""
    accounts = [account for identity in identities if (account := ifi.account_of(identity)) is not None]
    sources = await database.fetch(_QUERIES["sources"])
    return {(row["id"], name) for row in sources for home_page, name in accounts if row["workspace"] == home_page}


def _columns(pairs: set[tuple[str, str]]) -> tuple[list[str], list[str]]:
    return [source for source, _ in pairs], [name for _, name in pairs]
