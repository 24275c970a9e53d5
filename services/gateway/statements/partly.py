"""Record the good statements of a request, and answer what became of each."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final, TypeAlias

from starlette.requests import Request
from starlette.responses import Response

from services.gateway.credentials.door import Door
from services.gateway.domain.admission import Admitted
from services.gateway.domain.credential import Credential
from services.gateway.domain.partial import Partly, without
from services.gateway.metrics import GatewayMetrics, Outcome
from services.gateway.statements import refusals
from services.gateway.statements.recording import Conflict, Verdict
from shared.media_types import JSON_TYPE

OK: Final = 200
MULTI_STATUS: Final = 207
ATTEMPTS: Final = 4
"""The recorder takes a request whole, so each attempt goes without what conflicted in the one before."""

Record: TypeAlias = Callable[[Admitted], Awaitable[Verdict]]


async def record_partly(partly: Partly, record: Record) -> Partly:
    """Record what was admitted, without what is recorded with other content.

    Raises Problem 409 where nothing remains, or others write the same ids at the same time again and again.
    """
    conflict = Conflict((), ())
    for _ in range(ATTEMPTS):
        if not partly.admitted.ids:
            return partly
        verdict = await record(partly.admitted)
        if not isinstance(verdict, Conflict):
            return partly
        conflict, conflicts = verdict, frozenset(verdict.ids)
        if conflicts.issuperset(partly.admitted.ids):
            break
        partly = without(partly, conflicts)
    raise refusals.conflict(conflict)


def answer_partly(request: Request, credential: Credential, partly: Partly, door: Door, metrics: GatewayMetrics) -> Response:
    """Answer with each statement's id or what is wrong with it: 200 where all are recorded, else 207; count and note the bad."""
    if not partly.refused:
        return Response(partly.answer(), OK, media_type=JSON_TYPE)
    for violation in partly.refused:
        metrics.invalid(violation.rule)
    metrics.statements(Outcome.REJECTED, partly.count - len(partly.places))
    door.note_refusal(request, credential, MULTI_STATUS, refusals.summary(partly.refused))
    return Response(partly.answer(), MULTI_STATUS, media_type=JSON_TYPE)
