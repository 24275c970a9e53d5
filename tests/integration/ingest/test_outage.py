"""Ingest while PostgreSQL is away: it takes what known sources say, to tell it later; 503 hides neither a 400 nor a 401."""

from __future__ import annotations

from dataclasses import replace

import pytest

from services.ingest.app import SCHEMA
from services.ingest.sources import NewSource, Sources
from services.ingest.vault import Vault
from services.targets import TARGETS
from shared.contracts import HEARD, RECEIVED
from shared.errors import Unavailable
from shared.postgres import Database, migrate
from shared.postgres.embedded import Server
from tests.integration.ingest.conftest import House, post
from tests.support.ingest import NOW, SECRET, Ear
from tests.support.postgres import settings_for
from tests.support.signing import sign
from tests.support.slack import SLACK, slack, slack_conversation, slack_message

QUESTION = slack(slack_message("UASK", "1772452800.000100", "How?"))


@pytest.fixture
async def fragile(house: House, server: Server) -> House:
    """Return a house on a PostgreSQL of its own, which can be stopped."""
    await migrate(server.dsn, [target for target in TARGETS if target.schema == SCHEMA])
    database = await Database.open(settings_for(server.dsn, acquire_timeout=0.5), schema=SCHEMA, application="test")
    own = replace(house, database=database, sources=Sources(database, Vault.of(house.settings.secrets)))
    await own.sources.add(NewSource(SLACK.id, SLACK.platform, SLACK.workspace, SECRET, SLACK.policy), NOW)
    await own.log.ensure((HEARD, RECEIVED))
    return own


async def test_a_delivery_to_a_source_that_was_never_read_is_503_while_postgres_is_away_and_200_after(
    fragile: House, server: Server
) -> None:
    async with fragile.open() as client:
        server.stop()
        refused = await post(client, QUESTION)
        server.start()
        retried = await post(client, QUESTION)

    assert (refused.status_code, retried.status_code) == (503, 200)
    assert "retry-after" in refused.headers
    await fragile.database.close()


async def test_what_a_known_source_says_while_postgres_is_away_is_taken_and_told_when_it_is_back(
    fragile: House, server: Server
) -> None:
    async with fragile.open() as client:
        await post(client, slack({"type": "pin_added"}))
        server.stop()
        answers = [await post(client, sent) for sent in slack_conversation()]
        with pytest.raises(Unavailable):
            await fragile.tell()
        server.start()
        await fragile.tell()
    ear = Ear()
    await ear.hear(*slack_conversation())

    assert {each.status_code for each in answers} == {200}
    assert {each for each, _ in fragile.ear().told()} == {each for each, _ in ear.told()} != set()
    await fragile.database.close()


async def test_503_hides_neither_400_nor_401(fragile: House, server: Server) -> None:
    headers = sign(SLACK.platform, b"no json", SECRET, NOW)

    async with fragile.open() as client:
        server.stop()
        never_read = await client.post("/hooks/slack/acme", content=b"no json", headers=headers)
        server.start()
        await post(client, slack({"type": "pin_added"}))
        server.stop()
        unparsable = await client.post("/hooks/slack/acme", content=b"no json", headers=headers)
        forged = await post(client, QUESTION, sign(SLACK.platform, QUESTION.body, b"no secret", NOW))
        genuine = await post(client, QUESTION)

    statuses = [answer.status_code for answer in (never_read, unparsable, forged, genuine)]
    assert statuses == [400, 400, 401, 200]
    server.start()
    await fragile.database.close()
