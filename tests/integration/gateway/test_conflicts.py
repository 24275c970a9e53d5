"""One sender's contradictions stop nobody."""

from __future__ import annotations

import asyncio

from tests.support.gateway import Client, statement


async def test_a_sender_who_contradicts_himself_for_ever_does_not_stop_the_record(client: Client) -> None:
    first = statement()
    await client.post(first)

    answers = await asyncio.gather(
        *(client.post({**first, "result": {"response": f"another content {number}"}}) for number in range(150))
    )
    good = await client.post(statement())

    assert {answer.status_code for answer in answers} == {409}
    assert good.status_code == 200
