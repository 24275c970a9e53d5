"""Make a statement of a row of a table: which column holds which part, and how it is written there. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Annotated, Any, Final, TypeAlias, assert_never

import msgspec
import orjson

from services.gateway.domain.columns import SCORES, TEXTS, unshielded
from shared.errors import SymposiaError
from shared.xapi import ifi
from shared.xapi.model import JSON

Cells: TypeAlias = Mapping[str, str]
"""The cells of a row, by the names of their columns."""


class BadMap(SymposiaError):
    """A column map cannot be used; the message says what to change."""


class BadCell(ValueError):
    """A cell cannot be read as what its column should hold; *pointer* is the part of the statement that it should be."""

    def __init__(self, pointer: str, message: str) -> None:
        super().__init__(message)
        self.pointer = pointer
        self.message = message


class Kind(StrEnum):
    """How a cell is read."""

    TEXT = "text"
    NUMBER = "number"
    BOOLEAN = "boolean"
    IFI = "ifi"
    """A canonical IFI, which becomes the properties of an agent."""
    ACTIVITIES = "activities"
    """Activities by their ids, a space between."""
    JSON = "json"


class Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A part of the statement: from a *column*, or the same *text* for every row.

    *values* says what each cell stands for (others are refused), *prefix* what stands before it; an empty cell is no part.
    """

    column: str | None = None
    text: str | None = None
    kind: Kind | None = None
    prefix: str = ""
    values: dict[str, str] | None = None


Pointer: TypeAlias = Annotated[str, msgspec.Meta(pattern=r"^(/([^~/]|~[01])+)+$")]
Parts: TypeAlias = Mapping[str, Part]
"""By JSON pointer (RFC 6901) into the statement."""


class _Map(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    parts: dict[Pointer, Part]


_KINDS: Final = {
    **{f"/result/score/{name}": Kind.NUMBER for name in SCORES},
    "/result/success": Kind.BOOLEAN,
    "/result/completion": Kind.BOOLEAN,
}
"""What is no text, unless the map says otherwise."""
_BOOLEANS: Final = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}
_MBOX: Final = "mbox::"
_HASHED: Final = "#sha256:"

OURS: Final[Parts] = {
    "/id": Part("id"),
    "/timestamp": Part("timestamp"),
    "/actor/objectType": Part("actor_type"),
    "/actor": Part("actor_ifi", kind=Kind.IFI),
    "/actor/name": Part("actor_name"),
    "/verb/id": Part("verb"),
    "/object/objectType": Part("object_type"),
    "/object/id": Part("object_id"),
    "/object/definition/name/und": Part("object_name"),
    **{f"/result/score/{name}": Part(f"score_{name}") for name in SCORES},
    **{f"/result/{name}": Part(name) for name in ("success", "completion", "duration", "response")},
    **{f"/context/{name}": Part(name) for name in ("registration", "platform", "language")},
    "/context/contextActivities/parent": Part("parent_ids", kind=Kind.ACTIVITIES),
    "/context/contextActivities/grouping": Part("grouping_ids", kind=Kind.ACTIVITIES),
}
"""The columns of our own export."""
_AGENT_OBJECT: Final[Parts] = {
    **{pointer: part for pointer, part in OURS.items() if not pointer.startswith("/object/")},
    "/object/objectType": Part("object_type"),
    "/object": Part("object_id", kind=Kind.IFI),
    "/object/name": Part("object_name"),
}


def read_map(document: JSON) -> Parts:
    """Read a column map, parsed from TOML or JSON. Raises BadMap."""
    try:
        parts = msgspec.convert(document, _Map).parts
    except msgspec.ValidationError as error:
        raise BadMap(f"The column map cannot be read: {error}") from error
    for pointer, part in parts.items():
        if (part.column is None) == (part.text is None):
            raise BadMap(f"{pointer}: a part has a column, or a text that is the same for all rows")
    if not parts:
        raise BadMap("The column map has no parts")
    return parts


def check_header(header: Sequence[str], parts: Parts) -> None:
    """Raise BadMap where *header* repeats a column, or lacks one that *parts* name."""
    repeated = sorted({name for name in header if header.count(name) > 1})
    if repeated:
        raise BadMap(f"The header has a column twice: {', '.join(repeated)}")
    missing = sorted({part.column for part in parts.values() if part.column is not None} - set(header))
    if missing:
        raise BadMap(f"The file has no column {', '.join(missing)}; it has {', '.join(header)[:500]}")


def own_parts(header: Iterable[str]) -> Parts:
    """Return what of our own columns *header* has. Raises BadMap where that is no table of statements."""
    there = frozenset(header)
    needed = {"actor_ifi", "verb", "object_id"} - there
    if needed:
        raise BadMap(f"The file has no column {', '.join(sorted(needed))}: name its columns in a map (--columns)")
    return {pointer: part for pointer, part in OURS.items() if part.column in there}


def statement_of(cells: Cells, parts: Parts) -> dict[str, JSON]:
    """Return the statement that *cells* hold by *parts*; nothing of it is validated yet. Raises BadCell."""
    made: dict[str, Any] = {}
    for pointer, part in parts.items():
        written = part.text if part.column is None else cells.get(part.column, "").strip()
        if written:
            _put(made, pointer, _read(written, pointer, part))
    return made


def own_statement(cells: Cells, parts: Parts) -> dict[str, JSON]:
    """Return the statement in a row of our own export, as far as its *parts* tell. Raises BadCell."""
    plain = {name: unshielded(cell) if name in TEXTS else cell for name, cell in cells.items()}
    kind = plain.get("object_type", "")
    if kind in {"Agent", "Group"}:
        parts = {pointer: part for pointer, part in _AGENT_OBJECT.items() if part.column in plain}
    if kind == "SubStatement":
        raise BadCell("/object", "A SubStatement does not stand in a table.")
    return statement_of(plain, parts)


def agent_of(identifier: str) -> dict[str, JSON]:
    """Return the properties of the agent whom a canonical IFI means. Raises ValueError for what is none, or hashed."""
    kind, separator, rest = identifier.partition("::")
    if not separator or rest.startswith(_HASHED):
        raise ValueError("no identifier such as mbox::mailto:ann@example.org or account::name@https://home.page")
    if kind == "account":
        found = ifi.account_of(identifier)
        if found is None:
            raise ValueError("an account is account::name@https://home.page")
        return {"account": {"homePage": found[0], "name": found[1]}}
    if kind in {"mbox", "mbox_sha1sum", "openid"}:
        return {kind: rest}
    raise ValueError(f"{kind[:40]!r} is not a kind of identifier")


def _read(written: str, pointer: str, part: Part) -> JSON:
    if part.values is not None and part.column is not None:
        if written not in part.values:
            raise BadCell(pointer, f"The column {part.column[:60]!r} holds what the map does not translate.")
        written = part.values[written]
    written = part.prefix + written
    try:
        return _as(part.kind or _KINDS.get(pointer, Kind.TEXT), written)
    except ValueError as error:
        raise BadCell(pointer, f"The column {str(part.column)[:60]!r} cannot be read: {error}.") from error


def _as(kind: Kind, written: str) -> JSON:
    """Read a cell. Raises ValueError."""
    match kind:
        case Kind.TEXT:
            return written
        case Kind.NUMBER:
            return _number(written)
        case Kind.BOOLEAN:
            if written.lower() not in _BOOLEANS:
                raise ValueError(f"neither {', '.join(_BOOLEANS)}")
            return _BOOLEANS[written.lower()]
        case Kind.IFI:
            return agent_of(written)
        case Kind.ACTIVITIES:
            return [{"id": each} for each in written.split()]
        case Kind.JSON:
            return _json(written)
        case _:
            assert_never(kind)


def _number(written: str) -> JSON:
    """Read a number as JSON writes it, so that a whole one stays whole."""
    try:
        value = _json(written)
    except ValueError:
        value = None
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise ValueError("no number such as 0.85")  # noqa: TRY004  the cell holds the wrong text, not the caller a wrong type
    return value


def _json(written: str) -> JSON:
    try:
        return orjson.loads(written)
    except orjson.JSONDecodeError as error:
        raise ValueError(f"no JSON: {error}") from error


def _put(document: dict[str, Any], pointer: str, value: JSON) -> None:
    """Set the part of *document* at *pointer*; what is an object is added to what is there. Raises BadCell."""
    *path, last = (token.replace("~1", "/").replace("~0", "~") for token in pointer.split("/")[1:])
    inner: Any = document
    for token in path:
        inner = inner.setdefault(token, {})
        if not isinstance(inner, dict):
            raise BadCell(pointer, "The map sets a part of something that is not an object.")
    if isinstance(value, dict) and isinstance(inner.get(last), dict):
        inner[last].update(value)
    else:
        inner[last] = value
