"""Who lives a life in an installation of a former state: through its commands and its doors alone."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import asyncpg
import httpx

from shared.clock import utc_now
from tests.support.former.product import PATIENCE, Order, Product, until
from tests.support.former.stored import XAPI
from tests.support.ingest import Sent

LEFT: Final = """
SELECT (SELECT count(*) FROM log.partition p JOIN {schema}.consumer_offset o ON o.topic = p.topic AND o.partition = p.number
        WHERE o.next_offset < p.next_offset) + (SELECT count(*) FROM {schema}.outbox)
"""
JOBS: Final = "SELECT count(*) FROM records.relink"
READERS: Final = "SELECT schemaname FROM pg_tables WHERE tablename = 'consumer_offset'"


class Player:
    """With a product, an open database and a folder."""

    def __init__(self, product: Product, database: asyncpg.Connection, folder: Path) -> None:
        self.product = product
        self.database = database
        self.folder = folder
        self.port = random.randrange(20_000, 32_000)  # noqa: S311  no secret
        self.keys: dict[str, tuple[str, str]] = {}
        self.platforms: set[str] = set()

    @property
    def gateway(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def ingest(self) -> str:
        return f"http://127.0.0.1:{self.port + 1}"

    def importing(self, kind: str, content: str) -> Order:
        """Return the command that imports *content*."""
        file = self.folder / f"{kind}.csv"
        file.write_text(content)
        return ["import", kind, str(file)], {}

    async def deliver(self, conversations: Mapping[str, Sequence[Sent]]) -> int:
        """Deliver what of it this state's platforms can, and return how much was taken."""
        taken = 0
        for platform in sorted(self.platforms & conversations.keys()):
            for sent in conversations[platform]:
                url = f"{self.ingest}/hooks/{platform}/{sent.source.id}"
                answer = await asked("POST", url, content=sent.body, headers=sent.signed(utc_now()))
                taken += answer.is_success
        return taken

    async def send(self, method: str, path: str, by: str = "all", *, expect: int = 2, **request: Any) -> httpx.Response:
        """Send a request to the gateway *by* one of the keys, and return its answer, which is of the hundred that is expected."""
        headers = {**XAPI, "Content-Type": "application/json", **request.pop("headers", {})}
        auth = None if "Authorization" in headers else self.keys[by]
        answer = await asked(method, f"{self.gateway}{path}", auth=auth, headers=headers, **request)
        assert answer.status_code // 100 == expect, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer

    async def settled(self) -> None:
        """Return once nothing is left to do."""
        await until(self._is_settled, "the end")

    async def _is_settled(self) -> bool:
        """Say whether every group has read all records and published what it emits, and no relinking is left to do."""
        schemas = [row["schemaname"] for row in await self.database.fetch(READERS)]
        left = [await self.database.fetchval(LEFT.format(schema=schema)) for schema in schemas]
        return not any(left) and not await self.database.fetchval(JOBS)


async def asked(method: str, url: str, **request: Any) -> httpx.Response:
    """Ask until the answer is not one that says to come again."""
    async with httpx.AsyncClient(timeout=PATIENCE) as client:
        while (answer := await client.request(method, url, **request)).status_code == httpx.codes.SERVICE_UNAVAILABLE:  # noqa: ASYNC110
            await asyncio.sleep(1)
    return answer
