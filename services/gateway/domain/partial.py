"""Admit the good statements of a request and tell what is wrong with the others: `POST /xapi/statements?partial=true`."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import msgspec
import orjson

from services.gateway.domain.admission import Admitted, Writing, admit
from services.gateway.domain.enclosed import Enclosed, Sha2
from services.gateway.domain.parameters import BadParameter
from shared.xapi import guard
from shared.xapi.extract import statement_id
from shared.xapi.model import StatementId
from shared.xapi.rules import RULES
from shared.xapi.validation import MAX_VIOLATIONS, Invalid, Violation

PARTIAL: Final = "partial"
MOST_TOLD: Final = 3
"""So many violations are told of one statement."""
_ITEMS: Final = msgspec.json.Decoder(list[msgspec.Raw])


@dataclass(frozen=True, slots=True)
class Partly:
    """What of a request may be recorded: *admitted* holds the statements at *places* of the *count* that were sent.

    *refused* tells of the others, each at least once, in their order; its pointers start with the place.
    """

    admitted: Admitted
    places: tuple[int, ...]
    count: int
    refused: tuple[Violation, ...]

    def answer(self) -> bytes:
        """Write the answer: `ids` in the order of the statements, null for one that was refused, and `errors` by index."""
        ids: list[StatementId | None] = [None] * self.count
        for place, identifier in zip(self.places, self.admitted.ids, strict=True):
            ids[place] = identifier
        errors = [
            {"index": _place(each), "pointer": each.pointer, "rule": each.rule, "message": each.message} for each in self.refused
        ]
        return orjson.dumps({"ids": ids, "errors": errors})


def read_partial(value: str | None) -> bool:
    """Read the parameter `partial`. Raises BadParameter."""
    if value not in {None, "true", "false"}:
        raise BadParameter(PARTIAL, "boolean", "partial is true or false")
    return value == "true"


def admit_partly(body: bytes, writing: Writing) -> Partly:
    """Admit what of *body* is good.

    Raises guard.Malformed for what is no JSON, TooMany for more than `writing.most`, and Invalid where nothing is good.
    """
    try:
        admitted = admit(body, writing)
    except Invalid:
        several = guard.parse(body, writing.limits)
        if not isinstance(several, list):
            raise
        return _sifted(body, several, writing)
    return Partly(admitted, tuple(range(len(admitted.ids))), len(admitted.ids), ())


def without(partly: Partly, conflicts: Collection[StatementId]) -> Partly:
    """Return *partly* without the statements that are recorded with other content, which are refused then."""
    kept = [(place, each) for place, each in zip(partly.places, partly.admitted.ids, strict=True) if each not in conflicts]
    message = "The id is recorded with other content."
    told = [
        Violation(f"/{place}/id", "conflict", message)
        for place, each in zip(partly.places, partly.admitted.ids, strict=True)
        if each in conflicts
    ]
    refused = sorted((*partly.refused, *told), key=_place)
    return Partly(
        _only(partly.admitted, [each for _, each in kept]), tuple(place for place, _ in kept), partly.count, tuple(refused)
    )


def _sifted(body: bytes, several: Sequence[Any], writing: Writing) -> Partly:
    """Admit the statements of a list one by one, then the good ones together."""
    pieces = [bytes(each) for each in _ITEMS.decode(body)]
    refused: list[Violation] = []
    good: list[int] = []
    seen: set[StatementId] = set()
    for place, (piece, statement) in enumerate(zip(pieces, several, strict=True)):
        wrong = _wrong(piece, statement, seen, writing)
        refused += (replace(each, pointer=f"/{place}{each.pointer}") for each in wrong[:MOST_TOLD])
        if not wrong:
            good.append(place)
    if not good:
        raise Invalid(tuple(refused[:MAX_VIOLATIONS]))
    chosen = [pieces[place] for place in good]
    admitted = admit(b"[" + b",".join(chosen) + b"]", replace(writing, enclosed=_of(chosen, writing.enclosed)))
    return Partly(admitted, tuple(good), len(pieces), tuple(refused))


def _wrong(piece: bytes, statement: Any, seen: set[StatementId], writing: Writing) -> tuple[Violation, ...]:
    """Return what is wrong with one statement of a list; note its id as *seen*."""
    if not isinstance(statement, dict):
        return (Violation("", "statement-or-list", f"{RULES['statement-or-list']}."),)
    try:
        admit(piece, replace(writing, enclosed=_of([piece], writing.enclosed)))
    except Invalid as error:
        return error.errors
    own = statement_id(statement)
    if own in seen:
        return (Violation("/id", "repeated-id", f"{RULES['repeated-id']}."),)
    seen.update(() if own is None else (own,))
    return ()


def _of(pieces: Iterable[bytes], enclosed: Mapping[Sha2, Enclosed]) -> Mapping[Sha2, Enclosed]:
    """Return those of the *enclosed* octets that the statements may mean: a part that goes with a refused one is no fault."""
    if not enclosed:
        return enclosed
    text = b"".join(pieces).lower()
    return {sha2: part for sha2, part in enclosed.items() if sha2.encode() in text}


def _only(admitted: Admitted, ids: Sequence[StatementId]) -> Admitted:
    """Return *admitted* with the statements called *ids* alone."""
    wanted = frozenset(ids)
    statements = tuple(each for each in admitted.received.statements if each.id in wanted)
    return replace(
        admitted,
        ids=tuple(ids),
        digests={identifier: digest for identifier, digest in admitted.digests.items() if identifier in wanted},
        received=msgspec.structs.replace(admitted.received, statements=statements),
        collapsed=len(ids) - len(statements),
        uses=tuple(use for use in admitted.uses if use.statement in wanted),
    )


def _place(violation: Violation) -> int:
    """Return the index that a violation's pointer starts with."""
    return int(violation.pointer.split("/", 2)[1])
