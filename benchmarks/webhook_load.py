"""Deliver signed webhooks over some connections as fast as they are answered; a process of its own.

    python -m benchmarks.webhook_load URL [--connections 16] [--seconds 10]

Slack messages of 2 KB that were never sent before: of three, one begins a thread and two reply in one that began a while ago.
Prints what `benchmarks.load` prints.
"""

from __future__ import annotations

import argparse
import hashlib
import hmac
from collections.abc import Iterator
from functools import cache
from typing import Any, Final
from urllib.parse import urlsplit

import orjson
import uvloop

from benchmarks.load import Call, run
from shared.clock import utc_now

SECRET: Final = b"benchmark-signing-secret"
SIZE: Final = 2048
THREAD: Final = 3
AGO: Final = 100
"""How many threads ago the one began in which is replied: people take more than milliseconds to answer."""
SAID: Final = "How do I restart the broker without losing what is under way? "


def bodies() -> Iterator[bytes]:
    """Yield the bodies of deliveries for ever."""
    first = root = int(utc_now().timestamp() * 1_000_000)
    while True:
        replied_to = max(first, root - AGO * THREAD)
        for place in range(THREAD):
            yield _body(_written(root + place), _written(replied_to) if place else None)
        root += THREAD


def _written(number: int) -> str:
    return f"{number // 1_000_000}.{number % 1_000_000:06}"


def _body(ts: str, thread: str | None) -> bytes:
    """Return a message as Slack's Events API delivers it, filled up to its size."""
    event: dict[str, Any] = {"type": "message", "user": f"U{ts[-3:]}", "ts": ts, "channel": "C1", "event_ts": ts, "team": "T1"}
    event |= {"channel_type": "channel", "client_msg_id": f"id-{ts}", "text": ""}
    if thread:
        event |= {"thread_ts": thread, "parent_user_id": f"U{thread[-3:]}"}
    envelope = {
        "token": "t",
        "team_id": "T1",
        "api_app_id": "A1",
        "event": event,
        "type": "event_callback",
        "event_id": f"Ev{ts}",
        "event_time": int(ts.partition(".")[0]),
        "authorizations": [{"enterprise_id": None, "team_id": "T1", "user_id": "UBOT", "is_bot": True}],
        "is_ext_shared_channel": False,
        "event_context": "4-abc",
    }
    missing = SIZE - len(orjson.dumps(envelope))
    event["text"] = (SAID * (missing // len(SAID) + 1))[:missing]
    return orjson.dumps(envelope)


@cache
def _head(url: str) -> bytes:
    address = urlsplit(url)
    return f"POST {address.path} HTTP/1.1\r\nHost: {address.netloc}\r\nContent-Type: application/json\r\n".encode()


def deliveries(url: str) -> Iterator[Call]:
    """Yield signed deliveries for ever."""
    for body in bodies():
        timestamp = str(int(utc_now().timestamp())).encode()
        signature = hmac.new(SECRET, b"v0:" + timestamp + b":" + body, hashlib.sha256).hexdigest().encode()
        signed = b"X-Slack-Request-Timestamp: %b\r\nX-Slack-Signature: v0=%b\r\n" % (timestamp, signature)
        yield Call(_head(url) + signed + b"Content-Length: %d\r\n\r\n" % len(body) + body)


def main() -> None:
    """Deliver, and print `begin`, `end` and what was seen."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url")
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--seconds", type=float, default=10.0)
    told = parser.parse_args()
    print(orjson.dumps(uvloop.run(run(told.url, deliveries(told.url), told.connections, told.seconds))).decode(), flush=True)


if __name__ == "__main__":
    main()
