"""Symposia on a broker as companies run it: nothing is allowed but what docs/operations.md says that each service needs."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
from aiokafka.admin import NewTopic
from prometheus_client import CollectorRegistry
from pydantic import SecretStr

from shared.clock import utc_now
from shared.contracts.topics import (
    DAY_MS,
    ENRICHED,
    HEARD,
    NOTICED,
    OBJECTION,
    RECEIVED,
    RECORDED,
    TOPICS,
    Topic,
    dead_letters_of,
)
from shared.errors import Misconfigured
from shared.stream.kafka import KafkaLog
from shared.stream.kafka.connection import MESSAGE_BYTES
from shared.stream.metrics import StreamMetrics
from shared.stream.record import Outgoing
from shared.stream.settings import AppendSettings, KafkaSettings
from tests.support.cli import symposia
from tests.support.house import open_house
from tests.support.kafka import administrator
from tests.support.postgres import blocking
from tests.support.secured import PASSWORD, Grant, Operation, Resource, Secured, allow, secured

DOCUMENT: Final = Path(__file__).parents[2] / "docs" / "operations.md"
LETTERS: Final = (
    dead_letters_of(HEARD, "telling"),
    dead_letters_of(NOTICED, "asking"),
    dead_letters_of(RECEIVED, "recorder"),
    dead_letters_of(RECORDED, "definitions"),
    dead_letters_of(RECORDED, "enrichment"),
    dead_letters_of(ENRICHED, "scoring"),
    dead_letters_of(OBJECTION, "scoring"),
)
SMALL: Final = Topic("small", partitions=1)
MADE: Final = Topic("made", partitions=2)
MISSING: Final = Topic("missing", partitions=1)
ELSEWHERE: Final = Topic("elsewhere", partitions=1)
STATEMENT: Final = {
    "actor": {"mbox": "mailto:ann@acme.example"},
    "verb": {"id": "http://adlnet.gov/expapi/verbs/answered"},
    "object": {"id": "https://acme.example/questions/1"},
}
QUESTION: Final = {"type": "message", "channel": "C1", "channel_type": "channel", "user": "U1", "ts": "1.0001", "text": "How?"}


def rows_below(heading: str) -> Iterator[list[str]]:
    """Yield the cells of the rows of the table below *heading*."""
    section = DOCUMENT.read_text("utf-8").partition(f"### {heading}\n")[2].partition("\n#")[0]
    table = [line for line in section.splitlines() if line.startswith("|")]
    for line in table[2:]:
        yield [cell.strip() for cell in line.strip("|").split("|")]


def documented_grants() -> Iterator[Grant]:
    """Yield what each user is granted by the documentation: a password's, and the one of a certificate of the same name."""
    for who, reads, writes, groups in rows_below("Access"):
        name = {"commands": "operator"}.get(who, who.partition(",")[0])
        for user in (name, f"CN={name}"):
            for topic in re.findall("`(.+?)`", reads):
                yield Grant(user, Resource.TOPIC, topic, Operation.READ)
            for topic in re.findall("`(.+?)`", writes):
                yield Grant(user, Resource.TOPIC, topic, Operation.WRITE)
            for group in re.findall("`(.+?)`", groups):
                yield Grant(user, Resource.GROUP, group, Operation.READ)


def documented_topics() -> list[NewTopic]:
    limits = {"max.message.bytes": str(MESSAGE_BYTES), "segment.ms": str(DAY_MS)}
    return [
        NewTopic(name.strip("`"), int(partitions), 1, topic_configs={**limits, "retention.ms": retention})
        for name, partitions, retention in rows_below("Topics")
    ]


async def furnish(bootstrap: str) -> None:
    """Make what an administrator makes: the topics and the rights."""
    small = NewTopic(SMALL.name, 1, 1, topic_configs={"max.message.bytes": "1000"})
    async with administrator(bootstrap) as client:
        await client.create_topics([*documented_topics(), small, NewTopic(ELSEWHERE.name, 1, 1)])
        looked_at = (
            Grant("gateway", Resource.TOPIC, SMALL.name, Operation.WRITE),
            Grant("gateway", Resource.TOPIC, MADE.name, Operation.WRITE),
            Grant("gateway", Resource.TOPIC, MADE.name, Operation.CREATE),
            Grant("gateway", Resource.TOPIC, MADE.name, Operation.DESCRIBE_CONFIGS),
            Grant("gateway", Resource.TOPIC, MISSING.name, Operation.WRITE),
            Grant("gateway", Resource.TOPIC, ELSEWHERE.name, Operation.DESCRIBE),
        )
        await allow(client, [*documented_grants(), *looked_at])


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Secured]:
    with secured(tmp_path_factory.mktemp("secured")) as broker:
        blocking(furnish(broker.cluster.bootstrap))
        yield broker


@asynccontextmanager
async def log_of(settings: KafkaSettings) -> AsyncIterator[KafkaLog]:
    log = KafkaLog(settings, AppendSettings(deadline=5.0), StreamMetrics(CollectorRegistry(), utc_now))
    try:
        yield log
    finally:
        await log.close()


async def taken(send: Callable[[], Awaitable[httpx.Response]]) -> None:
    """Send as senders do: again, while the answer is to try again."""
    while (answer := await send()).status_code == httpx.codes.SERVICE_UNAVAILABLE:
        pass
    assert answer.status_code == httpx.codes.OK, answer.text


async def until_each_has_a_record(log: KafkaLog, *topics: Topic) -> None:
    for topic in topics:
        while True:
            if sum((await log.ends(topic)).values()):
                break
            await asyncio.sleep(0.05)


def environment_of(settings: KafkaSettings) -> dict[str, str]:
    told = {**settings.model_dump(include=settings.model_fields_set), "password": PASSWORD}
    return {f"SYMPOSIA_STREAM__KAFKA__{name.upper()}": str(value) for name, value in told.items()}


def by_certificate(broker: Secured, user: str, lasts: timedelta = timedelta(days=1)) -> KafkaSettings:
    certificate, key = broker.authority.certify(user, lasts=lasts)
    return broker.settings(
        "", bootstrap=broker.tls, security_protocol="SSL", certificate_path=str(certificate), key_path=str(key)
    )


def test_the_topics_of_the_documentation_are_ours() -> None:
    told = {(topic.name, topic.num_partitions, topic.topic_configs["retention.ms"]) for topic in documented_topics()}

    assert told == {(topic.name, topic.partitions, str(topic.retention_ms)) for topic in (*TOPICS, *LETTERS)}


async def test_each_service_comes_in_its_own_way_and_does_its_work_with_what_it_is_granted(
    broker: Secured, database_url: str
) -> None:
    ways = {
        "gateway": broker.settings("gateway"),
        "ingest": broker.settings("ingest", sasl_mechanism="SCRAM-SHA-256"),
        "enrichment": broker.settings("enrichment", sasl_mechanism="plain"),
        "scoring": by_certificate(broker, "scoring"),
    }

    async with open_house(database_url, kafka=ways) as house, log_of(broker.settings("operator")) as log, asyncio.timeout(60):
        await taken(lambda: house.post(STATEMENT))
        await taken(lambda: house.slack(QUESTION, event_id="Ev1"))
        unseen = await log.ensure(TOPICS)
        await until_each_has_a_record(log, HEARD, RECORDED, ENRICHED)

    assert tuple(unseen) == TOPICS


async def test_who_may_not_say_the_record_again_empties_nothing_and_is_told_in_one_sentence(
    broker: Secured, database_url: str, tmp_path: Path
) -> None:
    async with open_house(database_url) as house, asyncio.timeout(60):
        await taken(lambda: house.post(STATEMENT))
    reader = environment_of(broker.settings("enrichment"))
    told = {"DATABASE_URL": database_url, "SYMPOSIA_HOME": str(tmp_path), "SYMPOSIA_STREAM__KIND": "kafka", **reader}

    here = await asyncio.to_thread(symposia, "replay", "--rebuild", "--no-wait", **told)
    waiting = await asyncio.to_thread(symposia, "replay", "--rebuild", **told)

    assert (here.returncode, waiting.returncode, here.stdout + waiting.stdout) == (1, 1, "")
    assert re.fullmatch(r"symposia: Kafka does not let our user write to xapi.statement.recorded.v1 .*\n", here.stderr)
    assert re.fullmatch(r"symposia: Kafka does not let our user look at .*interaction.heard.v1.*\n", waiting.stderr)


async def test_a_certificate_that_has_expired_is_told_in_a_sentence(broker: Secured) -> None:
    async with log_of(by_certificate(broker, "late", timedelta(days=-1))) as log:
        with pytest.raises(Misconfigured, match=r"missing, expired .*Check SYMPOSIA_STREAM__KAFKA__CERTIFICATE_PATH"):
            await log.ensure([RECEIVED])


async def test_who_may_creates_the_topics_that_are_missing(broker: Secured) -> None:
    async with log_of(broker.settings("gateway")) as log:
        unseen = await log.ensure([MADE, RECEIVED])
        ends = await log.ends(MADE)

    assert (tuple(unseen), len(ends)) == ((RECEIVED,), 2)


Doing = Callable[[KafkaLog], Awaitable[Any]]


def looks(topic: Topic) -> Doing:
    return lambda log: log.ensure([topic])


def writes(topic: Topic, size: int = 1) -> Doing:
    return lambda log: log.append([Outgoing(topic, b"x" * size)])


def reads(topic: Topic, group: str) -> Doing:
    async def reading(log: KafkaLog) -> None:
        inbox = await log.inbox(group, [topic])
        try:
            for _ in range(20):
                for partition in await inbox.unsought():
                    await inbox.seek(partition, 0)
                await inbox.fetch(1, 0.2)
        finally:
            await inbox.close()

    return reading


async def asks_for_the_end(log: KafkaLog) -> None:
    await log.ends(ENRICHED)


@pytest.mark.parametrize(
    ("changes", "doing", "said"),
    [
        ({"password": SecretStr("wrong")}, looks(RECEIVED), "refuses user 'gateway'.*Check SYMPOSIA_STREAM__KAFKA__USERNAME"),
        ({"sasl_mechanism": "PLAIN", "username": "nobody"}, looks(RECEIVED), "refuses user 'nobody'"),
        ({"ca_path": ""}, looks(RECEIVED), "not to be trusted: .*local issuer.*Check SYMPOSIA_STREAM__KAFKA__CA_PATH, and"),
        ({"ca_path": "/nowhere"}, looks(RECEIVED), "CA_PATH cannot be used: /nowhere"),
        ({"bootstrap": "localhost"}, looks(RECEIVED), "certificate is not valid for 'localhost'"),
        ({"bootstrap": "tls"}, looks(RECEIVED), "takes no certificate of ours.*CERTIFICATE_PATH"),
        ({}, looks(ENRICHED), "does not let our user look at xapi.statement.enriched.v1 .*docs/operations.md"),
        ({}, asks_for_the_end, "does not let our user look at xapi.statement.enriched.v1"),
        ({}, looks(MISSING), "topic missing is not there, and our user may not create it"),
        ({}, writes(ELSEWHERE), "does not let our user write to elsewhere"),
        ({}, writes(SMALL, 2000), f"small does not take records as large as ours: set max.message.bytes={MESSAGE_BYTES}"),
        ({}, reads(ELSEWHERE, "definitions"), "does not let our user read elsewhere as group definitions"),
        ({}, reads(RECEIVED, "scoring"), "does not let our user read xapi.statement.received.v1 as group scoring"),
    ],
    ids=[
        "wrong password", "unknown user", "unknown authority", "no file", "another host", "no certificate", "hidden topic",
        "end of a hidden topic", "no topic", "no right to write", "too large", "no right to read", "another's group",
    ],
)  # fmt: skip
async def test_what_a_broker_refuses_is_told_in_a_sentence_without_the_secret(
    broker: Secured, caplog: pytest.LogCaptureFixture, changes: dict[str, Any], doing: Doing, said: str
) -> None:
    places = {"localhost": f"localhost:{broker.sasl.rpartition(':')[2]}", "tls": broker.tls}
    if "bootstrap" in changes:
        changes = {**changes, "bootstrap": places[changes["bootstrap"]]}

    async with log_of(broker.settings("gateway", **changes)) as log:
        with pytest.raises(Misconfigured, match=said) as refused:
            await doing(log)

    assert PASSWORD not in f"{refused.value} {caplog.text}"
