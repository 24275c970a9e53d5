"""Read another LRS over xAPI, page after page as `more` leads, and as slowly as it asks for."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Final, TypeAlias, TypeVar
from urllib.parse import urlencode, urljoin, urlsplit

import msgspec
import orjson

from services.gateway.attachments.incoming import read_multipart
from services.gateway.attachments.multipart import BadMultipart
from services.gateway.domain.column_map import agent_of
from services.gateway.domain.enclosed import Sha2
from services.gateway.domain.selection import Selection
from services.gateway.forwarding.answers import Answer, TargetAway, TargetForbidden, single_statement, wait_of
from services.gateway.forwarding.lrs import Lrs, open_lrs
from services.gateway.forwarding.target import Authentication, NewTarget, Target, TargetName
from services.gateway.moving.lot import Lot, Moved, Wanted
from shared.clock import Clock, rfc3339
from shared.errors import SymposiaError
from shared.xapi.model import VOIDED, Version

SECONDS: Final = 60.0
"""Seconds that one page may take."""
PAGE_BYTES: Final = 64 * 1024 * 1024
"""Bytes of the largest page that is read."""
TRIES: Final = 8
PAUSE, LONGEST_PAUSE = 1.0, 60.0
"""Seconds before the second try of a page, doubled with each further one, unless the LRS says how long."""

END: Final = "-"
"""The place after the last page."""

T = TypeVar("T")
Sleep: TypeAlias = Callable[[float], Awaitable[None]]
Waiting: TypeAlias = Callable[[str, float], None]
"""Hears why the LRS is waited for, and for how many seconds."""


def _silently(reason: str, seconds: float) -> None:
    del reason, seconds


class NoLrs(SymposiaError):
    """The other LRS does not answer, or not as an LRS does; the message says how."""


class _Page(msgspec.Struct):
    """A StatementResult (1.0.3 Data §2.5)."""

    statements: list[msgspec.Raw]
    more: str = ""


class _Verb(msgspec.Struct, frozen=True):
    id: str = ""


class _Object(msgspec.Struct, frozen=True):
    id: str = ""


class _Voiding(msgspec.Struct):
    """The members of a statement that say whether it voids another, and which."""

    verb: _Verb = _Verb()
    object: _Object = _Object()


class OtherLrs:
    """The statements of another LRS, the oldest first, with their attachments where it has them. Raises NoLrs."""

    def __init__(
        self,
        lrs: Lrs,
        endpoint: str,
        clock: Clock,
        *,
        limit: int = 0,
        attachments: bool = True,
        waiting: Waiting = _silently,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self._lrs = lrs
        self._endpoint = endpoint.rstrip("/")
        self._clock = clock
        self._limit = limit
        self._attached = "true" if attachments else None
        self._waiting = waiting
        self._sleep = sleep

    async def lots(self, wanted: Wanted, place: str) -> AsyncIterator[Lot]:
        """Yield the pages of what is *wanted*; *place* is the address of a page that `more` named, or "" for the first.

        No LRS lists voided statements. Where it lists a voiding one, it is asked for the voided statement, which is put before.
        """
        address = place or self._address(self._parameters(wanted))
        done = 0
        while address != END:
            body, octets = _read(await self._answer(self._own(address)))
            page: _Page = _decoded(body, _Page)
            statements = await self._with_voided([bytes(each) for each in page.statements], octets)
            done += len(statements)
            address = page.more or END
            yield Lot(tuple(statements), address, done, None, octets)

    async def attachments(self, lot: Lot) -> AsyncIterator[tuple[Sha2, bytes]]:
        """Yield the octets that came with the page."""
        for sha2, content in sorted(lot.octets.items()):
            yield sha2, content

    async def _with_voided(self, bodies: Sequence[bytes], octets: dict[Sha2, bytes]) -> list[Moved]:
        """Put before each voiding statement the one that it voids, if the LRS has it, and add its octets to *octets*."""
        found: list[Moved] = []
        for body in bodies:
            told: _Voiding = _decoded(body, _Voiding)
            if told.verb.id == VOIDED and told.object.id:
                asked = {"voidedStatementId": told.object.id, "attachments": self._attached}
                answer = await self._answer(self._address({name: value for name, value in asked.items() if value}))
                if answer.status == HTTPStatus.OK:
                    body_of_voided, its = _read(answer)
                    if (voided := single_statement(body_of_voided)) is not None:
                        found.append(Moved(voided, voided=True))
                        octets.update(its)
            found.append(Moved(body))
        return found

    def _address(self, parameters: Mapping[str, str]) -> str:
        return f"{self._endpoint}/statements?{urlencode(parameters)}"

    def _parameters(self, wanted: Wanted) -> dict[str, str]:
        given: dict[str, str | None] = {
            "ascending": "true",
            "attachments": self._attached,
            "limit": str(self._limit) if self._limit else None,
            "since": None if wanted.since is None else rfc3339(wanted.since),
            "until": None if wanted.until is None else rfc3339(wanted.until),
            "agent": None if wanted.agent is None else orjson.dumps(agent_of(wanted.agent)).decode(),
            "verb": wanted.verb,
            "activity": wanted.activity,
        }
        return {name: value for name, value in given.items() if value}

    def _own(self, address: str) -> str:
        """Resolve the address in `more`. Raises NoLrs where it leads to another host.

        It should hold the full path (1.0.3 Data §2.5), but some LRSs begin at their endpoint, and clients such as TinCanJS cope.
        """
        url = urljoin(f"{self._endpoint}/", address.removeprefix("/") if address.startswith("/statements") else address)
        if urlsplit(url)[:2] != urlsplit(self._endpoint)[:2]:
            raise NoLrs(f"{self._endpoint}: `more` leads to {urlsplit(url).netloc[:200]}, which our key is not for")
        return url

    async def _answer(self, url: str) -> Answer:
        """Get one page, trying again while the LRS is away. Raises NoLrs after TRIES, or where trying again cannot help."""
        reason = ""
        for attempt in range(TRIES):
            try:
                answer = await self._lrs.read(url, PAGE_BYTES)
            except TargetForbidden as forbidden:
                raise NoLrs(f"{self._endpoint}: {forbidden.reason}; --private allows it") from forbidden
            except TargetAway as away:
                reason, wait = away.reason, away.retry_after
            else:
                if answer.status in {HTTPStatus.OK, HTTPStatus.NOT_FOUND}:
                    return answer
                reason, wait = answer.said, wait_of(answer, self._clock())
                if answer.status < HTTPStatus.INTERNAL_SERVER_ERROR and answer.status != HTTPStatus.TOO_MANY_REQUESTS:
                    break
            if attempt < TRIES - 1:
                seconds = max(wait, min(PAUSE * 2**attempt, LONGEST_PAUSE))
                self._waiting(reason, seconds)
                await self._sleep(seconds)
        raise NoLrs(f"{self._endpoint} gives no statements: {reason}")


@asynccontextmanager
async def open_other_lrs(
    endpoint: str,
    authentication: Authentication,
    version: Version,
    clock: Clock,
    *,
    private: bool,
    limit: int,
    attachments: bool,
    waiting: Waiting = _silently,
) -> AsyncIterator[OtherLrs]:
    """Open another LRS as a forwarding target is opened: over TLS and at a public address, unless *private*. Raises BadTarget."""
    new = NewTarget(TargetName("other"), endpoint.rstrip("/"), version, authentication, Selection(), private)
    target = Target(new.name, new.endpoint, new.version, private, new.selection, cursor=0, failures=0, sealed=b"")
    async with open_lrs(target, authentication, clock, SECONDS) as lrs:
        yield OtherLrs(lrs, new.endpoint, clock, limit=limit, attachments=attachments, waiting=waiting)


def _read(answer: Answer) -> tuple[bytes, dict[Sha2, bytes]]:
    """Return the JSON that an LRS answered with, and the octets that follow it. Raises NoLrs."""
    if answer.status != HTTPStatus.OK:
        raise NoLrs(f"There are no statements: {answer.said}: is this the address before /statements?")
    if len(answer.body) >= PAGE_BYTES:
        raise NoLrs(f"A page has more than {PAGE_BYTES} bytes: ask for smaller ones with --page")
    if not answer.content_type.lower().startswith("multipart/"):
        return answer.body, {}
    try:
        incoming = read_multipart(answer.body, answer.content_type)
    except BadMultipart as error:
        raise NoLrs(f"A page cannot be read: {error}") from error
    return incoming.statements, {sha2: part.content for sha2, part in incoming.enclosed.items()}


def _decoded(body: bytes, kind: type[T]) -> T:
    """Read JSON. Raises NoLrs."""
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.DecodeError as error:
        raise NoLrs(f"A page cannot be read: {error}: is this the address before /statements?") from error
