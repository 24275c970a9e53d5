"""The ceiling of a webhook: a bare ASGI application that checks the HMAC over the body and appends the body to Kafka.

    python -m benchmarks.bare_webhook PORT BOOTSTRAP

On the same uvicorn, event loop and HTTP parser as ours, by the same client library with acks=all and idempotence, into a topic of
as many partitions. It reads nothing, remembers nothing, and answers 200 once the brokers have the body.
"""

from __future__ import annotations

import argparse
import hashlib
import hmac
from typing import Any, Final

import uvicorn
import uvloop

from benchmarks.spikes.aiokafka_clients import producing
from benchmarks.webhook_load import SECRET
from shared.contracts import RECEIVED
from shared.contracts.topics import Topic
from shared.stream.kafka.access import Access
from shared.stream.kafka.topics import ensure
from shared.stream.settings import KafkaSettings

TOPIC: Final = Topic("bare-webhook", partitions=RECEIVED.partitions)


class Bare:
    """The application."""

    def __init__(self, producer: Any) -> None:
        self._producer = producer

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer a POST once its body is in the log; 401 where it is not signed."""
        body, more = b"", scope["type"] == "http"
        while more:
            message = await receive()
            body += message["body"]
            more = message.get("more_body", False)
        headers = dict(scope["headers"])
        signed = b"v0:" + headers.get(b"x-slack-request-timestamp", b"") + b":" + body
        expected = "v0=" + hmac.new(SECRET, signed, hashlib.sha256).hexdigest()
        status = 200
        if hmac.compare_digest(expected.encode(), headers.get(b"x-slack-signature", b"")):
            await self._producer.send_and_wait(TOPIC.name, body)
        else:
            status = 401
        answered = [(b"content-type", b"application/json"), (b"content-length", b"2")]
        await send({"type": "http.response.start", "status": status, "headers": answered})
        await send({"type": "http.response.body", "body": b"{}"})


async def serve(port: int, bootstrap: str) -> None:
    """Serve until the process is told to end."""
    await ensure(Access(KafkaSettings(bootstrap=bootstrap)), [TOPIC])
    async with producing(bootstrap) as producer:
        config = uvicorn.Config(
            Bare(producer), port=port, loop="uvloop", http="httptools", lifespan="off", access_log=False, log_level="warning"
        )
        await uvicorn.Server(config).serve()


def main() -> None:
    """Serve."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("port", type=int)
    parser.add_argument("bootstrap")
    told = parser.parse_args()
    uvloop.run(serve(told.port, told.bootstrap))


if __name__ == "__main__":
    main()
