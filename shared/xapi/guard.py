"""Parse JSON that strangers send, and refuse what is not JSON, what is ambiguous, and what is built to exhaust us.

Parsers differ over duplicate keys, lone surrogates and numbers such as 1e400; what passes here means the same to all of them.
"""

import re
from dataclasses import dataclass
from typing import Final

import jiter
import msgspec
import orjson

from shared.errors import SymposiaError
from shared.xapi.model import JSON
from shared.xapi.numbers import NUMBER_LENGTHS, fault, harm, tame
from shared.xapi.scan import outside_strings, pointer_at

POINTED_BYTES: Final = 65_536
"""Bytes into the text up to which errors carry a pointer; further on, finding it would cost more than it is worth."""

BEGINNING: Final = 200
"""Bytes that show how the rest of the text is likely to be written."""

BACKSLASH: Final = b"\\"
COMMA: Final = b","
ESCAPED_COMMAS: Final = (b"\\u002c", b"\\u002C")
ESCAPED_COMMAS_BEGIN: Final = b"\\u002"
SPACED_MEMBER: Final = b'": '
NO_OPENINGS: Final = bytes(set(range(256)) - set(b"{["))
NO_MARKS: Final = bytes(set(range(256)) - set(b"{[,"))
NUMBER_IN_TEXT: Final = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?|(-?[0-9][0-9.eE+-]*+)', re.DOTALL)
POSITION: Final = re.compile(r" at line (\d+) column (\d+)$")
REASONS: Final = (
    ("duplicate key", "duplicate-key", "An object has the same key twice"),
    ("hex escape", "surrogate", "A \\u escape is not a whole character"),
    ("surrogate", "surrogate", "A \\u escape is half of a character"),
    ("recursion limit", "depth", "Values are nested too deep"),
    ("number out of range", "number", "A number is out of range"),
)
EXACT: Final = msgspec.json.Decoder(float_hook=tame)
ITEMS: Final = msgspec.json.Decoder(list[msgspec.Raw])
CONTAINERS: Final = frozenset((dict, list))
UNPROVEN: Final = object()
BYTE_ORDER_MARKS: Final = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of what is parsed: bytes, nesting, values (keys not counted), and consecutive digits of a number."""

    size: int = 10 * 1024 * 1024
    depth: int = 64
    nodes: int = 1_000_000
    number_length: int = 128

    def __post_init__(self) -> None:
        if self.number_length not in NUMBER_LENGTHS:
            raise ValueError(f"number_length lies within {NUMBER_LENGTHS}")


class Malformed(SymposiaError):
    """The text is not JSON that we take; *rule* is a stable slug, *pointer* (RFC 6901) leads to the place, "" if unknown."""

    def __init__(self, rule: str, message: str, pointer: str = "") -> None:
        super().__init__(message)
        self.rule = rule
        self.message = message
        self.pointer = pointer


def parse(raw: bytes, limits: Limits) -> JSON:
    """Parse *raw* within *limits*. Raises Malformed for anything but unambiguous, harmless JSON (RFC 8259)."""
    size = openings = len(raw)
    if size > limits.size:
        raise Malformed("size", f"The text has {size} bytes; {limits.size} are allowed.")
    if size > limits.nodes:
        _refuse_crowd(raw, limits)
    spaced = raw.find(SPACED_MEMBER, 0, BEGINNING) >= 0
    # Guess whether there are escapes where orjson writes none; a wrong guess only costs time. Writers that put spaces, such as
    # Python's, often escape all that is not ASCII, so that text of theirs that is not ASCII has no such escapes.
    escaped = raw.isascii() if spaced else raw.find(BACKSLASH, 0, BEGINNING) >= 0
    value = UNPROVEN if escaped else _unchanged(raw, spaced=spaced)
    if value is UNPROVEN:
        value, openings = _whole(raw)
    if value is UNPROVEN:
        value = _strict(raw, limits)
    if openings > limits.depth and _deeper(raw, value, limits.depth):
        raise Malformed("depth", f"Values are nested more than {limits.depth} deep.")
    return value


def _unchanged(raw: bytes, *, spaced: bool) -> JSON:
    """Parse *raw* if writing the value again gives the same text, apart from white space where it looks *spaced*; else UNPROVEN.

    Then no key occurs twice in an object, and every number is the shortest spelling of its double.
    """
    try:
        value = orjson.loads(raw)
        again = orjson.dumps(value)
        same = again == raw or (spaced and again == msgspec.json.format(raw, indent=-1))
    except (orjson.JSONDecodeError, orjson.JSONEncodeError, msgspec.DecodeError):
        return UNPROVEN
    return value if same else UNPROVEN


def _whole(raw: bytes) -> tuple[JSON, int]:
    """Parse *raw* if its numbers are surely harmless and its commas prove that no key occurs twice; else UNPROVEN.

    A parser drops all but one member with the same key, and with each of them a comma. So nothing was dropped if the value,
    written again, has as many commas as *raw*, where commas in strings may be spelled as escapes. Returns with the value how many
    opening brackets *raw* has at most.
    """
    try:
        value = EXACT.decode(raw)
        marks = orjson.dumps(value).translate(None, NO_MARKS)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, orjson.JSONEncodeError):
        return UNPROVEN, len(raw)
    commas = marks.count(COMMA)
    # Commas of the text, or more: those behind an escaped backslash count as escaped. Backslashes are rarer than digits:
    # rfind, which looks for a first byte, is faster than find, which looks for a last one.
    spelled = raw.count(COMMA)
    if raw.rfind(ESCAPED_COMMAS_BEGIN) >= 0:
        spelled += sum(map(raw.count, ESCAPED_COMMAS))
    return (value, len(marks) - commas) if spelled == commas else (UNPROVEN, len(raw))


def _strict(raw: bytes, limits: Limits) -> JSON:
    """Parse any text, more slowly, and refuse duplicate keys and harmful numbers. Raises Malformed."""
    if said := harm(raw, limits.number_length):
        raise Malformed("number", said, _pointer_to_number(raw, limits))
    try:
        return jiter.from_json(raw, catch_duplicate_keys=True, allow_inf_nan=False)
    except ValueError as error:
        raise _explained(raw, str(error)) from None


def _refuse_crowd(raw: bytes, limits: Limits) -> None:
    """Refuse a text with too many values; they are estimated quickly with those in strings, and then without."""
    if _values(raw) > limits.nodes and _values(outside_strings(raw)) > limits.nodes:
        raise Malformed("nodes", f"The text holds more than {limits.nodes} values.")


def _values(bare: bytes) -> int:
    """Return how many values stand in a text without strings, or a few more."""
    return bare.count(b",") + bare.count(b"[") + bare.count(b"{") + 1


def _deeper(raw: bytes, value: JSON, depth: int) -> bool:
    """Say whether containers of *value*, parsed from *raw*, nest more than *depth* deep.

    Few brackets cannot nest deep, so only what has enough of them is walked through; a list is looked at item by item.
    """
    if value.__class__ is not list:
        return _openings(raw) > depth and _nests(value, depth)
    for item, text in zip(value, map(bytes, ITEMS.decode(raw)), strict=True):
        if _openings(text) >= depth and _nests(item, depth - 1):
            return True
    return False


def _openings(raw: bytes) -> int:
    """Return how many opening brackets *raw* has, including those in strings."""
    return len(raw.translate(None, NO_OPENINGS))


def _nests(value: JSON, depth: int) -> bool:
    """Walk through *value* level by level and say whether there are more than *depth* levels of containers."""
    level: list[JSON] = [value] if value.__class__ in CONTAINERS else []
    for _ in range(depth):
        inner = [item.values() if item.__class__ is dict else item for item in level]
        level = [item for items in inner for item in items if item.__class__ in CONTAINERS]
        if not level:
            return False
    return True


def _pointer_to_number(raw: bytes, limits: Limits) -> str:
    """Point at the first number of *raw* that is refused."""
    for token in NUMBER_IN_TEXT.finditer(raw, 0, POINTED_BYTES):
        if token.group(1) and fault(token.group(1), limits.number_length):
            return pointer_at(raw, token.start())
    return ""


def _explained(raw: bytes, reason: str) -> Malformed:
    """Turn the parser's error into ours, with a rule, a place and a sentence."""
    if raw.startswith(BYTE_ORDER_MARKS):
        return Malformed("encoding", "JSON is UTF-8 without a byte order mark.")
    try:
        raw.decode()
    except UnicodeDecodeError as error:
        return Malformed("encoding", f"Byte {error.start} is not UTF-8.", _pointer(raw, error.start))

    place = POSITION.search(reason)
    offset = _offset(raw, int(place.group(1)), int(place.group(2))) if place else 0
    rule, said = _meaning(POSITION.sub("", reason))
    return Malformed(rule, f"{said}, at byte {offset}.", "" if rule == "depth" else _pointer(raw, offset))


def _meaning(reason: str) -> tuple[str, str]:
    """Return the rule and our words for what the parser says."""
    for said, rule, message in REASONS:
        if said in reason:
            return rule, message
    return "json", f"The text is not JSON: {reason[:100]}"


def _offset(raw: bytes, line: int, column: int) -> int:
    """Return the byte at *line* and *column*, both counted from one."""
    start = 0
    for _ in range(line - 1):
        start = raw.index(b"\n", start) + 1
    return min(start + max(column - 1, 0), len(raw))


def _pointer(raw: bytes, offset: int) -> str:
    """Point at the value that holds the byte *offset*, unless that is far into the text."""
    return pointer_at(raw[: POINTED_BYTES + 1], offset) if offset <= POINTED_BYTES else ""
