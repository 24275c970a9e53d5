"""Erase a person from what waits: dead letters, and what the outbox has not published yet."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import NamedTuple

import msgspec

from services.gateway.domain.erasure import IsErased, erase
from services.gateway.persons.person import Person
from services.gateway.persons.store import QUERIES
from services.gateway.recorder.erasing import without
from shared.contracts import RECORDED, BadMessage, Recorded, decode, encode
from shared.postgres import Database
from shared.stream import Outgoing
from shared.stream.dead_letters import DeadLetters
from shared.stream.outbox import decode_row, encode_row


class Letter(NamedTuple):
    """A dead letter that holds the person, and what is *left* of it: None where it cannot be read, and all of it goes."""

    id: int
    left: bytes | None
    reason: str


class OutboxRow(NamedTuple):
    """A row of the outbox that holds the person, and what is left of it."""

    id: int
    left: bytes


async def letters(database: Database, person: Person) -> AsyncIterator[Letter]:
    """Yield the dead letters that hold *person*."""
    async for page in DeadLetters(database).pages():
        for each in page:
            left = left_of(each.value, person)
            reason = "erased" if person.stands_in(each.reason.encode()) else each.reason
            if left != each.value or reason != each.reason:
                yield Letter(each.id, left, reason)


async def outbox_rows(database: Database, person: Person) -> AsyncIterator[OutboxRow]:
    """Yield the rows of the outbox that hold *person*."""
    behind = 0
    while page := await database.fetch(QUERIES["outbox"], behind):
        behind = page[-1]["id"]
        for row in page:
            before = decode_row(row["records"])
            after = tuple(_said_without(each, person.keys.__contains__) for each in before)
            if after != before:
                yield OutboxRow(row["id"], encode_row(after))


async def erase_waiting(database: Database, person: Person) -> int:
    """Take *person* out of what waits; return out of how many letters and rows."""
    count = 0
    async for letter in letters(database, person):
        if letter.left is None:
            await DeadLetters(database).empty_these([letter.id])
        else:
            await database.execute(QUERIES["overwrite_letter"], letter.id, letter.left, letter.reason)
        count += 1
    async for row in outbox_rows(database, person):
        await database.execute(QUERIES["overwrite_row"], row.id, row.left)
        count += 1
    return count


def left_of(value: bytes, person: Person) -> bytes | None:
    """Return what is left of a dead letter's *value*; None where the person stands in what cannot be read."""
    is_erased = person.keys.__contains__
    for read in (without, recorded_without):
        try:
            left = read(value, is_erased)
        except (BadMessage, msgspec.MsgspecError, KeyError, TypeError, AttributeError, ValueError):
            continue
        return None if person.stands_in(left) else left
    return None if person.stands_in(value) else value


def recorded_without(value: bytes, is_erased: IsErased) -> bytes:
    """Return a `recorded` message without the erased. Raises BadMessage."""
    message = decode(value, Recorded)
    left = erase(bytes(message.statement), is_erased)
    return value if left is None else encode(msgspec.structs.replace(message, statement=msgspec.Raw(left.body)))


def _said_without(outgoing: Outgoing, is_erased: IsErased) -> Outgoing:
    if outgoing.topic.name != RECORDED.name:
        return outgoing
    return msgspec.structs.replace(outgoing, value=recorded_without(outgoing.value, is_erased))
