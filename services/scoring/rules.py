"""Keep facts of two versions of the rules from being summed: the tables know which rules made them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from typing import Final, TypeVar

from services.scoring.domain.rules import VERSION, definition
from services.scoring.store import QUERIES
from shared.errors import Misconfigured, Unavailable
from shared.events import rest
from shared.postgres import Database, Transaction

T = TypeVar("T")

LOOK: Final = 1.0
"""Seconds between two looks at whether the facts were made again, or whether PostgreSQL is back."""


def check_rules(current: str | None) -> None:
    """Raise Misconfigured unless *current*, the version that made the tables, is the one that this code scores by."""
    if current != VERSION:
        raise Misconfigured(f"{_differ(current)}: `symposia replay --rebuild` makes them again")


async def hindrance(database: Database) -> str | None:
    """Say so where the facts were made by other rules than this code scores by; else, or without any facts, return None.

    Raises Unavailable.
    """
    current = await database.fetchval(QUERIES["current_rules"])
    return None if current in {None, VERSION} else _differ(current)


async def until_in_force(database: Database, stop: asyncio.Event) -> None:
    """Wait, also through outages, until the facts were made by the rules that this code scores by, or *stop* is set."""
    while not stop.is_set() and await waiting_out(partial(hindrance, database), stop) is not None:
        await rest(stop, LOOK)


async def waiting_out(ask: Callable[[], Awaitable[T]], stop: asyncio.Event) -> T | None:
    """Return what *ask* returns, asking again while it raises Unavailable; None once *stop* is set."""
    while not stop.is_set():
        with suppress(Unavailable):  # the pool counts it, readiness tells, and the next look comes soon
            return await ask()
        await rest(stop, LOOK)
    return None


async def adopt_rules(database: Database) -> None:
    """Store the version of the rules that this code scores by, if none is stored yet.

    Raises Misconfigured where the facts were made by other rules and need a replay, and Unavailable.
    """

    async def adopt(transaction: Transaction) -> None:
        await transaction.execute(QUERIES["hold_objections"])
        current = await transaction.fetchval(QUERIES["current_rules"])
        if current is None:
            await transaction.execute(QUERIES["adopt_rules"], VERSION, definition())
        else:
            check_rules(current)

    await database.run(adopt)


async def forget(database: Database) -> None:
    """Empty the tables, for a replay to fill them again by the rules of this code; objections are kept. Raises Unavailable."""

    async def empty(transaction: Transaction) -> None:
        await transaction.execute(QUERIES["hold_objections"])
        await transaction.execute(QUERIES["note_everyone_changed"])
        await transaction.execute(QUERIES["forget"])
        await transaction.execute(QUERIES["retire_rules"])
        await transaction.execute(QUERIES["adopt_rules"], VERSION, definition())

    await database.run(empty)


def _differ(current: str | None) -> str:
    return f"The facts were made by the rules {current}, and this code scores by {VERSION}"
