"""Admit a request to write statements: its bytes become one message for the recorder, or a list of what is wrong."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from itertools import islice
from typing import Any, Final
from uuid import uuid4

import msgspec
import orjson

from services.gateway.domain.candidate import Candidate, candidate
from services.gateway.domain.credential import Credential, Scope
from services.gateway.domain.enclosed import Enclosed, Sha2, Use, disagreements, uses
from services.gateway.domain.listed import has_activity_alone, in_lists
from shared.clock import rfc3339
from shared.contracts import Received, ReceivedStatement
from shared.errors import SymposiaError
from shared.xapi import canonical, guard
from shared.xapi.extract import AnyStatement, statement_id
from shared.xapi.model import JSON, Statement, StatementId, Version
from shared.xapi.validation import MAX_VIOLATIONS, Invalid, Violation, statements, validate

STATEMENT_VERSION: Final = {Version.V1_0_3: "1.0.0", Version.V2_0_0: "2.0.0"}
"""What `version` says in a statement that came without: 1.0.0 for all of 1.0.x (1.0.3 Data §2.4.10)."""


class TooMany(SymposiaError):
    """More statements than one request may carry."""


@dataclass(frozen=True, slots=True)
class Admitted:
    """A request that may be recorded: the ids it answers with, in order, each statement's digest, and the message.

    *sealed* are the statements as the message has them. Statements of the same content that have no id of their own share one,
    where ids come from content: *collapsed* of them. *uses* are the octets that came with the statements, to be kept before the
    message is passed on.
    """

    ids: tuple[StatementId, ...]
    digests: Mapping[StatementId, bytes]
    received: Received
    sealed: Mapping[StatementId, AnyStatement]
    collapsed: int = 0
    uses: tuple[Use, ...] = ()

    def candidates(self) -> Iterator[tuple[bytes, Candidate]]:
        """Yield the bytes of each statement in the message, and what the recorder will read in them."""
        for each in self.received.statements:
            identifier, body = StatementId(each.id), bytes(each.body)
            yield body, candidate(identifier, self.digests[identifier], body, self.sealed[identifier])


@dataclass(frozen=True, slots=True)
class Writing:
    """How a request writes: in which version of xAPI, by whom, when, at most how much, and with which attachments' octets."""

    version: Version
    credential: Credential
    received_at: datetime
    limits: guard.Limits
    most: int
    enclosed: Mapping[Sha2, Enclosed] = field(default_factory=dict)


def admit(body: bytes, writing: Writing) -> Admitted:
    """Admit the statement, or the array of statements, that a POST carries.

    Raises guard.Malformed and Invalid for what is no valid statement, TooMany for more than `writing.most`.
    """
    value = guard.parse(body, writing.limits)
    if isinstance(value, list) and len(value) > writing.most:
        raise TooMany(f"The request has {len(value)} statements; {writing.most} are allowed")
    return _admit(body, value, writing, None)


def admit_one(body: bytes, writing: Writing, named: StatementId) -> Admitted:
    """Admit the one statement that a PUT carries; its id is *named*, or absent. Raises as `admit` does."""
    value = guard.parse(body, writing.limits)
    if isinstance(value, list):
        raise Invalid((Violation("", "single-statement", "PUT takes a single statement, not a list."),))
    return _admit(body, value, writing, named)


def _admit(body: bytes, value: JSON, writing: Writing, named: StatementId | None) -> Admitted:
    several = statements(value, writing.version)
    _refuse(several, writing, many=isinstance(value, list), named=named)
    ids = tuple(named or _id(statement, writing.credential) for statement in several)
    digests: dict[StatementId, bytes] = {}
    sealed: dict[StatementId, AnyStatement] = {}
    received: list[ReceivedStatement] = []
    for identifier, statement, raw in zip(ids, several, canonical.split(body), strict=True):
        if identifier in digests:
            continue
        digests[identifier] = canonical.digest({**statement, "id": identifier})
        fields = _fields(statement, identifier, writing)
        sealed[identifier] = {**statement, **fields, "authority": _agent(writing.credential.authority)}
        received.append(ReceivedStatement(identifier, digests[identifier].hex(), msgspec.Raw(_seal(raw, statement, fields))))
    message = Received(
        received_at=rfc3339(writing.received_at),
        source=f"credential:{writing.credential.key_id}",
        authority=writing.credential.authority_ifi,
        statements=tuple(received),
        defines=writing.credential.permits(Scope.DEFINE),
    )
    used = _uses(ids, several, writing.enclosed) if writing.enclosed else ()
    return Admitted(ids, digests, message, sealed, len(ids) - len(digests), used)


def _uses(ids: Sequence[StatementId], several: Sequence[Statement], enclosed: Mapping[Sha2, Enclosed]) -> tuple[Use, ...]:
    """Return which statement uses which of the *enclosed* octets, each pair once."""
    pairs = (use for identifier, statement in zip(ids, several, strict=True) for use in uses(identifier, statement, enclosed))
    return tuple({(use.statement, use.sha2): use for use in pairs}.values())


def _id(statement: Statement, credential: Credential) -> StatementId:
    """Return the statement's own id, or one from its content where the credential asks for it, or a random one.

    Without a timestamp of its own a statement says nothing that tells a repetition from another event: its id is random.
    """
    own = statement_id(statement)
    if own is not None:
        return own
    if credential.ids_from_content and "timestamp" in statement:
        return canonical.content_id(credential.key_id, statement)
    return StatementId(str(uuid4()))


def _fields(statement: Statement, identifier: StatementId, writing: Writing) -> dict[str, Any]:
    """Return what the door sets in *statement*."""
    fields: dict[str, Any] = {"authority": orjson.Fragment(writing.credential.authority)}
    if statement.get("id") != identifier:
        fields["id"] = identifier
    if "version" not in statement:
        fields["version"] = STATEMENT_VERSION[writing.version]
    return fields


@lru_cache(maxsize=64)
def _agent(authority: bytes) -> JSON:
    return orjson.loads(authority)


def _seal(raw: bytes, statement: Statement, fields: Mapping[str, Any]) -> bytes:
    """Set *fields*, and cut what only the recorder sets; all other bytes stay as they were sent."""
    replaced = [name for name in (*fields, "stored") if name in statement]
    if has_activity_alone(statement):
        raw = in_lists(raw)
    return canonical.add(canonical.cut(raw, *replaced) if replaced else raw, **fields)


def _refuse(several: Sequence[Statement], writing: Writing, *, many: bool, named: StatementId | None) -> None:
    """Raise Invalid for what the schema of the version alone does not show."""
    violations: list[Violation] = []
    if writing.enclosed or _have_attachments(several):
        found = disagreements(several, writing.enclosed, writing.version, many=many)
        violations += islice(found, MAX_VIOLATIONS)
    if writing.version is Version.V2_0_0:
        violations += (each for index, one in enumerate(several) for each in _older(one, f"/{index}" if many else ""))
    if named is not None and (own := statement_id(several[0])) not in {None, named}:
        message = f"The statement's id {own} differs from the request's statementId, {named}."
        violations.append(Violation("/id", "statement-id", message))
    if violations:
        raise Invalid(tuple(violations[:MAX_VIOLATIONS]))


def _have_attachments(several: Sequence[Statement]) -> bool:
    for statement in several:  # noqa: SIM110  a generator would cost every statement more than it asks
        if "attachments" in statement or "attachments" in statement["object"]:
            return True
    return False


def _older(statement: Statement, at: str) -> Iterator[Violation]:
    """Yield what 1.0 does not allow in a statement that says it is of 1.0, in a request that speaks 2.0."""
    if statement.get("version", "").startswith("1."):
        try:
            validate(statement, Version.V1_0_3)
        except Invalid as error:
            yield from (Violation(at + each.pointer, each.rule, each.message) for each in error.errors)
