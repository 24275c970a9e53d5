"""The recorder's tables: what it reads under its lock, and what it writes there in as few round trips as there are tables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final

import orjson

from services.gateway.domain.keys import Key
from services.gateway.domain.mentions import referred
from services.gateway.domain.redaction import redact
from services.gateway.recorder import binary_copy
from services.gateway.recorder.erasing import Mark
from services.gateway.recorder.messages import RecordedRow
from services.gateway.recorder.requests import Request
from services.gateway.recorder.ruling import Fresh, Known, RedactionKey, Row
from shared.postgres import Transaction, load_queries
from shared.xapi.guard import Limits, parse
from shared.xapi.model import StatementId

_QUERIES: Final = load_queries(__package__)
_LIMITS: Final = Limits()
_REFERENCE: Final = ("seq", "target", "voids")


async def lock(transaction: Transaction) -> None:
    """Hold every other recorder off until *transaction* ends."""
    await transaction.execute(_QUERIES["lock"])


async def read(requests: Sequence[Request], transaction: Transaction) -> Known:
    """Return what the record holds of what *requests* bring; the lock is held."""
    ids = [each.id for request in requests for each in request.statements]
    pairs = sorted({pair for request in requests for pair in _redactable(request)})
    oldest = min(request.received_at for request in requests)
    redactable = [source for source, _ in pairs], _uuids(key for _, key in pairs)
    row = await transaction.fetchrow(_QUERIES["read"], ids, *redactable, oldest)
    if row is None:
        raise AssertionError("a query without FROM returns one row")
    return Known(
        seq=row["seq"],
        stored=row["stored"],
        digests=dict(map(tuple, row["digests"])),
        referrers=dict(map(tuple, row["referrers"])),
        redactions={(source, key): at for source, key, at in row["redactions"]},
        erased=dict(map(tuple, row["erased"])),
    )


async def copy_statements(fresh: Sequence[Fresh], transaction: Transaction) -> None:
    """Append *fresh* to the record."""
    await transaction.copy_records_to_table("statement", columns=Row._fields, records=[each.row for each in fresh])


async def copy_relations(fresh: Sequence[Fresh], transaction: Transaction) -> None:
    """Write what *fresh* mention and refer to."""
    mentions = binary_copy.mentions((each.row.seq, each.candidate.mentions) for each in fresh)
    await transaction.copy_to_table("statement_mention", columns=binary_copy.MENTION, source=mentions, format="binary")
    references = [(each.row.seq, each.candidate.target, each.candidate.voids) for each in fresh if each.candidate.target]
    if references:
        await transaction.copy_records_to_table("statement_reference", columns=_REFERENCE, records=references)


async def inherit(seqs: Sequence[int], ids: Sequence[StatementId], transaction: Transaction) -> None:
    """Let the statements *seqs*, and those that refer to *ids*, be found by what the statements that they refer to mention."""
    reach = await transaction.fetch(_QUERIES["reach"], seqs, ids)
    if not reach:
        return
    bodies = await transaction.fetch(_QUERIES["bodies"], list({target for _, target in reach}))
    mentions = {seq: referred(parse(body, _LIMITS)) for seq, body in bodies}
    rows = sorted({(key.hex(), seq, usage, direct) for seq, target in reach for key, (usage, direct) in mentions[target].items()})
    await transaction.execute(_QUERIES["inherit"], *map(list, zip(*rows, strict=True)))


async def void(targets: Iterable[StatementId], transaction: Transaction) -> list[RecordedRow]:
    """Void *targets* where they are there and can be; return the rows that changed."""
    return [RecordedRow(*row) for row in await transaction.fetch(_QUERIES["void"], sorted(targets))]


async def redact_recorded(news: Mapping[RedactionKey, datetime], transaction: Transaction) -> list[RecordedRow]:
    """Keep that *news* were redacted, and overwrite the statements about them; return the rows that changed."""
    pairs = [source for source, _ in news], _uuids(key for _, key in news), list(news.values())
    await transaction.execute(_QUERIES["keep_redactions"], *pairs)
    rows = await transaction.fetch(_QUERIES["to_redact"], *pairs)
    if not rows:
        return []
    bodies = [redact(row["body"]) for row in rows]
    columns = [row["seq"] for row in rows], bodies, [row["at"] for row in rows]
    return [RecordedRow(*row) for row in await transaction.fetch(_QUERIES["redact"], *columns)]


async def mark(marks: Mapping[StatementId, Mark], transaction: Transaction) -> list[RecordedRow]:
    """Note what came without people who were erased; return the rows that there are of it."""
    columns = [mark.at for mark in marks.values()], [mark.names_only for mark in marks.values()]
    return [RecordedRow(*row) for row in await transaction.fetch(_QUERIES["mark"], list(marks), *columns)]


async def erase_letters(requests: Iterable[Request], transaction: Transaction) -> None:
    """Empty the dead letters that hold what *requests* redact."""
    for request in requests:
        if request.redacted:
            source = orjson.dumps(request.source)
            await transaction.execute(_QUERIES["erase_letters"], source, list(request.redacted), request.received_at)


def _redactable(request: Request) -> Iterable[RedactionKey]:
    """Yield the activities that *request* redacts and those that its statements are about."""
    for key in request.redacts:
        yield request.source, key
    for each in request.statements:
        if each.about:
            yield request.source, each.about


def _uuids(keys: Iterable[Key]) -> list[str]:
    """Write *keys* as the uuids that PostgreSQL knows them by."""
    return [key.hex() for key in keys]
