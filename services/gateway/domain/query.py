"""What a reader asks for: the parameters of GET statements (1.0.3 Communication §2.1.3), read strictly."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Final, TypeVar
from urllib.parse import parse_qsl

import msgspec

from services.gateway.domain.formats import Format
from services.gateway.domain.parameters import (
    BadParameter,
    read_activity,
    read_agent,
    read_once,
    read_registration,
    read_since,
    read_statement_id,
    read_until,
    read_verb,
)
from shared.xapi.model import StatementId

T = TypeVar("T")

_BOOLEANS: Final = {"true": True, "false": False, "True": True, "False": False}
"""In small letters as JSON writes them; clients in Python, tincan among them, send what Python writes."""
_LIMIT: Final = re.compile(r"[0-9]{1,9}", re.ASCII)
_SINGLE: Final = frozenset({"statementId", "voidedStatementId", "attachments", "format"})
MORE: Final = "more"
"""The parameter, ours and not xAPI's, by which the `more` of a page leads to the next one."""
_PARAMETERS: Final = _SINGLE | {
    MORE,
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


_REMEMBERED: Final = 1024
_LONGEST_REMEMBERED: Final = 2000
"""Bytes of a query string."""


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


class Continued(msgspec.Struct, frozen=True):
    """The page that *cursor*, not read yet, leads to.

    What was asked for the first page may stand beside it, and is not read again: Ralph's client takes nothing of `more` but its
    query, and repeats its own.
    """

    cursor: str


def read_query_string(text: bytes, most: int) -> SingleQuery | ManyQuery | Continued:
    """Read the query string of GET statements as `read_query` does; what was asked lately is at hand, since readers ask again."""
    return _remembered(text, most) if len(text) <= _LONGEST_REMEMBERED else _read_text(text, most)


def read_query(parameters: Sequence[tuple[str, str]], most: int) -> SingleQuery | ManyQuery | Continued:
    """Read the *parameters* of GET statements; a limit of 0 or above *most* becomes *most*.

    Raises BadParameter, which names the parameter and never repeats what it said.
    """
    given = read_once(parameters, _PARAMETERS)
    if MORE in given:
        return Continued(given[MORE])
    single = given.keys() & {"statementId", "voidedStatementId"}
    return _read_single(given, single) if single else _read_many(given, most)


def _read_text(text: bytes, most: int) -> SingleQuery | ManyQuery | Continued:
    return read_query(parse_qsl(text.decode("latin-1"), keep_blank_values=True), most)


_remembered = lru_cache(_REMEMBERED)(_read_text)


def _read_single(given: Mapping[str, str], single: set[str]) -> SingleQuery:
    beside = given.keys() - _SINGLE
    if beside or len(single) > 1:
        name = min(beside or single)
        raise BadParameter(
            name, "beside-statement-id", "statementId and voidedStatementId can be combined with format and attachments only"
        )
    name = single.pop()
    return SingleQuery(
        id=read_statement_id(given[name], name),
        voided=name == "voidedStatementId",
        format=_format(given),
        attachments=_boolean(given, "attachments"),
    )


def _read_many(given: Mapping[str, str], most: int) -> ManyQuery:
    filters = Filters(
        agent=_read(given, "agent", read_agent),
        verb=_read(given, "verb", read_verb),
        activity=_read(given, "activity", read_activity),
        registration=_read(given, "registration", read_registration),
        related_agents=_boolean(given, "related_agents"),
        related_activities=_boolean(given, "related_activities"),
        since=_read(given, "since", read_since),
        until=_read(given, "until", read_until),
        ascending=_boolean(given, "ascending"),
    )
    return ManyQuery(
        filters=filters, limit=_limit(given, most), format=_format(given), attachments=_boolean(given, "attachments")
    )


def _read(given: Mapping[str, str], name: str, read: Callable[[str], T]) -> T | None:
    return read(given[name]) if name in given else None


def _boolean(given: Mapping[str, str], name: str) -> bool:
    text = given.get(name, "false")
    if text not in _BOOLEANS:
        raise BadParameter(name, "boolean", "The value has to be true or false")
    return _BOOLEANS[text]


def _format(given: Mapping[str, str]) -> Format:
    try:
        return Format(given.get("format", Format.EXACT))
    except ValueError as error:
        raise BadParameter("format", "format", "The format has to be exact, ids or canonical") from error


def _limit(given: Mapping[str, str], most: int) -> int:
    text = given.get("limit", "0")
    if not _LIMIT.fullmatch(text):
        raise BadParameter("limit", "limit", "The limit has to be a whole number, 0 or more")
    return min(int(text), most) or most
