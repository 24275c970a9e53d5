"""Query parameters of xAPI's resources, read strictly: each at most once, and each value by the rule of its kind."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from shared.errors import SymposiaError
from shared.xapi import guard, ifi
from shared.xapi.model import JSON, Ifi, Iri, Registration, StatementId, Version
from shared.xapi.timestamps import instant
from shared.xapi.validation import Invalid, validate

_AGENT_LIMITS: Final = guard.Limits(size=65_536, depth=8, nodes=2_000)
PLUS: Final = " A + in a query string is a space: write %2B."
_WAS_PLUS: Final = {"mbox": re.compile(r'mailto:[^"]* '), "timestamp": re.compile(" ")}
"""By the rule that is broken, how a value looks whose + was not escaped, and so became a space: e-mail addresses and the offsets
of timestamps may hold one."""
_ANYONE: Final = {"mbox": "mailto:anyone@example.org"}
_ANYTHING: Final = "https://example.org/"


class BadParameter(SymposiaError):
    """A query parameter is unknown, repeated, wrong, or does not go with another."""

    def __init__(self, name: str, rule: str, message: str) -> None:
        super().__init__(message)
        self.name = name
        self.rule = rule
        self.message = message


def read_once(parameters: Sequence[tuple[str, str]], known: frozenset[str]) -> dict[str, str]:
    """Return *parameters* by name. Raises BadParameter for one that is not *known*, in that case, or is repeated."""
    given: dict[str, str] = {}
    for name, value in parameters:
        if name not in known:
            raise BadParameter(name, "unknown-parameter", "xAPI has no such parameter here; case matters")
        if name in given:
            raise BadParameter(name, "repeated-parameter", "The parameter occurs more than once")
        given[name] = value
    return given


def read_statement_id(text: str, name: str = "statementId") -> StatementId:
    """Read a statement's id from the parameter *name*. Raises BadParameter."""
    _check({"id": text}, name, text)
    return StatementId(text.lower())


def read_actor(text: str) -> Mapping[str, JSON]:
    """Read `agent`: an Agent or a Group, as JSON. Raises BadParameter."""
    try:
        actor = guard.parse(text.encode("utf-8", "surrogatepass"), _AGENT_LIMITS)
    except guard.Malformed as error:
        raise BadParameter("agent", error.rule, error.message) from error
    _check({"actor": actor}, "agent", text)
    found: Mapping[str, JSON] = actor
    return found


def read_agent(text: str) -> Ifi:
    """Read the canonical identifier of the Agent or identified Group in `agent`. Raises BadParameter."""
    identifier = ifi.canonical(read_actor(text))
    if identifier is None:
        raise BadParameter("agent", "anonymous-group", "An anonymous group cannot be searched for")
    return identifier


def read_verb(text: str) -> Iri:
    """Read `verb`. Raises BadParameter."""
    _check({"object": {"id": text}}, "verb", text)  # as an activity's id: as a verb, `voided` would want a StatementRef beside it
    return Iri(text)


def read_activity(text: str, name: str = "activity") -> Iri:
    """Read an activity's id from the parameter *name*. Raises BadParameter."""
    _check({"object": {"id": text}}, name, text)
    return Iri(text)


def read_registration(text: str) -> Registration:
    """Read `registration`. Raises BadParameter."""
    _check({"context": {"registration": text}}, "registration", text)
    return Registration(text.lower())


def read_since(text: str) -> datetime:
    """Read `since`, aware. Raises BadParameter."""
    _check({"timestamp": text}, "since", text)
    return instant(text)


def read_until(text: str) -> datetime:
    """Read `until`, aware. Raises BadParameter."""
    _check({"stored": text}, "until", text)
    return instant(text)


def _check(part: Mapping[str, JSON], name: str, text: str) -> None:
    """Check a parameter's value, written as *text*, by the rule of the place in a statement where such a value stands."""
    statement = {"actor": _ANYONE, "verb": {"id": _ANYTHING}, "object": {"id": _ANYTHING}, **part}
    try:
        validate(statement, Version.V1_0_3)
    except Invalid as error:
        broken = error.errors[0]
        hint = PLUS if broken.rule in _WAS_PLUS and _WAS_PLUS[broken.rule].search(text) else ""
        raise BadParameter(name, broken.rule, f"{broken.message}{hint}") from error
