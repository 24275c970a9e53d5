"""Admit the rows of an import as the door admits what is posted: with the same checks and digest, and an authority by policy."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, NamedTuple, TypeAlias
from uuid import uuid5

import msgspec
import orjson

from services.gateway.attachments.declarations import declared_in
from services.gateway.domain.admission import Writing, admit_one
from services.gateway.domain.credential import Credential, KeyId, Scope
from services.gateway.domain.enclosed import Enclosed, Sha2, Use, hash_as, read_sha2
from services.gateway.moving.enveloped import statement_in
from services.gateway.moving.rows import BadRow, Row
from shared.contracts import ReceivedStatement
from shared.xapi import canonical, guard, ifi
from shared.xapi.extract import statement_id
from shared.xapi.model import JSON, StatementId, Version
from shared.xapi.validation import Invalid, validate

Octets: TypeAlias = Callable[[Sha2], bytes | None]
"""Returns the octets of an attachment, or None where they did not come along."""

Content: TypeAlias = tuple[StatementId, bytes]
"""A statement's id and its digest."""

IMPORT: Final = KeyId("import")
"""The key id that ids from content are derived with."""
MOST_TOLD: Final = 3
"""How many violations of one statement are reported."""


class Authority(StrEnum):
    """Who vouches for what is imported."""

    OURS = "ours"
    """This installation, as for what comes through a door."""
    KEEP = "keep"
    """Who vouched for it where it comes from; this installation where the statement has no authority."""


@dataclass(frozen=True, slots=True)
class Policy:
    """How rows are admitted: who vouches, which *version* of xAPI a row has that names none, and how large rows may be."""

    authority: Authority
    home_page: str
    version: Version
    limits: guard.Limits

    @property
    def credential(self) -> Credential:
        """Return the credential that admission asks for: an import has no key."""
        agent = {"objectType": "Agent", "account": {"homePage": self.home_page, "name": "import"}}
        scopes = frozenset({Scope.ALL})
        return Credential(IMPORT, "import", scopes, orjson.dumps(agent), str(ifi.canonical(agent)), (), ids_from_content=True)


class AdmittedRow(NamedTuple):
    """A row that the door would take: its line, id and digest (32 bytes), the IFI that vouches, and the octets it came with."""

    line: int
    id: StatementId
    digest: bytes
    authority: str
    statement: ReceivedStatement
    uses: tuple[Use, ...]

    @property
    def content(self) -> Content:
        """Return its id and digest, which together tell whether it is recorded already."""
        return self.id, self.digest

    @property
    def size(self) -> int:
        """Return about how many bytes it takes."""
        return len(self.statement.body) + sum(len(use.content) for use in self.uses)


class NotAdmitted(ValueError):
    """A row is not a valid statement; *rows* says what is wrong with it, each violation for itself."""

    def __init__(self, *rows: BadRow) -> None:
        super().__init__(rows[0].message)
        self.rows = rows


class _Told(msgspec.Struct):
    """The members of a statement that decide how it is admitted."""

    id: Any = None
    version: Any = None
    authority: Any = None
    timestamp: Any = None
    stored: Any = None


_told: Final = msgspec.json.Decoder(_Told)


_MISSING: Final = {
    "attachment-part": "The attachment did not come along: its octets lie in attachments/, in a file called by their sha2.",
    "signature-part": "The signature did not come along: it lies in attachments/, in a file called by its sha2.",
}
"""Messages about files, in the place of those that the door has for requests."""


class Admission:
    """Admits the rows of one file or of one other LRS, which *read_from* names if an id has to be derived from it."""

    def __init__(self, policy: Policy, read_from: Callable[[], str]) -> None:
        self._policy = policy
        self._credential = policy.credential
        self._read_from = read_from

    def admit(self, row: Row, octets: Octets, now: datetime) -> AdmittedRow:
        """Admit *row*, or the statement in it where it is a record of another LRS's database. Raises NotAdmitted."""
        try:
            return self._admit(row, octets, now)
        except NotAdmitted:
            inner = statement_in(row.body)
            if inner is None:
                raise
        return self._admit(row._replace(body=inner), octets, now)

    def _admit(self, row: Row, octets: Octets, now: datetime) -> AdmittedRow:
        body = row.body
        try:
            told = _told.decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError):
            told = _Told()  # what is wrong with it, the admission says better
        if body.startswith(b"["):
            raise NotAdmitted(BadRow(row.line, "", "single-statement", "A row is one statement, not a list."))
        if told.timestamp is None and isinstance(told.stored, str):
            body = canonical.add(body, timestamp=told.stored)
        writing = Writing(_version(told, self._policy), self._vouching(told), now, self._policy.limits, 1)
        try:
            named = self._id(row.line, body, told, writing)
            enclosed = _enclosed(row.line, body, octets)
            admitted = admit_one(body, replace(writing, enclosed=enclosed), named)
        except guard.Malformed as error:
            raise NotAdmitted(BadRow(row.line, error.pointer, error.rule, error.message)) from error
        except Invalid as error:
            told_of = error.errors[:MOST_TOLD]
            raise NotAdmitted(
                *(BadRow(row.line, each.pointer, each.rule, _MISSING.get(each.rule, each.message)) for each in told_of)
            ) from error
        return AdmittedRow(
            row.line, named, admitted.digests[named], admitted.received.authority, admitted.received.statements[0], admitted.uses
        )

    def _vouching(self, told: _Told) -> Credential:
        """Return our credential, with the statement's own authority where that is kept; admission checks whether it is valid."""
        if self._policy.authority is Authority.OURS or not isinstance(told.authority, dict):
            return self._credential
        try:
            identifier = _ifi(told.authority)
        except (KeyError, TypeError, AttributeError, StopIteration):
            return self._credential
        return replace(self._credential, authority=orjson.dumps(told.authority), authority_ifi=identifier)

    def _id(self, line: int, body: bytes, told: _Told, writing: Writing) -> StatementId:
        """Return the statement's id, or else one that the same row always gets.

        That is derived from its content, or, where it has no timestamp, from where it was read and its line.
        """
        if isinstance(told.id, str):
            return StatementId(told.id.lower())
        statement = guard.parse(body, writing.limits)
        validate(statement, writing.version)
        own = statement_id(statement)
        if own is not None:
            return own
        if "timestamp" in statement:
            return canonical.content_id(IMPORT, statement)
        return StatementId(str(uuid5(canonical.CONTENT_NAMESPACE, f"{self._read_from()} {line}")))


def _version(told: _Told, policy: Policy) -> Version:
    """Return the version of xAPI that the statement names, or else that of the policy."""
    if not isinstance(told.version, str):
        return policy.version
    return Version.V2_0_0 if told.version.startswith("2.") else Version.V1_0_3


def _ifi(authority: Mapping[str, JSON]) -> str:
    """Return the canonical IFI of who vouches; for a group without one, that of its application (1.0.3 Data §2.4.9)."""
    own = ifi.canonical(authority)
    if own is not None:
        return own
    members = authority["member"]
    return next(str(ifi.canonical(each)) for each in (*(m for m in members if "account" in m), *members))


def _enclosed(line: int, body: bytes, octets: Octets) -> dict[Sha2, Enclosed]:
    """Return the octets that the statement declares and that came along. Raises NotAdmitted where they have another hash."""
    try:
        hashes = declared_in(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return {}  # no statement: the admission says why
    found: dict[Sha2, Enclosed] = {}
    for part, sha2 in enumerate(filter(None, map(read_sha2, hashes)), start=1):
        content = octets(sha2)
        if content is None:
            continue
        if hash_as(sha2, content) != sha2:
            raise NotAdmitted(BadRow(line, "/attachments", "part-hash", f"The file {sha2} has not this hash: it was changed."))
        found[sha2] = Enclosed(part, content, None, None)
    return found
