"""Play through the public doors: each scene is one signed webhook, each of the LMS's statements one request."""

from __future__ import annotations

import asyncio
import heapq
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from http import HTTPStatus
from typing import Final, TypeAlias

import httpx
import orjson

from services.demo import activitystreams, discourse, github, lms, mattermost, openedx, slack
from services.demo.cast import Player, content, load_cast
from services.demo.delivery import Delivery
from services.demo.play import Scene, read_play
from services.demo.stage import Memory, source_of
from services.ingest.domain.source import Platform
from shared.clock import Clock
from shared.errors import Misconfigured

PATIENCE: Final = 20
"""Seconds to wait for an answer."""
TRIES: Final = 5
XAPI: Final = {"x-experience-api-version": "1.0.3", "content-type": "application/json"}


Sending: TypeAlias = Callable[[], Awaitable[httpx.Response]]


Making: TypeAlias = Callable[[Sequence[Scene], Mapping[str, Player], timedelta], Iterator[Delivery]]
"""Return what a platform would send of scenes by a cast, moved by so much."""

STAGED: Final[Mapping[Platform, Making]] = {
    Platform.SLACK: slack.deliveries,
    Platform.DISCOURSE: discourse.deliveries,
    Platform.GITHUB: github.deliveries,
    Platform.MATTERMOST: mattermost.deliveries,
    Platform.ACTIVITYSTREAMS: activitystreams.deliveries,
    Platform.OPENEDX: openedx.deliveries,
}
"""The platforms that are played."""


@dataclass(frozen=True, slots=True)
class Programme:
    """The plays as they are written, by the platform that they are played on."""

    plays: Mapping[Platform, Sequence[Scene]]

    @property
    def scenes(self) -> Sequence[Scene]:
        """Return the scenes of all plays."""
        return [scene for scenes in self.plays.values() for scene in scenes]

    @property
    def length(self) -> timedelta:
        """Return the time from the first Monday to the last scene."""
        return max(scene.at for scene in self.scenes)


def load_programme() -> Programme:
    """Return the plays that come with Symposia."""
    return Programme({platform: read_play(content(f"{platform}.play").decode()) for platform in STAGED})


@dataclass(slots=True)
class Reception:
    """What the doors answered: how many deliveries, what was heard in them, and why some came to nothing."""

    deliveries: int = 0
    heard: int = 0
    posted: int = 0
    ignored: Counter[str] = field(default_factory=Counter)


class Performance:
    """One performance of the plays at the doors at *urls*, remembered as *memory* says."""

    def __init__(self, programme: Programme, memory: Memory, urls: Mapping[str, str], clock: Clock) -> None:
        self._cast = load_cast()
        self._memory = memory
        self._urls = urls
        self._clock = clock
        self._scenes = list(self._ordered(programme))
        self._statements = list(lms.statements(self._cast, memory.moved))

    @property
    def length(self) -> int:
        """Return how many requests it takes."""
        return len(self._scenes) + len(self._statements)

    async def play(self, tell: Callable[[int, int], None]) -> Reception:
        """Send everything, in the order in which it happened. Raises Misconfigured where a door does not take it."""
        reception = Reception()
        async with httpx.AsyncClient(timeout=PATIENCE) as client:
            for number, statement in enumerate(self._statements, start=1):
                await self._post(client, orjson.dumps(statement))
                reception.posted += 1
                tell(number, self.length)
            for number, (source, delivery) in enumerate(self._scenes, start=1 + len(self._statements)):
                _count(reception, await self._deliver(client, source, delivery))
                tell(number, self.length)
        return reception

    def _ordered(self, programme: Programme) -> Iterator[tuple[str, Delivery]]:
        """Return the deliveries of all platforms in the order of their times, each with its door."""
        plays = (self._sent(platform, scenes) for platform, scenes in programme.plays.items())
        return heapq.merge(*plays, key=lambda sent: sent[1].at)

    def _sent(self, platform: Platform, scenes: Sequence[Scene]) -> Iterator[tuple[str, Delivery]]:
        door = f"{platform}/{source_of(platform)}"
        return ((door, each) for each in STAGED[platform](scenes, self._cast, self._memory.moved))

    async def _deliver(self, client: httpx.AsyncClient, door: str, delivery: Delivery) -> httpx.Response:
        url = f"{self._urls['ingest']}/hooks/{door}"
        secret = self._memory.secrets[door.partition("/")[2]].encode()
        return await _insist(
            lambda: client.post(url, content=delivery.body, headers=dict(delivery.signed(secret, self._clock()))), url
        )

    async def _post(self, client: httpx.AsyncClient, body: bytes) -> None:
        url = f"{self._urls['gateway']}/xapi/statements"
        await _insist(lambda: client.post(url, content=body, headers=XAPI, auth=self._memory.keys["lms"]), url)


async def _insist(send: Sending, url: str) -> httpx.Response:
    """Send until it is taken: 503 is tried again after the time that it names, as a platform would."""
    for attempt in range(1, TRIES + 1):
        try:
            answer = await send()
        except httpx.TransportError as error:
            raise Misconfigured(f"Nobody answers at {url}: {error or type(error).__name__}") from error
        if answer.is_success:
            return answer
        if answer.status_code != HTTPStatus.SERVICE_UNAVAILABLE or attempt == TRIES:
            raise Misconfigured(f"{url} answers {answer.status_code}: {answer.text[:300]}")
        await asyncio.sleep(float(answer.headers.get("retry-after", "1")))
    raise AssertionError("TRIES is at least 1")


def _count(reception: Reception, answer: httpx.Response) -> None:
    """Count what the door for webhooks says that came of a delivery."""
    came = answer.json()
    reception.deliveries += 1
    reception.heard += came["heard"]
    reception.ignored.update(came["ignored"])
