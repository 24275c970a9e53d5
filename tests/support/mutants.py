"""Signed mutants of real shapes, played to the real door in memory."""

from __future__ import annotations

import copy
import random
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from prometheus_client import CollectorRegistry
from starlette.types import Message, Scope

from services.ingest.asking.backlog import Backlog
from services.ingest.book import SourceBook
from services.ingest.domain.interaction import ChannelId
from services.ingest.domain.source import Source, SourceId
from services.ingest.routes import Door
from services.ingest.settings import DoorSettings
from shared.contracts import HEARD, NOTICED, RECEIVED
from shared.http import create_app
from tests.support.activitystreams import TOWN
from tests.support.bigbluebutton import bigbluebutton_conversation, several
from tests.support.caliper import caliper_deliveries
from tests.support.confluence import cloud_deliveries
from tests.support.ingest import NOW, Ear, Sent
from tests.support.platforms import CLAIMS, CONVERSATIONS, SOURCES
from tests.support.signing import SHOWN, sign
from tests.support.slack import slack, slack_message
from tests.support.zoom import said

GARBLED = 0.1
"""How many mutants are changed byte by byte, too."""
JOINED = {"type": "member_joined_channel", "user": "U1", "channel": "C1", "channel_type": "C", "event_ts": "1772453000.000100"}
RICH = slack_message(
    "U1", "1772453000.000100", "",
    blocks=[{"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": [{"type": "text", "text": "How?"}]}]}],
    attachments=[{"is_share": True, "channel_id": "C2", "ts": "1772452000.000100", "author_id": "U2"}],
)  # fmt: skip
BESIDE = {
    "slack": [slack(JOINED), slack({**JOINED, "type": "member_left_channel"}), slack(RICH)],
    "canvas": caliper_deliveries(),
    "confluence": cloud_deliveries(),
    "zoom": [said("16778240", "C-1", "12:06:00", "How do I restart it?")],
    "bigbluebutton": [several(bigbluebutton_conversation())] * 6,
}
"""What a platform delivers besides its conversation."""
SCRIPTS = {name: [*script, *BESIDE.get(name, ())] for name, script in (CONVERSATIONS | CLAIMS).items()}
VALUES: tuple[Any, ...] = (
    None, True, False, 0, 1, -1, 2**63, -(2**80), 1.5, 1e300, "", " ", "a", "1", "0", "-1", "٣", "\u0000", "é\U0001f44d",
    "x" * 5000, "1772452800.000100", "99999999999.999999", "2026-03-02T12:00:00Z", "9999-12-31T23:59:59.999-14:00",
    "0001-01-01T00:00:00+14:00", [], [None], {}, {"id": 1}, [[[]]], "private_message", "im", "message_changed", "tombstone",
    "white_check_mark", "C1", "D1",
)  # fmt: skip


@dataclass
class Played:
    """What came of mutants: answers by status, how many were *taken*, and the first that was answered unlike it should.

    What was taken and could not be told is wrong, too.
    """

    statuses: Counter[int] = field(default_factory=Counter)
    taken: int = 0
    wrong: bytes | None = None


async def play(script: list[Sent], mutants: int, seed: int) -> Played:
    """Play so many signed *mutants* of a platform's deliveries to the door."""
    chance, ear, played = random.Random(seed), Ear(), Played()  # noqa: S311  seeded, keeps no secret
    app, ear.sources = door(ear), SOURCES
    await ear.log.ensure((HEARD, NOTICED, RECEIVED))
    for _ in range(mutants):
        sent = chance.choice(script)
        body = sent.write(mutated(sent.document, chance))
        body = garbled(body, chance) if chance.random() < GARBLED else body
        headers = {**sent.headers, **sign(sent.source.platform, body, sent.source.secrets[0], NOW)}
        status = await status_of(app, f"/hooks/{sent.source.platform}/{sent.source.id}", headers, body)
        played.statuses[status] += 1
        if status not in expected_of(sent.source, body) and played.wrong is None:
            played.wrong = body
        await ear.tell()
    if ear.rejected and played.wrong is None:
        played.wrong = ear.rejected[0].reason.encode() + b": " + ear.rejected[0].record.value
    played.taken = round(taken(ear, script[0].source))
    return played


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the path of everything inside *value*."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield (*path, key)
        yield from places(inner, (*path, key))


def mutated(document: Any, chance: random.Random) -> Any:
    """Change, drop or move a few things in a copy of *document*."""
    mutant = copy.deepcopy(document)
    for _ in range(chance.choice((1, 1, 1, 2, 3))):
        paths = list(places(mutant))
        if not paths:
            break
        *way, last = chance.choice(paths)
        parent: Any = mutant
        for key in way:
            parent = parent[key]
        match chance.randrange(4):
            case 0 if isinstance(parent, dict):
                del parent[last]
            case 1:
                other: Any = mutant
                for key in chance.choice(paths):
                    other = other[key] if isinstance(other, list | dict) and _has(other, key) else other
                parent[last] = copy.deepcopy(other)
            case _:
                parent[last] = copy.deepcopy(chance.choice(VALUES))
    return mutant


def _has(value: Any, key: Any) -> bool:
    return key in value if isinstance(value, dict) else isinstance(key, int) and key < len(value)


def garbled(body: bytes, chance: random.Random) -> bytes:
    """Flip, cut or double a few bytes."""
    at = chance.randrange(max(len(body), 1))
    return chance.choice((body[:at], body[:at] + bytes([chance.randrange(256)]) + body[at + 1 :], body[:at] * 2))


def is_text(body: bytes) -> bool:
    """Say whether *body* is UTF-8."""
    return body.decode(errors="replace").encode() == body


async def status_of(app: Any, path: str, headers: Mapping[str, str], body: bytes) -> int:
    """Post *body* to *app* without a socket, and return the status."""
    raw = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
    scope: Scope = {
        "type": "http",
        "http_version": "1.1",
        "method": "POST",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": raw,
        "scheme": "http",
        "server": ("ingest", 80),
        "client": ("platform", 1),
    }
    statuses: list[int] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            statuses.append(message["status"])

    await app(scope, receive, send)
    return statuses[0]


def taken(ear: Ear, source: Source) -> float:
    """Return how many deliveries of *source* gave a statement, or said something else that was heard."""
    labels = {"platform": source.platform, "source": source.id, "outcome": "taken"}
    return ear.registry.get_sample_value("symposia_ingest_deliveries_total", labels) or 0.0


async def ready() -> None:
    """Be ready."""


class ForgetfulBook(SourceBook):
    """A book in which no channel is closed: one mutant that says so would silence all after it."""

    def close(self, name: SourceId, channels: Iterable[ChannelId]) -> None:
        """Forget it."""


def door(ear: Ear) -> Any:
    async def load() -> Mapping[SourceId, Source]:
        return SOURCES

    def clock() -> datetime:
        return NOW

    book = ForgetfulBook(load, clock, 1e6)
    settings = DoorSettings(remembered=0)
    doors = Door(
        book=book,
        hearing=ear.hearing,
        backlog=Backlog(1_000_000),
        clock=clock,
        metrics=ear.metrics,
        settings=settings,
        base_url="https://a.example",
    )
    return create_app(service="ingest", registry=CollectorRegistry(), ready=ready, routes=doors.routes())


def expected_of(source: Source, body: bytes) -> tuple[int, ...]:
    """Return how *body*, signed, may be answered: a token within it may be broken, and Standard Webhooks sign text."""
    if source.platform in SHOWN:
        return (200, 400, 401)
    return (200, 400) if source is not TOWN or is_text(body) else (401,)
