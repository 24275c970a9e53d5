"""The recorder's tables: what it reads under its lock, and what it writes there in as few round trips as there are tables."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final

import orjson

from services.gateway.domain.keys import activity_key, uuids
from services.gateway.domain.mentions import Mentions, referred
from services.gateway.domain.redaction import redact
from services.gateway.recorder import binary_copy
from services.gateway.recorder.erasing import Mark
from services.gateway.recorder.letters import REDACTED, Gone, RedactionKey, Texts, left_of
from services.gateway.recorder.messages import RecordedRow
from services.gateway.recorder.requests import Request
from services.gateway.recorder.ruling import Fresh, Known, Row
from shared.portions import portions
from shared.postgres import Transaction, load_queries
from shared.stream.dead_letters import DeadLetters
from shared.xapi.guard import Limits, parse
from shared.xapi.model import StatementId

_QUERIES: Final = load_queries(__package__)
_LIMITS: Final = Limits()
_REFERENCE: Final = ("seq", "target", "voids")
PAGE_ROWS: Final = 2_000
PAGE_BYTES: Final = 4 * 1024 * 1024
"""Referred-to statements are read in pages of about this size, since senders decide how long they are."""
MOST_ROWS: Final = 20_000
"""Most inherited mentions that are written at a time."""


async def lock(transaction: Transaction) -> None:
    """Hold every other recorder off until *transaction* ends."""
    await transaction.execute(_QUERIES["lock"])


async def read(requests: Sequence[Request], transaction: Transaction) -> Known:
    """Return what the record holds of what *requests* bring; the lock is held."""
    ids = [each.id for request in requests for each in request.statements]
    pairs = sorted({pair for request in requests for pair in _redactable(request)})
    oldest = min(request.received_at for request in requests)
    redactable = [source for source, _ in pairs], uuids(key for _, key in pairs)
    row = await transaction.fetchrow(_QUERIES["read"], ids, *redactable, oldest)
    if row is None:
        raise AssertionError("a query without FROM returns one row")
    return Known(
        seq=row["seq"],
        stored=row["stored"],
        digests={identifier: digest for identifier, digest, _ in row["digests"]},
        wordless=frozenset((source, identifier) for identifier, _, source in row["digests"] if source is not None),
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
    reaching: dict[int, list[int]] = {}
    for seq, target in reach:
        reaching.setdefault(target, []).append(seq)
    rows: set[tuple[str, int, int, bool]] = set()
    async for target, mentions in _referred(sorted(reaching), transaction):
        for seq in reaching[target]:
            rows.update((key.hex(), seq, usage, direct) for key, (usage, direct) in mentions.items())
            if len(rows) >= MOST_ROWS:
                await _inherit(rows, transaction)
                rows.clear()
    await _inherit(rows, transaction)


async def _referred(targets: Sequence[int], transaction: Transaction) -> AsyncIterator[tuple[int, Mentions]]:
    """Yield what is mentioned by referring to each of *targets*, seqs in order."""
    async for page in _bodies(targets, transaction):
        for target, body in page:
            yield target, referred(parse(body, _LIMITS))


async def _bodies(seqs: Sequence[int], transaction: Transaction) -> AsyncIterator[Sequence[tuple[int, bytes]]]:
    """Yield the bodies of the statements *seqs*, which are in order; a few megabytes of them are read at once."""
    for some in portions(seqs, PAGE_ROWS):
        behind = 0
        while behind < some[-1] and (rows := await transaction.fetch(_QUERIES["bodies"], some, behind, PAGE_BYTES)):
            yield [(seq, body) for seq, body in rows]
            behind = rows[-1]["seq"]


async def _inherit(rows: Iterable[tuple[str, int, int, bool]], transaction: Transaction) -> None:
    columns = [list(column) for column in zip(*sorted(rows), strict=True)]
    if columns:
        await transaction.execute(_QUERIES["inherit"], *columns)


async def void(targets: Iterable[StatementId], transaction: Transaction) -> list[RecordedRow]:
    """Void *targets* where they are there and can be; return the rows that changed."""
    return [RecordedRow(*row) for row in await transaction.fetch(_QUERIES["void"], sorted(targets))]


async def redact_recorded(news: Mapping[RedactionKey, datetime], transaction: Transaction) -> list[RecordedRow]:
    """Keep that *news* were redacted, and overwrite the statements about them; return the rows that changed."""
    pairs = [source for source, _ in news], uuids(key for _, key in news), list(news.values())
    await transaction.execute(_QUERIES["keep_redactions"], *pairs)
    found = {row["seq"]: row["at"] for row in await transaction.fetch(_QUERIES["to_redact"], *pairs)}
    redacted: list[RecordedRow] = []
    async for page in _bodies(list(found), transaction):
        seqs = [seq for seq, _ in page]
        columns = seqs, [redact(body) for _, body in page], [found[seq] for seq in seqs]
        redacted += [RecordedRow(*row) for row in await transaction.fetch(_QUERIES["redact"], *columns)]
        await transaction.execute(_QUERIES["forget_reasons"], seqs)
    return redacted


async def mark(marks: Mapping[StatementId, Mark], transaction: Transaction) -> list[RecordedRow]:
    """Note what came without people who were erased; return the rows that there are of it."""
    columns = [mark.at for mark in marks.values()], [mark.names_only for mark in marks.values()]
    return [RecordedRow(*row) for row in await transaction.fetch(_QUERIES["mark"], list(marks), *columns)]


async def redact_letters(requests: Iterable[Request], gone: Gone, transaction: Transaction) -> None:
    """Take the text of what is *gone* out of the dead letters, as *requests* name it."""
    sought: dict[str, set[bytes]] = {}
    for request in requests:
        for activity in map(orjson.loads, request.redacts_json):
            if (request.source, activity_key(activity)) in gone.activities:
                sought.setdefault(request.source, set()).add(orjson.dumps(activity))
    for source, identifier in gone.statements:
        sought.setdefault(source, set()).add(orjson.dumps(identifier))
    for source, texts in sought.items():
        async for letter, value in DeadLetters(transaction).naming(orjson.dumps(source), texts):
            await _redact_letter(letter, value, gone, transaction)


async def _redact_letter(letter: int, value: bytes, gone: Gone, transaction: Transaction) -> None:
    left = left_of(value, gone)
    if left is None:
        await DeadLetters(transaction).empty_these([letter], REDACTED)
    elif left != value:
        await transaction.execute(_QUERIES["redact_letter"], letter, left, REDACTED)


async def gone(texts: Texts, digests: Collection[bytes], transaction: Transaction) -> tuple[Gone, bool]:
    """Return what is gone of that of which *texts* may tell, and whether one of *digests* is of somebody who was erased."""
    columns = sorted(texts.texts), uuids(texts.activities), list(texts.ids), list(digests)
    row = await transaction.fetchrow(_QUERIES["gone"], *columns)
    if row is None:
        raise AssertionError("a query without FROM returns one row")
    return Gone(frozenset(map(tuple, row["activities"])), frozenset(map(tuple, row["statements"]))), row["erased"]


def _redactable(request: Request) -> Iterable[RedactionKey]:
    """Yield the activities that *request* redacts and those that its statements are about."""
    for key in request.redacts:
        yield request.source, key
    for each in request.statements:
        if each.about:
            yield request.source, each.about
