"""Fixtures of the real broker: `kafka_bootstrap` (one, for the whole session) and `kafka_cluster` (three, to break)."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from deploy.kafka.broker import BRIEF
from deploy.kafka.cluster import Cluster, running

StartCluster = Callable[[int], Cluster]


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


@pytest.fixture(scope="module")
def kafka_cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Three brokers for a module's tests; a test that breaks one brings it back."""
    with running(tmp_path_factory.mktemp("kafka"), 3, BRIEF) as cluster:
        yield cluster
