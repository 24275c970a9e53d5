"""What a writer or reader is told when a request cannot be taken: which statement, where, which rule, and why."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from starlette.requests import Request

from services.gateway.credentials.door import Door
from services.gateway.domain.credential import Credential
from services.gateway.domain.parameters import BadParameter
from services.gateway.statements.recording import Conflict
from shared.http import Fault, Problem
from shared.xapi.guard import Malformed
from shared.xapi.model import StatementId
from shared.xapi.validation import Invalid, Violation

NAMED_IDS: Final = 20
NOT_FOUND: Final = 404


@contextmanager
def noted(door: Door, request: Request, credential: Credential) -> Iterator[None]:
    """Note for the operator what is refused within; to ask for what is not there is no mistake."""
    try:
        yield
    except Problem as problem:
        if problem.status != NOT_FOUND:
            door.note_refusal(request, credential, problem.status, reason(problem))
        raise


def malformed(error: Malformed) -> Problem:
    """Say that the body is no JSON that is taken here."""
    fault = Fault(error.pointer, error.rule, error.message)
    return Problem(413 if error.rule == "size" else 400, error.message, faults=(fault,))


def invalid(error: Invalid) -> Problem:
    """Say all that is wrong with the statements; pointers into a list start with the statement's index."""
    faults = tuple(Fault(violation.pointer, violation.rule, violation.message) for violation in error.errors)
    first = error.errors[0]
    return Problem(
        400, f"Not a valid statement: {first.pointer or '/'}: {first.message}", title="Invalid statement", faults=faults
    )


def bad_parameter(error: BadParameter) -> Problem:
    """Say which query parameter is wrong."""
    shown = error.name[:60]
    return Problem(400, f"Parameter {shown!r}: {error.message}", faults=(Fault(f"/{shown}", error.rule, error.message),))


def conflict(verdict: Conflict) -> Problem:
    """Say which ids are recorded with other content, and which statements were refused with them."""
    faults = (
        *(Fault(f"/{identifier}", "conflict", "Already recorded with other content") for identifier in verdict.ids[:NAMED_IDS]),
        *(
            Fault(f"/{identifier}", "refused-beside", "Not recorded: a request is accepted or refused as a whole")
            for identifier in verdict.missing[:NAMED_IDS]
        ),
    )
    return Problem(
        409, f"Already recorded with other content: {_names(verdict.ids)}. Nothing of this request was recorded", faults=faults
    )


def _names(ids: tuple[StatementId, ...]) -> str:
    if not ids:
        return "a statement that arrived at the same time"
    more = len(ids) - NAMED_IDS
    return ", ".join(ids[:NAMED_IDS]) + (f" and {more} more" if more > 0 else "")


def reason(problem: Problem) -> str:
    """Name the rules that a refused request broke and where, without what it said: fit for the operator's list."""
    return summary(problem.faults) or problem.title


def summary(faults: Sequence[Fault | Violation]) -> str:
    """Name the first rules that were broken, and where."""
    return ", ".join(f"{fault.rule} at {fault.pointer or '/'}" for fault in faults[:3])
