"""Platforms that deliver beside the senders: webhooks to an ingest in a process of its own, each again until it is taken."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import httpx

from deploy.kafka.layout import free_ports
from services.ingest.domain.identity import creation_of
from services.ingest.domain.interaction import NativeId
from services.ingest.sources import NewSource, open_sources
from shared.settings import SecretSettings
from tests.faults.outages.installation import Installation, serving, until_ready
from tests.faults.outages.senders import OK, PATIENCE, Answer, now, timed
from tests.support.gateway import MASTER_KEY
from tests.support.ingest import SECRET, Sent
from tests.support.postgres import settings_for
from tests.support.slack import SLACK, slack, slack_message

PACE: Final = 0.1
FIRST: Final = 1772452800


@dataclass(slots=True)
class Platforms:
    """What a platform was answered, and the ids of the statements of what was taken."""

    http: httpx.AsyncClient
    answers: list[Answer] = field(default_factory=list)
    accepted: set[str] = field(default_factory=set)
    over: asyncio.Event = field(default_factory=asyncio.Event)

    async def deliver(self) -> None:
        """Deliver messages, one after the other, until it is over; what is refused is delivered again."""
        number = 0
        while not self.over.is_set():
            ts, begun = f"{FIRST + number}.000100", now()
            await self._until_accepted(slack(slack_message("UASK", ts, f"Message {number}")))
            self.accepted.add(creation_of(SLACK.id, NativeId(f"C1:{ts}")))
            number += 1
            await asyncio.sleep(max(0.0, begun + PACE - now()))

    async def _until_accepted(self, sent: Sent) -> None:
        while True:
            headers = sent.signed(datetime.now(UTC))  # noqa: TID251  a signature is of now
            path = f"/hooks/{SLACK.platform}/{SLACK.id}"
            answer = await timed("webhook", lambda: self.http.post(path, content=sent.body, headers=headers))  # noqa: B023  awaited
            self.answers.append(answer)
            if answer.status == OK:
                return
            await asyncio.sleep(PATIENCE)


@asynccontextmanager
async def delivering(running: Installation, folder: Path, settings: Mapping[str, str]) -> AsyncIterator[Platforms]:
    """Run ingest beside the gateway, and deliver to it for as long as the block lasts; an ingest that ended is an error."""
    postgres, secrets = settings_for(running.server.dsn), SecretSettings.model_validate({"key": MASTER_KEY})
    async with open_sources(postgres, secrets) as sources:
        await sources.add(
            NewSource(SLACK.id, SLACK.platform, SLACK.workspace, SECRET, SLACK.policy), datetime(2026, 3, 2, tzinfo=UTC)
        )
    (port,), log = free_ports(1), folder / "ingest.log"
    told = {"SYMPOSIA_HTTP__PORT": str(port), **settings}
    with serving("services.ingest", running.server, running.cluster, told, log) as ingest:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=30.0) as http:
            await until_ready(http, ingest, log)
            platforms = Platforms(http)
            delivered = asyncio.create_task(platforms.deliver())
            try:
                yield platforms
            finally:
                platforms.over.set()
                await delivered
        assert ingest.poll() is None, f"ingest ended with {ingest.returncode}:\n{log.read_text()[-3000:]}"
