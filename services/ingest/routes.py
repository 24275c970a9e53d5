"""The door for webhooks: `/hooks/{platform}/{source}`, and below it where a platform appends a path of its own.

The signature is checked over the raw bytes before they are parsed. 2xx says that what was delivered is durable or is not ours;
401 that it is not signed by the platform, or too old; 400 that it is nothing that we can parse; 503 that it should be sent again.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from functools import lru_cache
from typing import Final, NoReturn

import orjson
import structlog
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from services.ingest.asking.backlog import Backlog
from services.ingest.book import PATIENCE, SourceBook
from services.ingest.connectors.connector import Hook
from services.ingest.connectors.fields import Incomplete
from services.ingest.connectors.registry import HOOKS
from services.ingest.domain.reading import Delivery, Reading, Reason, ignored
from services.ingest.domain.source import Platform, Source, SourceId
from services.ingest.handshakes import Reply
from services.ingest.hearing import Hearing, Taken
from services.ingest.metrics import IngestMetrics, Outcome, Refusal
from services.ingest.remembered import Remembered, fingerprint_of
from services.ingest.settings import DoorSettings
from services.ingest.verifiers import Message, Verdict
from shared.clock import Clock
from shared.deadlines import Deadlines
from shared.errors import Unavailable
from shared.http import Fault, Problem, read_body
from shared.xapi.guard import Limits, Malformed
from shared.xapi.model import JSON

log = structlog.get_logger()

UNKNOWN: Final = "unknown"
LATER: Final = {"Retry-After": "600"}
BY_NAME: Final = {str(platform): (platform, hook) for platform, hook in HOOKS.items()}
REFUSALS: Final = {Verdict.FORGED: Refusal.FORGED, Verdict.STALE: Refusal.STALE, Verdict.UNSIGNED: Refusal.UNSIGNED}
WHY: Final = {
    Verdict.FORGED: "The signature does not match the body",
    Verdict.STALE: "The delivery was signed too long ago, or in the future: check both clocks",
    Verdict.UNSIGNED: "The delivery is not signed",
}


class Door:
    """Take deliveries of every platform that has a connector."""

    def __init__(
        self,
        *,
        book: SourceBook,
        hearing: Hearing,
        backlog: Backlog,
        clock: Clock,
        metrics: IngestMetrics,
        settings: DoorSettings,
        base_url: str,
    ) -> None:
        self._book = book
        self._hearing = hearing
        self._backlog = backlog
        self._clock = clock
        self._metrics = metrics
        self._settings = settings
        self._deadlines, self._glances = Deadlines(settings.deadline), Deadlines(PATIENCE)
        self._base_url = base_url.rstrip("/")
        limits = Limits(size=settings.max_body_bytes, depth=settings.max_depth, nodes=settings.max_values)
        self._limits = {name: replace(limits, size=max(limits.size, hook.most_bytes)) for name, hook in HOOKS.items()}
        self._remembered = Remembered(settings.remembered)

    def routes(self) -> list[Route]:
        """Return the route of every webhook."""
        paths = ("/hooks/{platform}/{source}", "/hooks/{platform}/{source}/{rest:path}")
        return [Route(path, self.deliver, methods=["GET", "POST", "PUT"]) for path in paths]

    async def deliver(self, request: Request) -> Response:
        """Verify, read and take one delivery, or refuse it."""
        found = BY_NAME.get(request.path_params["platform"])
        if found is None:
            self._refuse(UNKNOWN, Refusal.UNKNOWN_SOURCE, Problem(404, "There is no such platform"))
        platform, hook = found
        await self._refuse_unknown(platform, request.path_params["source"])
        try:
            body = await read_body(request, self._limits[platform].size)
        except Problem as problem:
            problem.headers.update(hook.refusal_headers)
            self._refuse(platform, Refusal.BODY, problem, self._known(request))
        try:
            with self._deadlines.one():
                return await self._take(platform, hook, request, body)
        except TimeoutError as error:
            self._metrics.refused(platform, Refusal.UNAVAILABLE, self._known(request))
            raise Unavailable("ingest", f"nothing was durable within {self._settings.deadline:g} s") from error
        except Unavailable:
            self._metrics.refused(platform, Refusal.UNAVAILABLE, self._known(request))
            raise

    async def _refuse_unknown(self, platform: Platform, name: str) -> None:
        """Refuse a delivery to no source before its body is read. Raises Problem 404.

        Where PostgreSQL cannot say so at once, the delivery is let in, and its source is looked up again with its body at hand.
        """
        if self._book.known(platform, name) is None:
            with suppress(Unavailable, TimeoutError), self._glances.one():
                await self._find(platform, name)

    async def _find(self, platform: Platform, name: str) -> Source:
        """Return the source called *name*. Raises Problem 404 where there is none, Unavailable where nobody can say."""
        source = await self._book.find(platform, name)
        if source is None:
            self._refuse(platform, Refusal.UNKNOWN_SOURCE, Problem(404, "There is no such source"))
        return source

    async def _take(self, platform: Platform, hook: Hook, request: Request, body: bytes) -> Response:
        message = self._message(request, body)
        source = await self._addressee(platform, hook, request.path_params["source"], message)
        if reply := self._shake(hook, source, message, signed=False):
            return reply
        if message.method not in hook.methods:
            allowed = ", ".join(sorted(hook.methods))
            raise Problem(405, f"Deliveries have to be made with {allowed}", headers={"Allow": allowed})
        self._verify(hook, source, message)
        if reply := self._shake(hook, source, message, signed=True):
            return reply
        document = self._parse(platform, hook, message, source.id)
        fingerprint = fingerprint_of(source.id, message.headers, hook.fingerprint, body)
        if fingerprint in self._remembered:
            self._metrics.delivered(source, Outcome.REPEATED)
            return _answer(Taken())

        reading = _read(hook, source, Delivery(message.headers, document))
        if hook.open and reading.lookups:
            self._admit(source, len(reading.lookups))
        taken = await self._hearing.take(source, reading)
        if reading.closed:
            self._book.close(source.id, reading.closed)
        if hook.once and (taken.heard or taken.lookups):
            self._remembered.add(fingerprint)
        self._note(source, taken)
        return _answer(taken)

    def _message(self, request: Request, body: bytes) -> Message:
        """Return the request as the platform sent it: its address is the public one, however it was forwarded to us."""
        path = request.scope.get("raw_path") or request.url.path.encode()
        query = request.scope.get("query_string", b"")
        url = self._base_url + (path.partition(b"?")[0] + (b"?" + query if query else b"")).decode("latin-1")
        return Message(_headers(request), body, url, request.method)

    def _shake(self, hook: Hook, source: Source, message: Message, *, signed: bool) -> Response | None:
        """Answer what the platform asks before it delivers, if it asks; *signed* says whether its signature was checked."""
        handshake = hook.handshake
        if handshake is None or handshake.signed is not signed:
            return None
        reply = handshake(message, source.secrets)
        if reply is not None:
            self._metrics.delivered(source, Outcome.IGNORED)
            self._metrics.ignored(source, Reason.HANDSHAKE)
        return _replied(reply) if reply else None

    async def _addressee(self, platform: Platform, hook: Hook, name: str, message: Message) -> Source:
        """Return the source that *message* is for, with secrets to verify it by.

        Raises as `_find` does; but where nobody can say whether the source exists, a body that cannot be parsed is still refused.
        """
        try:
            source = await self._find(platform, name)
        except Unavailable:
            if message.method in hook.methods:
                self._parse(platform, hook, message)
            raise
        if not source.secrets:
            raise Unavailable("ingest", "the secrets of this source cannot be opened", retry_after=60)
        return source

    def _verify(self, hook: Hook, source: Source, message: Message) -> None:
        verdict = hook.verify(message, source.secrets, self._clock())
        if verdict is not Verdict.GENUINE:
            log.warning("a delivery was refused", source=source.id, verdict=verdict)
            problem = Problem(401, WHY[verdict], headers=dict(hook.refusal_headers))
            self._refuse(source.platform, REFUSALS[verdict], problem, source.id)

    def _admit(self, source: Source, named: int) -> None:
        """Let strangers name no more than can be asked for before long: whoever means it comes again. Raises Problem 429."""
        if self._backlog.is_full(source.id):
            problem = Problem(429, "Too many lookups are waiting already; try again later", headers=LATER)
            self._refuse(source.platform, Refusal.CROWDED, problem, source.id)
        self._backlog.take(source.id, named)

    def _parse(self, platform: Platform, hook: Hook, message: Message, source: SourceId | None = None) -> JSON:
        try:
            return hook.parse(message, self._limits[platform])
        except Malformed as error:
            faults = (Fault(error.pointer, error.rule, error.message),)
            problem = Problem(400, error.message, faults=faults, headers=dict(hook.refusal_headers))
            self._refuse(platform, Refusal.MALFORMED, problem, source)

    def _known(self, request: Request) -> SourceId | None:
        """Name the source whose door *request* came to, if it is known that there is one."""
        return self._book.known(request.path_params["platform"], request.path_params["source"])

    def _refuse(self, platform: str, reason: Refusal, problem: Problem, source: SourceId | None = None) -> NoReturn:
        self._metrics.refused(platform, reason, source)
        raise problem

    def _note(self, source: Source, taken: Taken) -> None:
        outcome = Outcome.TAKEN if taken.heard or taken.lookups else Outcome.IGNORED
        self._metrics.delivered(source, outcome)
        if Reason.RATE_LIMITED in taken.ignored:
            log.warning("the platform holds deliveries back: too many in one hour", source=source.id)


def _headers(request: Request) -> dict[str, str]:
    """Return the headers of *request* by their names, which come in lower case; of a repeated one the first counts."""
    pairs = request.scope["headers"]
    return {str(name, "latin-1"): str(value, "latin-1") for name, value in reversed(pairs)}


def _read(hook: Hook, source: Source, delivery: Delivery) -> Reading:
    try:
        return hook.read(source, delivery)
    except Incomplete as error:
        log.info("a delivery lacks what its statement needs", source=source.id, field=str(error))
        return ignored(Reason.INCOMPLETE)


def _replied(reply: Reply) -> Response:
    """Write a handshake's answer, so that no browser takes it for a page."""
    return Response(reply.body, media_type=reply.media_type, headers={"X-Content-Type-Options": "nosniff"})


@lru_cache(maxsize=256)
def _answer(taken: Taken) -> Response:
    """Say what came of a delivery: platforms do not read it, `symposia source test` does. Few things do come of one."""
    document = {"heard": taken.heard, "lookups": taken.lookups, "ignored": taken.ignored}
    return Response(orjson.dumps(document), media_type="application/json")
