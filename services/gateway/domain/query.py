"""What a reader asks for: the parameters of GET statements (1.0.3 Communication §2.1.3), read strictly."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Final, TypeVar

import msgspec

from services.gateway.domain.formats import Format
from shared.errors import SymposiaError
from shared.xapi import guard, ifi
from shared.xapi.model import JSON, StatementId, Version
from shared.xapi.timestamps import instant
from shared.xapi.validation import Invalid, validate

T = TypeVar("T")

_BOOLEANS: Final = {"true": True, "false": False}
_LIMIT: Final = re.compile(r"[0-9]{1,9}", re.ASCII)
_AGENT_LIMITS: Final = guard.Limits(size=65_536, depth=8, nodes=2_000)
_SINGLE: Final = frozenset({"statementId", "voidedStatementId", "attachments", "format"})
_PARAMETERS: Final = _SINGLE | {
    "agent",
    "verb",
    "activity",
    "registration",
    "related_activities",
    "related_agents",
    "since",
    "until",
    "limit",
    "ascending",
}
_ANYONE: Final = {"mbox": "mailto:anyone@example.org"}
_ANYTHING: Final = "https://example.org/"


class BadParameter(SymposiaError):
    """A query parameter is unknown, repeated, wrong, or does not go with another."""

    def __init__(self, name: str, rule: str, message: str) -> None:
        super().__init__(message)
        self.name = name
        self.rule = rule
        self.message = message


class Filters(msgspec.Struct, frozen=True, omit_defaults=True):
    """Which statements: *agent* is a canonical IFI, *since* exclusive and *until* inclusive are about `stored`.

    *authority*, a canonical IFI, is set by the door, never by a parameter: a reader of `statements/read/mine` sees no other.
    """

    agent: str | None = None
    verb: str | None = None
    activity: str | None = None
    registration: str | None = None
    related_agents: bool = False
    related_activities: bool = False
    since: datetime | None = None
    until: datetime | None = None
    ascending: bool = False
    authority: str | None = None


class ManyQuery(msgspec.Struct, frozen=True, omit_defaults=True):
    """Statements that match *filters*, at most *limit* of them a page."""

    filters: Filters
    limit: int
    format: Format = Format.EXACT
    attachments: bool = False


class SingleQuery(msgspec.Struct, frozen=True):
    """The statement called *id*, from among the voided or from among the others."""

    id: StatementId
    voided: bool
    format: Format = Format.EXACT
    attachments: bool = False


def read_query(parameters: Sequence[tuple[str, str]], most: int) -> SingleQuery | ManyQuery:
    """Read the *parameters* of GET statements; a limit of 0 or above *most* becomes *most*.

    Raises BadParameter, which names the parameter and never repeats what it said.
    """
    given = _once(parameters)
    single = given.keys() & {"statementId", "voidedStatementId"}
    return _read_single(given, single) if single else _read_many(given, most)


def read_statement_id(text: str) -> StatementId:
    """Read a `statementId`. Raises BadParameter."""
    _check({"id": text}, "statementId")
    return StatementId(text.lower())


def _once(parameters: Sequence[tuple[str, str]]) -> dict[str, str]:
    given: dict[str, str] = {}
    for name, value in parameters:
        if name not in _PARAMETERS:
            raise BadParameter(name, "unknown-parameter", "xAPI has no such parameter here; case matters")
        if name in given:
            raise BadParameter(name, "repeated-parameter", "The parameter is there more than once")
        given[name] = value
    return given


def _read_single(given: Mapping[str, str], single: set[str]) -> SingleQuery:
    beside = given.keys() - _SINGLE
    if beside or len(single) > 1:
        name = min(beside or single)
        raise BadParameter(name, "beside-statement-id", "statementId or voidedStatementId goes with format and attachments only")
    name = single.pop()
    return SingleQuery(
        id=_named(name, lambda: read_statement_id(given[name])),
        voided=name == "voidedStatementId",
        format=_format(given),
        attachments=_boolean(given, "attachments"),
    )


def _read_many(given: Mapping[str, str], most: int) -> ManyQuery:
    filters = Filters(
        agent=_read(given, "agent", _agent),
        verb=_read(given, "verb", _verb),
        activity=_read(given, "activity", _activity),
        registration=_read(given, "registration", _registration),
        related_agents=_boolean(given, "related_agents"),
        related_activities=_boolean(given, "related_activities"),
        since=_read(given, "since", _since),
        until=_read(given, "until", _until),
        ascending=_boolean(given, "ascending"),
    )
    return ManyQuery(
        filters=filters, limit=_limit(given, most), format=_format(given), attachments=_boolean(given, "attachments")
    )


def _read(given: Mapping[str, str], name: str, read: Callable[[str], T]) -> T | None:
    return read(given[name]) if name in given else None


def _agent(text: str) -> str:
    try:
        actor = guard.parse(text.encode("utf-8", "surrogatepass"), _AGENT_LIMITS)
    except guard.Malformed as error:
        raise BadParameter("agent", error.rule, error.message) from error
    _check({"actor": actor}, "agent")
    identifier = ifi.canonical(actor)
    if identifier is None:
        raise BadParameter("agent", "anonymous-group", "An anonymous group cannot be asked for")
    return identifier


def _verb(text: str) -> str:
    _check({"verb": {"id": text}}, "verb")
    return text


def _activity(text: str) -> str:
    _check({"object": {"id": text}}, "activity")
    return text


def _registration(text: str) -> str:
    _check({"context": {"registration": text}}, "registration")
    return text.lower()


def _since(text: str) -> datetime:
    _check({"timestamp": text}, "since")
    return instant(text)


def _until(text: str) -> datetime:
    _check({"stored": text}, "until")
    return instant(text)


def _check(part: Mapping[str, JSON], name: str) -> None:
    """Check a parameter's value by the rule of the place in a statement where such a value stands."""
    statement = {"actor": _ANYONE, "verb": {"id": _ANYTHING}, "object": {"id": _ANYTHING}, **part}
    try:
        validate(statement, Version.V1_0_3)
    except Invalid as error:
        raise BadParameter(name, error.errors[0].rule, error.errors[0].message) from error


def _named(name: str, read: Callable[[], T]) -> T:
    try:
        return read()
    except BadParameter as error:
        raise BadParameter(name, error.rule, error.message) from error


def _boolean(given: Mapping[str, str], name: str) -> bool:
    text = given.get(name, "false")
    if text not in _BOOLEANS:
        raise BadParameter(name, "boolean", "The value is neither true nor false")
    return _BOOLEANS[text]


def _format(given: Mapping[str, str]) -> Format:
    try:
        return Format(given.get("format", Format.EXACT))
    except ValueError as error:
        raise BadParameter("format", "format", "The format is not exact, ids or canonical") from error


def _limit(given: Mapping[str, str], most: int) -> int:
    text = given.get("limit", "0")
    if not _LIMIT.fullmatch(text):
        raise BadParameter("limit", "limit", "The limit is not a whole number from 0 on")
    return min(int(text), most) or most
