"""Erase a person from dead letters, and from messages in the outbox that are not published yet."""

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
    """A dead letter in which a person occurs; *left* is what remains of it, or None where it is unreadable and is emptied."""

    id: int
    left: bytes | None
    reason: str


class OutboxRow(NamedTuple):
    """A row of the outbox in which a person occurs, and what remains of it."""

    id: int
    left: bytes


async def letters(database: Database, person: Person) -> AsyncIterator[Letter]:
    """Yield the dead letters in which *person* occurs. Raises Unavailable."""
    async for page in DeadLetters(database).pages():
        for each in page:
            left = left_of(each.value, person)
            reason = "erased" if person.stands_in(each.reason.encode()) else each.reason
            if left != each.value or reason != each.reason:
                yield Letter(each.id, left, reason)


async def outbox_rows(database: Database, person: Person) -> AsyncIterator[OutboxRow]:
    """Yield the rows of the outbox in which *person* occurs. Raises Unavailable."""
    behind = 0
    while page := await database.fetch(QUERIES["outbox"], behind):
        behind = page[-1]["id"]
        for row in page:
            before = decode_row(row["records"])
            after = tuple(_said_without(each, person.keys.__contains__) for each in before)
            if after != before:
                yield OutboxRow(row["id"], encode_row(after))


async def erase_waiting(database: Database, person: Person) -> int:
    """Erase *person* from dead letters and the outbox; return from how many letters and rows. Raises Unavailable."""
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
    """Return the *value* of a dead letter without the person; None where the person occurs in what cannot be read."""
    is_erased = person.keys.__contains__
    for read in (without, recorded_without):
        try:
            left = read(value, is_erased)
        except (BadMessage, msgspec.MsgspecError, KeyError, TypeError, AttributeError, ValueError):
            continue
        return None if person.stands_in(left) else left
    return None if person.stands_in(value) else value


def recorded_without(value: bytes, is_erased: IsErased) -> bytes:
    """Return a message of `recorded` without those whom *is_erased* finds. Raises BadMessage."""
    message = decode(value, Recorded)
    left = erase(bytes(message.statement), is_erased)
    return value if left is None else encode(msgspec.structs.replace(message, statement=msgspec.Raw(left.body)))


def _said_without(outgoing: Outgoing, is_erased: IsErased) -> Outgoing:
    if outgoing.topic.name != RECORDED.name:
        return outgoing
    return msgspec.structs.replace(outgoing, value=recorded_without(outgoing.value, is_erased))
