"""Fixtures of the real broker: one for the whole session, and clusters of a test's own, to break."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiokafka.admin import AIOKafkaAdminClient

from deploy.kafka.broker import BRIEF
from deploy.kafka.cluster import Cluster, running

StartCluster = Callable[[int], Cluster]


@asynccontextmanager
async def administrator(bootstrap: str) -> AsyncIterator[Any]:
    """Administer the brokers at *bootstrap*: topics of one's own making, records deleted, leaders looked up."""
    client = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await client.start()
    try:
        yield client
    finally:
        await client.close()


@pytest.fixture(scope="session")
def kafka_broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """One broker for the whole session, shared by all tests: give topics and groups names of your own."""
    with running(tmp_path_factory.mktemp("kafka"), options=BRIEF) as cluster:
        yield cluster


@pytest.fixture(scope="session")
def kafka_bootstrap(kafka_broker: Cluster) -> str:
    """The address of the session's broker."""
    return kafka_broker.bootstrap


@pytest.fixture
def start_kafka(tmp_path: Path) -> Iterator[StartCluster]:
    """Start clusters of one or three brokers that belong to the test alone; they end with it."""
    with ExitStack() as stack:
        yield lambda brokers: stack.enter_context(running(tmp_path / f"kafka-{brokers}", brokers, BRIEF))
