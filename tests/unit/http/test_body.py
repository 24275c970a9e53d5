from __future__ import annotations

import asyncio
from collections.abc import Iterable

import pytest
from starlette.requests import Request
from starlette.types import Message

from shared.http import Problem, body, read_body
from shared.http.room import SHORT, Room

LONG = 10 * SHORT
LIMIT = 100 * SHORT


class Sender:
    """Sends a body piece by piece; the rest of it when it is told to."""

    def __init__(self, *pieces: bytes) -> None:
        self._messages: asyncio.Queue[Message] = asyncio.Queue()
        self._send(pieces, more=True)

    def finish(self, piece: bytes = b"") -> None:
        self._send([piece], more=False)

    def reading(self) -> asyncio.Task[bytes]:
        request = Request({"type": "http", "method": "POST", "path": "/", "headers": []}, self._messages.get)
        return asyncio.create_task(read_body(request, LIMIT))

    def _send(self, pieces: Iterable[bytes], *, more: bool) -> None:
        for piece in pieces:
            self._messages.put_nowait({"type": "http.request", "body": piece, "more_body": more})


@pytest.fixture(autouse=True)
def room(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let there be room for three long bodies."""
    monkeypatch.setattr(body, "_ROOM", Room(3 * LONG))


async def settle() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


async def test_a_long_body_for_which_there_is_no_room_is_refused_and_short_ones_pass() -> None:
    slow = [Sender(bytes(LONG)) for _ in range(3)]
    held = [sender.reading() for sender in slow]
    late, short = Sender(bytes(LONG)), Sender(bytes(SHORT))
    short.finish()
    await settle()

    with pytest.raises(Problem) as refused:
        await late.reading()

    assert (refused.value.status, refused.value.headers) == (503, {"Retry-After": "5", "Connection": "close"})
    assert await short.reading() == bytes(SHORT)
    for sender in slow:
        sender.finish(b"end")
    assert [len(whole) for whole in await asyncio.gather(*held)] == [LONG + 3] * 3


async def test_whoever_came_to_an_end_or_gave_up_makes_room() -> None:
    gone = [Sender(bytes(LONG)).reading() for _ in range(3)]
    await settle()
    for task in gone:
        task.cancel()
    await settle()
    late = Sender(bytes(3 * LONG))
    late.finish()

    assert await late.reading() == bytes(3 * LONG)


async def test_no_long_body_keeps_a_short_one_out() -> None:
    long, short = Sender(bytes(9 * LONG)), Sender(bytes(SHORT))
    reading = long.reading()
    await settle()
    short.finish()

    assert await short.reading() == bytes(SHORT)
    reading.cancel()


async def test_a_body_that_is_alone_may_be_as_long_as_its_limit() -> None:
    sender = Sender(*[bytes(LONG)] * 9)
    sender.finish()

    assert len(await sender.reading()) == 9 * LONG
