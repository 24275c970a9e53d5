"""Validate statements, and say everything that is wrong with those that are not valid."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import islice
from typing import Any, Final, cast

import jsonschema_rs

from shared.errors import SymposiaError
from shared.xapi.checks import check, surely_sound
from shared.xapi.model import JSON, Statement, Version
from shared.xapi.pointer import pointer
from shared.xapi.rules import RULES
from shared.xapi.schema import IRI as IRI_SCHEMA
from shared.xapi.schema import Schema, statement_schema

MAX_VIOLATIONS: Final = 20
"""How many violations are reported, the first ones."""
SHOWN_NAME: Final = 60
"""Characters of a name that messages show."""
EXPLAINED_VALUES: Final = 500
EXPLAINED_CHARACTERS: Final = 65_536
"""Above these, only the first violation of a statement is reported, since the validator copies what is around each error."""
_WANTED: Final = {"type": "types", "enum": "options", "const": "expected_value"}
"""For a keyword of the schema: the field of its error that says what would have been valid."""
_TOLD_WANTED: Final = frozenset({"wrong-type", "object-type", "interaction-type"})
"""The rules whose sentence does not say what is valid."""
_AGENT_OR_GROUP: Final = frozenset({"actor", "instructor", "authority"})
"""Properties that hold an agent or a group; the schema treats as an agent whatever does not say that it is a group."""


@dataclass(frozen=True, slots=True)
class Violation:
    """A broken rule: where (a JSON pointer), which (a slug of RULES), and how (a sentence)."""

    pointer: str
    rule: str
    message: str


class Invalid(SymposiaError):
    """What was sent is not a valid statement, or is a list in which one is not valid."""

    def __init__(self, errors: tuple[Violation, ...]) -> None:
        super().__init__("; ".join(f"{error.pointer or '/'}: {error.message}" for error in errors))
        self.errors = errors


def validate(value: JSON, version: Version) -> None:
    """Raise Invalid unless *value* is a valid statement of *version*, or a list of such statements.

    *value* is what shared.xapi.guard parsed. Pointers into a list start with the index: /3/actor/mbox.
    """
    accepts = _ACCEPTS[version]
    if value.__class__ is dict and accepts(value) and (surely_sound(value) or not check(value)):
        return
    many = isinstance(value, list)
    violations: list[Violation] = []
    for index, statement in enumerate(value if many else (value,)):
        if accepts(statement) and (surely_sound(statement) or not check(statement)):
            continue
        found = _violations(statement, version, (index,) if many else ())
        violations += islice(found, MAX_VIOLATIONS - len(violations))
        if len(violations) == MAX_VIOLATIONS:
            break
    if many and not violations:
        violations += islice(_repeated_ids(value), MAX_VIOLATIONS)
    if violations:
        raise Invalid(tuple(violations))


def statements(value: JSON, version: Version) -> tuple[Statement, ...]:
    """Return the statement or statements that *value* holds, in order. Raises Invalid as `validate` does."""
    validate(value, version)
    return tuple(cast("list[Statement]", value if isinstance(value, list) else [value]))


@cache
def validator(version: Version) -> jsonschema_rs.Validator:
    """Compile the schema of *version*, once; its expressions run in linear time."""
    return jsonschema_rs.validator_for(
        statement_schema(version),
        validate_formats=True,
        ignore_unknown_formats=False,
        pattern_options=jsonschema_rs.RegexOptions(),
        offline=True,
        mask="…",
    )


class _Acceptors(dict[Version, Callable[[JSON], bool]]):
    """Maps each version to the function that its schema accepts by; a look-up here is nine times as fast as `validator`."""

    def __missing__(self, version: Version) -> Callable[[JSON], bool]:
        accepts = self[version] = validator(version).is_valid
        return accepts


_ACCEPTS: Final = _Acceptors()


def is_iri(text: str) -> bool:
    """Say whether *text* is an absolute IRI, as xAPI requires."""
    return _iris().is_valid(text)


@cache
def _iris() -> jsonschema_rs.Validator:
    return jsonschema_rs.validator_for(IRI_SCHEMA, validate_formats=True, offline=True)


@cache
def _schema(version: Version) -> Schema:
    return statement_schema(version)


def _violations(statement: JSON, version: Version, at: tuple[int, ...]) -> Iterator[Violation]:
    """Yield what is wrong with a statement that is not valid, once for each place and rule."""
    if not isinstance(statement, dict):
        yield _violation(at, "statement-or-list")
        return
    if validator(version).is_valid(statement):
        for breach in check(statement):
            yield _violation((*at, *breach.path), breach.rule)
        return

    seen: set[tuple[str, str]] = set()
    for error in _errors(statement, version):
        for violation in _told(error, version, at):
            if (violation.pointer, violation.rule) not in seen:
                seen.add((violation.pointer, violation.rule))
                yield violation


def _errors(statement: JSON, version: Version) -> Iterator[jsonschema_rs.ValidationError]:
    """Yield the schema's errors, or only the first when *statement* is large."""
    if _is_small(statement):
        yield from validator(version).iter_errors(statement)
        return
    try:
        validator(version).validate(statement)
    except jsonschema_rs.ValidationError as error:
        yield error


def _is_small(statement: JSON) -> bool:
    """Say whether *statement* has few values and few characters, without walking through all of a large one."""
    values = characters = 0
    waiting: list[JSON] = [statement]
    while waiting:
        value = waiting.pop()
        values += 1
        if isinstance(value, str):
            characters += len(value)
        elif isinstance(value, dict):
            values += len(value)
            waiting += value.values()
            characters += sum(map(len, value)) if values <= EXPLAINED_VALUES else 0
        elif isinstance(value, list):
            waiting += value
        if len(waiting) + values > EXPLAINED_VALUES or characters > EXPLAINED_CHARACTERS:
            return False
    return True


def _told(error: jsonschema_rs.ValidationError, version: Version, at: tuple[int, ...]) -> Iterator[Violation]:
    """Turn one error of the schema into ours; an object with several unknown keys gives several."""
    path = (*at, *error.instance_path)
    rule = _rule(error, version)
    match error.kind.name:
        case "additionalProperties":
            for name in error.kind.as_dict()["unexpected"]:
                yield _violation((*path, name), rule, name)
        case "propertyNames":
            name = error.kind.as_dict()["error"].instance
            yield _violation((*path, name), rule, name)
        case "required":
            yield _violation(path, rule, error.kind.as_dict()["property"])
        case _:
            yield _violation(path, rule, wanted=_wanted(error) if rule in _TOLD_WANTED else "")


def _wanted(error: jsonschema_rs.ValidationError) -> str:
    """Say what would have been valid, in words of the schema, never of the statement."""
    said = error.kind.as_dict().get(_WANTED.get(error.kind.name, ""), ())
    if said == "Agent" and _AGENT_OR_GROUP.intersection(error.instance_path[-2:-1]):
        return "Agent or Group"
    *others, last = (said,) if isinstance(said, str) else said or ("",)
    return f"{', '.join(others)} or {last}" if others else last


def _rule(error: jsonschema_rs.ValidationError, version: Version) -> str:
    """Return the slug of the rule that *error* is about: one of JSON in general, or that of the schema that failed."""
    keyword = error.kind.name
    if keyword == "type":
        return "null" if error.instance is None else "wrong-type"
    named = _named(_schema(version), error.schema_path)
    slug = named if isinstance(named, str) else named.get(keyword)
    if slug is None:
        slug = {"required": "missing-property", "additionalProperties": "unknown-property"}[keyword]
    return slug


def _named(schema: Any, path: list[str | int]) -> str | dict[str, str]:
    """Return the innermost x-rule on the way along *path* through *schema*."""
    named: str | dict[str, str] = {}
    for step in path:
        if isinstance(schema, dict):
            named = schema.get("x-rule", named)
        schema = schema[step]
    return named


def _violation(path: tuple[str | int, ...], rule: str, name: str = "", wanted: str = "") -> Violation:
    shown = f": {name[:SHOWN_NAME]!r}" if name else f"; it should be {wanted}" if wanted else ""
    return Violation(pointer(path), rule, f"{RULES[rule]}{shown}.")


def _repeated_ids(several: list[JSON]) -> Iterator[Violation]:
    """Yield a violation for each id that came before in the same list, whatever the case of its letters."""
    seen: set[str] = set()
    for index, statement in enumerate(several):
        if "id" in statement:
            identifier = statement["id"].lower()
            if identifier in seen:
                yield _violation((index, "id"), "repeated-id")
            seen.add(identifier)
