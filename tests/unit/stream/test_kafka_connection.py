"""How a client of Kafka is given up, and which errors of its surroundings are outages."""

from __future__ import annotations

import asyncio
import os
import ssl
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from shared.errors import Unavailable
from shared.stream.kafka.certificates import Certified
from shared.stream.kafka.connection import outages, stop
from shared.stream.settings import KafkaSettings, SecurityProtocol
from tests.support.certificates import Authority

Ending = Callable[[], Awaitable[None]]


class Part:
    """What aiokafka calls a client or a fetcher: it can be closed."""

    closed = False
    _sync_task: asyncio.Task[None] | None = None

    async def close(self) -> None:
        self.closed = True


class Leaving:
    """A consumer whose `stop` ends as *ending* does."""

    def __init__(self, ending: Ending) -> None:
        self._ending = ending
        self._fetcher = None
        self._client = Part()

    async def stop(self) -> None:
        await self._ending()

    @property
    def let_go(self) -> bool:
        return self._client.closed


async def cancels_itself() -> None:
    task = asyncio.create_task(asyncio.sleep(10))
    task.cancel()
    await task


async def breaks() -> None:
    raise RuntimeError("unable to perform operation on <TCPTransport closed=True>; the handler is closed")


async def hangs() -> None:
    await asyncio.sleep(10)


@pytest.mark.parametrize("ending", [cancels_itself, breaks, hangs])
async def test_who_gives_a_consumer_up_goes_on_however_that_ends(ending: Ending) -> None:
    consumer = Leaving(ending)

    await stop(consumer, 0.05)

    assert consumer.let_go


async def test_who_is_cancelled_meanwhile_is_cancelled() -> None:
    leaving = asyncio.create_task(stop(Leaving(hangs), 5))
    await asyncio.sleep(0)
    leaving.cancel()

    with pytest.raises(asyncio.CancelledError):
        await leaving


async def test_writing_to_a_connection_that_ended_is_an_outage_and_other_runtime_errors_are_none() -> None:
    with pytest.raises(Unavailable), outages("read"):
        await breaks()
    with pytest.raises(RuntimeError, match="generator"), outages("read"):
        raise RuntimeError("generator didn't yield")


def test_certificates_that_are_renewed_are_read_before_the_next_handshake(tmp_path: Path) -> None:
    first, second = Authority(tmp_path, "first"), Authority(tmp_path, "second")
    certificate, key = first.certify("gateway")
    files: dict[str, Any] = {"ca_path": str(first.file), "certificate_path": str(certificate), "key_path": str(key)}
    told = KafkaSettings(security_protocol=SecurityProtocol.SSL, **files)
    context = Certified.of(told)

    first.file.write_bytes(second.file.read_bytes())
    os.utime(first.file, ns=(1, 1))
    context.wrap_bio(ssl.MemoryBIO(), ssl.MemoryBIO(), server_hostname="kafka")

    assert [each["subject"][0][0][1] for each in context.get_ca_certs()] == ["first", "second"]


def test_certificates_that_are_being_written_leave_those_of_before(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    context = Certified.of(KafkaSettings(security_protocol=SecurityProtocol.SSL, ca_path=str(authority.file)))

    authority.file.unlink()
    context.wrap_bio(ssl.MemoryBIO(), ssl.MemoryBIO(), server_hostname="kafka")

    assert len(context.get_ca_certs()) == 1


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ({"security_protocol": "SASL_SSL", "username": "ann"}, "SASL_SSL needs a USERNAME and a PASSWORD"),
        ({"security_protocol": "TLS"}, "'SASL_SSL'"),
        ({"sasl_mechanism": "GSSAPI"}, "'SCRAM-SHA-512'"),
        ({"certificate_path": "/c"}, "SECURITY_PROTOCOL SSL or SASL_SSL"),
        ({"security_protocol": "SSL", "key_path": "/k"}, "KEY_PATH needs a CERTIFICATE_PATH"),
        ({"bootstrap": "SASL_SSL://broker:9092"}, "without a protocol"),
    ],
)
def test_settings_that_do_not_go_together_are_refused_at_once(told: dict[str, str], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        KafkaSettings(**told)  # type: ignore[arg-type]  # as from the environment


def test_several_brokers_may_be_told_with_spaces_between_them() -> None:
    assert KafkaSettings(bootstrap="one:9092, [::1]:9093,three").bootstrap == "one:9092,[::1]:9093,three"


def test_brokers_that_do_not_answer_are_told_in_words() -> None:
    with pytest.raises(Unavailable, match="the brokers do not answer in time"), outages("read"):
        raise TimeoutError
