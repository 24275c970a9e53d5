"""Logs of one Kafka, each as a process has it, and topics of their own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import uuid4

from prometheus_client import CollectorRegistry

from deploy.kafka.cluster import Cluster
from shared.contracts.topics import Topic
from shared.stream import StreamMetrics
from shared.stream.kafka import KafkaLog
from shared.stream.settings import AppendSettings, KafkaSettings


@asynccontextmanager
async def opened(cluster: Cluster, poll_interval: float = 60.0) -> AsyncIterator[KafkaLog]:
    settings = KafkaSettings(bootstrap=cluster.bootstrap, session_timeout=6.0, request_timeout=5.0)
    log = KafkaLog(settings, AppendSettings(), StreamMetrics(CollectorRegistry()), poll_interval=poll_interval)
    try:
        yield log
    finally:
        await log.close()


async def new_topic(log: KafkaLog) -> Topic:
    topic = Topic(f"tail.{uuid4().hex[:12]}.v1", partitions=1)
    await log.ensure([topic])
    return topic
