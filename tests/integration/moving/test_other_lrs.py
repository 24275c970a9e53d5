"""Another LRS that fails, limits, or means no good."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from services.gateway.domain.selection import Selection
from services.gateway.forwarding.lrs import open_lrs
from services.gateway.forwarding.target import Basic, Target, TargetName
from services.gateway.moving.lot import Lot, Wanted
from services.gateway.moving.other_lrs import TRIES, NoLrs, OtherLrs
from shared.clock import utc_now
from tests.support.gateway import statement
from tests.support.received import VOIDED
from tests.support.scripted import CUT, Reply, ScriptedLrs, scripted_lrs

JSON = ("Content-Type", "application/json")


@dataclass
class Sleep:
    """A sleep that takes no time, and remembers how long it should have been."""

    slept: list[float] = field(default_factory=list)

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        await asyncio.sleep(0)


def page(*statements: Any, more: str = "", **reply: Any) -> Reply:
    return Reply(body=json.dumps({"statements": statements, "more": more}).encode(), headers=(JSON,), **reply)


@asynccontextmanager
async def reading(other: ScriptedLrs, sleep: Sleep, *, private: bool = True) -> AsyncIterator[OtherLrs]:
    target = Target(TargetName("other"), other.url, "1.0.3", private, Selection(), 0, 0, b"")
    async with open_lrs(target, Basic("key", "secret"), utc_now, 5.0) as lrs:
        yield OtherLrs(lrs, other.url, utc_now, sleep=sleep.sleep)


async def read(other: ScriptedLrs, sleep: Sleep | None = None, place: str = "") -> list[Lot]:
    async with reading(other, sleep or Sleep()) as lrs:
        return [lot async for lot in lrs.lots(Wanted(), place)]


def ids(lots: list[Lot]) -> list[str]:
    return [json.loads(each.body)["id"] for lot in lots for each in lot.statements]


async def test_it_is_waited_for_as_long_as_it_says_and_each_page_comes_once() -> None:
    one, two, sleep = statement(), statement(), Sleep()
    async with scripted_lrs() as other:
        other.script.extend([
            Reply(429, headers=(("Retry-After", "17"),)), CUT, CUT, page(one, more="/xapi/more/2"),
            Reply(503), page(two),
        ])  # fmt: skip

        lots = await read(other, sleep)

    assert ids(lots) == [one["id"], two["id"]]
    assert sleep.slept == [17.0, 2.0, 1.0]
    assert other.requests[-1].path == "/xapi/more/2"
    assert other.requests[0].parameters == {"ascending": "true", "attachments": "true"}


async def test_it_is_given_up_in_the_end_and_at_once_where_waiting_is_in_vain() -> None:
    async with scripted_lrs(answer=lambda _: Reply(503)) as other:
        with pytest.raises(NoLrs, match="503"):
            await read(other)
        assert len(other.requests) == TRIES
    async with scripted_lrs(answer=lambda _: Reply(403, b"no")) as other:
        with pytest.raises(NoLrs, match="403 no"):
            await read(other)
        assert len(other.requests) == 1


async def test_an_address_that_may_not_be_used_is_not_waited_for() -> None:
    sleep = Sleep()
    async with scripted_lrs() as other, reading(other, sleep, private=False) as lrs:
        with pytest.raises(NoLrs, match="private network, which may not be used; --private allows it"):
            await anext(lrs.lots(Wanted(), ""))

    assert other.requests == []
    assert sleep.slept == []


async def test_our_key_goes_to_no_other_host() -> None:
    async with scripted_lrs() as other, scripted_lrs() as stranger:
        other.script.append(page(statement(), more=f"{stranger.url}/statements"))

        with pytest.raises(NoLrs, match="our key is not for"):
            await read(other)

        assert stranger.requests == []


async def test_what_voids_brings_what_it_voids_unless_that_is_not_there() -> None:
    voided = statement()
    voiding = [
        statement(verb={"id": VOIDED}, object={"objectType": "StatementRef", "id": each})
        for each in (voided["id"], statement()["id"])
    ]
    async with scripted_lrs() as other:
        other.script.extend([page(*voiding), Reply(body=json.dumps(voided).encode(), headers=(JSON,)), Reply(404)])

        lots = await read(other)

    assert ids(lots) == [voided["id"], *(each["id"] for each in voiding)]
    assert [each.voided for each in lots[0].statements] == [True, None, None]


async def test_what_is_voided_may_come_as_a_result_that_holds_it_or_nothing() -> None:
    voided = statement()
    voiding = [statement(verb={"id": VOIDED}, object={"objectType": "StatementRef", "id": voided["id"]}) for _ in range(2)]
    async with scripted_lrs() as other:
        other.script.extend([page(*voiding), page(voided), page()])

        lots = await read(other)

    assert ids(lots) == [voided["id"], *(each["id"] for each in voiding)]


@pytest.mark.parametrize("body", [b"<html>", b"[]", b'{"statements":{}}', b"\xff"])
async def test_what_is_no_page_is_told(body: bytes) -> None:
    async with scripted_lrs(answer=lambda _: Reply(body=body)) as other:
        with pytest.raises(NoLrs, match="cannot be read"):
            await read(other)


@pytest.mark.parametrize("more", ["/xapi/statements?cursor=2", "/statements?cursor=2", "statements?cursor=2"])
async def test_more_may_begin_at_the_endpoint(more: str) -> None:
    async with scripted_lrs() as other:
        other.script.extend([page(statement(), more=more), page(statement())])

        await read(other)

        assert other.requests[-1].target == "/xapi/statements?cursor=2"


async def test_reading_goes_on_where_it_was() -> None:
    async with scripted_lrs() as other:
        other.script.extend([page(statement(), more="/xapi/more/2"), page(statement())])
        (first, second) = await read(other)

        other.script.append(page(statement()))
        await read(other, place=first.place)

        assert other.requests[-1].path == "/xapi/more/2"
        assert await read(other, place=second.place) == []
