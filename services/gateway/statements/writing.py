"""PUT and POST statements: guard, admit, append, wait, answer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import nullcontext
from typing import NoReturn, TypeVar

import orjson
from starlette.requests import Request
from starlette.responses import Response

from services.gateway.attachments.incoming import Sizes, read_incoming
from services.gateway.attachments.store import AttachmentStore
from services.gateway.credentials.door import Door
from services.gateway.domain.admission import Admitted, TooMany, Writing, admit, admit_one
from services.gateway.domain.credential import Credential, Scope
from services.gateway.domain.parameters import BadParameter, read_once, read_statement_id
from services.gateway.domain.partial import PARTIAL, admit_partly, read_partial
from services.gateway.metrics import GatewayMetrics, Outcome
from services.gateway.statements import refusals
from services.gateway.statements.partly import answer_partly, record_partly
from services.gateway.statements.recording import Confirmed, Conflict, Recording, Verdict
from shared.aside import LARGE, aside
from shared.clock import Clock
from shared.http import Problem
from shared.media_types import JSON_TYPE
from shared.stream.errors import RecordTooLarge
from shared.xapi import guard
from shared.xapi.model import StatementId
from shared.xapi.validation import Invalid

T = TypeVar("T")


class Writer:
    """The routes that write statements."""

    def __init__(
        self,
        *,
        door: Door,
        recording: Recording,
        attachments: AttachmentStore,
        clock: Clock,
        metrics: GatewayMetrics,
        sizes: Sizes,
        max_statements: int,
    ) -> None:
        self._door = door
        self._recording = recording
        self._attachments = attachments
        self._clock = clock
        self._metrics = metrics
        self._sizes = sizes
        self._limits = guard.Limits(size=sizes.json)
        self._max_statements = max_statements
        self._large = asyncio.Lock()  # threads that compute take turns with the event loop: several would leave it little

    async def post(self, request: Request) -> Response:
        """Take one statement or an array of them; answer with their ids, in order, once they are recorded."""
        credential = await self._door.authorise(request, Scope.STATEMENTS_WRITE)
        try:
            if _is_partial(request):
                return await self._post_partly(request, credential)
            admitted = await self._admit(request, credential, admit)
            await self._record(request, admitted)
        except Problem as problem:
            self._refuse(request, credential, problem)
        return Response(orjson.dumps(admitted.ids), media_type=JSON_TYPE)

    async def put(self, request: Request) -> Response:
        """Take the statement that `statementId` names; answer 204 once it is recorded."""
        credential = await self._door.authorise(request, Scope.STATEMENTS_WRITE)
        try:
            named = _statement_id(request)
            admitted = await self._admit(request, credential, lambda body, writing: admit_one(body, writing, named))
            await self._record(request, admitted)
        except Problem as problem:
            self._refuse(request, credential, problem)
        return Response(status_code=204)

    async def _post_partly(self, request: Request, credential: Credential) -> Response:
        """Take the good statements of a request; answer what became of each."""
        partly = await self._admit(request, credential, admit_partly)
        partly = await record_partly(partly, lambda admitted: self._verdict(request, admitted))
        return answer_partly(request, credential, partly, self._door, self._metrics)

    async def _admit(self, request: Request, credential: Credential, admission: Callable[[bytes, Writing], T]) -> T:
        """Read and admit the body. Raises Problem for whatever is wrong with it."""
        version = self._door.versions.spoken(request, credential)
        incoming = await read_incoming(request, self._sizes, self._door.leniency.parts)
        writing = Writing(version, credential, self._clock(), self._limits, self._max_statements, incoming.enclosed)
        body = self._door.leniency.statements(request, incoming.statements)
        size = len(body) + incoming.octets
        try:
            async with self._large if size >= LARGE else nullcontext():
                return await aside(size, admission, body, writing)
        except guard.Malformed as error:
            raise refusals.malformed(error) from error
        except Invalid as error:
            raise refusals.invalid(error) from error
        except TooMany as error:
            raise Problem(413, str(error)) from error

    async def _record(self, request: Request, admitted: Admitted) -> None:
        """Keep the attachments, append the statements and wait for the verdict. Raises Problem 409, and as `_verdict` does."""
        verdict = await self._verdict(request, admitted)
        if isinstance(verdict, Conflict):
            raise refusals.conflict(verdict)

    async def _verdict(self, request: Request, admitted: Admitted) -> Verdict:
        """Say what became of the statements. Raises Problem 413 where they are too much for the log."""
        if not admitted.ids:
            return Confirmed()
        if admitted.uses:
            await self._attachments.keep(admitted.uses, self._clock())
        try:
            return await self._recording.record(admitted, request.scope["traceparent"])
        except RecordTooLarge as error:
            raise Problem(413, "The request is larger than one record of the log; send fewer statements") from error

    def _refuse(self, request: Request, credential: Credential, problem: Problem) -> NoReturn:
        """Note for the operator that a request is refused, count it, and raise *problem*."""
        self._door.note_refusal(request, credential, problem.status, refusals.reason(problem))
        if problem.status in {400, 413}:
            self._metrics.statements(Outcome.REJECTED)
            for fault in problem.faults:
                self._metrics.invalid(fault.rule)
        raise problem


def _is_partial(request: Request) -> bool:
    """Read POST's one parameter, which is ours and not xAPI's."""
    given = _parameters(request, frozenset({PARTIAL}))
    try:
        return read_partial(given.get(PARTIAL))
    except BadParameter as error:
        raise refusals.bad_parameter(error) from error


def _statement_id(request: Request) -> StatementId:
    """Read PUT's one parameter."""
    named = _parameters(request, frozenset({"statementId"})).get("statementId")
    if named is None:
        raise refusals.bad_parameter(BadParameter("statementId", "missing-parameter", "PUT names the statement it stores"))
    try:
        return read_statement_id(named)
    except BadParameter as error:
        raise refusals.bad_parameter(error) from error


def _parameters(request: Request, known: frozenset[str]) -> dict[str, str]:
    """Refuse parameters that xAPI does not have here, and repeated ones."""
    if not request.scope["query_string"]:
        return {}
    try:
        return read_once(request.query_params.multi_items(), known)
    except BadParameter as error:
        raise refusals.bad_parameter(error) from error
