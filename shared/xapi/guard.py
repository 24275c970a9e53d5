"""Parse JSON that strangers send, and refuse what is no JSON, what is ambiguous, and what is built to exhaust us.

Parsers differ over duplicate keys, lone surrogates and numbers such as 1e400; what passes here means the same to all.
"""

import math
import re
from dataclasses import dataclass
from typing import Final

import jiter
import msgspec
import orjson

from shared.errors import SymposiaError
from shared.xapi.model import JSON
from shared.xapi.scan import outside_strings, pointer_at

MAX_EXPONENT: Final = 324
"""No double, however written by a serializer, has a larger decimal exponent; 9e308 is refused because it is infinite."""
NUMBER_LENGTHS: Final = range(32, 201)
"""Longer than any double that a serializer writes; and with an exponent of two digits still finite."""
POINTED_BYTES: Final = 65_536
"""Errors further into the text carry no pointer: to find one would cost more than it tells."""

WHITE_SPACE: Final = b" \t\r\n"
MEMBER: Final = b'":'
ESCAPED_MEMBERS: Final = (b"\\u0022", b"\\u003a", b"\\u003A", b"\\u0020")
# Every digit becomes 0 and E becomes e, so that a few substring searches find numbers that may be harmful.
FOLDED: Final = bytes.maketrans(b"123456789E", b"000000000e")
INEXACT: Final = b"0" * 19
"""More digits in a row than every 64-bit integer holds: orjson would read a double."""
LARGE_EXPONENTS: Final = (b"0e000", b"0e+000", b"0e-000")
LONGEST_MANTISSA: Final = 2 * NUMBER_LENGTHS[-1] + 3
BEFORE_A_NUMBER: Final = b"[:," + WHITE_SPACE
IN_A_NUMBER: Final = b"0.+-e"
NUMBER: Final = re.compile(rb"-?[0-9][0-9.eE+-]*+")
NUMBER_IN_TEXT: Final = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?|(-?[0-9][0-9.eE+-]*+)', re.DOTALL)
POSITION: Final = re.compile(r" at line (\d+) column (\d+)$")
REASONS: Final = (
    ("duplicate key", "duplicate-key", "An object has the same key twice"),
    ("hex escape", "surrogate", "A \\u escape is not a whole character"),
    ("surrogate", "surrogate", "A \\u escape is half of a character"),
    ("recursion limit", "depth", "Values are nested too deep"),
    ("number out of range", "number", "A number is out of range"),
)
ITEMS: Final = msgspec.json.Decoder(list[msgspec.Raw])
CONTAINERS: Final = frozenset((dict, list))
UNPROVEN: Final = object()
BYTE_ORDER_MARKS: Final = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True, slots=True)
class Limits:
    """Bound what is parsed: bytes, nesting, values (keys not counted), and digits in a row in one number."""

    size: int = 10 * 1024 * 1024
    depth: int = 64
    nodes: int = 1_000_000
    number_length: int = 128

    def __post_init__(self) -> None:
        if self.number_length not in NUMBER_LENGTHS:
            raise ValueError(f"number_length lies within {NUMBER_LENGTHS}")


class Malformed(SymposiaError):
    """The text is no JSON that we take: *rule* is a stable slug, *pointer* (RFC 6901) leads to the place, if known."""

    def __init__(self, rule: str, message: str, pointer: str = "") -> None:
        super().__init__(message)
        self.rule = rule
        self.message = message
        self.pointer = pointer


def parse(raw: bytes, limits: Limits) -> JSON:
    """Parse *raw* within *limits*; raise Malformed for anything that is not unambiguous, harmless JSON (RFC 8259)."""
    if len(raw) > limits.size:
        raise Malformed("size", f"The text has {len(raw)} bytes; {limits.size} are allowed.")
    if len(raw) > limits.nodes:
        _refuse_crowd(raw, limits)
    value = _plain(raw)
    if value is UNPROVEN:
        value = _strict(raw, limits)
    if _deeper(raw, value, limits.depth):
        raise Malformed("depth", f"Values are nested more than {limits.depth} deep.")
    return value


def _plain(raw: bytes) -> JSON:
    """Parse *raw* if it is written as serializers write; return UNPROVEN for any other text.

    Written out again it must be the same, white space aside, or have as many members and no number that a double may not hold.
    Then no member was dropped, so no key was there twice.
    """
    try:
        value = orjson.loads(raw)
        again = orjson.dumps(value)
    except (orjson.JSONDecodeError, orjson.JSONEncodeError):
        return UNPROVEN
    if again == raw:
        return value
    bare, bare_again = raw.translate(None, WHITE_SPACE), again.translate(None, WHITE_SPACE)
    same = bare == bare_again or (_same_members(bare, bare_again) and _tame_numbers(raw))
    return value if same else UNPROVEN


def _same_members(bare: bytes, again: bytes) -> bool:
    """Say whether *bare* surely has as many members as *again*, its content written out anew; both without white space.

    A quote and a colon stand together at each member, and inside of strings as often in the one text as in the other, unless
    one of them, or a space between them, is escaped: such a text proves nothing.
    """
    if bare.count(MEMBER) != again.count(MEMBER):
        return False
    return b"\\u" not in bare or not any(escaped in bare for escaped in ESCAPED_MEMBERS)


def _tame_numbers(raw: bytes) -> bool:
    """Say whether every number of *raw* surely is exact, or a finite double of a bearable length."""
    folded = raw.translate(FOLDED)
    return INEXACT not in folded and not _has_large_exponent(folded)


def _strict(raw: bytes, limits: Limits) -> JSON:
    """Parse any text, slower, and refuse duplicate keys and harmful numbers."""
    folded = raw.translate(FOLDED)
    if b"0" * (limits.number_length + 1) in folded or _has_large_exponent(folded):
        _refuse_numbers(raw, limits)
    try:
        return jiter.from_json(raw, catch_duplicate_keys=True, allow_inf_nan=False)
    except ValueError as error:
        raise _explained(raw, str(error)) from None


def _refuse_crowd(raw: bytes, limits: Limits) -> None:
    """Refuse more values than allowed, in strings too at first, then outside strings only."""
    if _values(raw) > limits.nodes and _values(outside_strings(raw)) > limits.nodes:
        raise Malformed("nodes", f"The text holds more than {limits.nodes} values.")


def _values(bare: bytes) -> int:
    """Return how many values, or a few more, stand in a text without strings."""
    return bare.count(b",") + bare.count(b"[") + bare.count(b"{") + 1


def _deeper(raw: bytes, value: JSON, depth: int) -> bool:
    """Say whether containers of *value*, parsed from *raw*, nest more than *depth* deep.

    Few brackets cannot nest deep: only what has enough of them is walked through, in a list item by item.
    """
    if value.__class__ is not list:
        return raw.count(b"{") + raw.count(b"[") > depth and _nests(value, depth)
    for item, text in zip(value, map(bytes, ITEMS.decode(raw)), strict=True):
        if text.count(b"{") + text.count(b"[") >= depth and _nests(item, depth - 1):
            return True
    return False


def _nests(value: JSON, depth: int) -> bool:
    """Walk through *value* level by level and say whether there are more than *depth* levels of containers."""
    level: list[JSON] = [value] if value.__class__ in CONTAINERS else []
    for _ in range(depth):
        inner = [item.values() if item.__class__ is dict else item for item in level]
        level = [item for items in inner for item in items if item.__class__ in CONTAINERS]
        if not level:
            return False
    return True


def _has_large_exponent(folded: bytes) -> bool:
    """Say whether a number may have an exponent of three digits or more; hexadecimal text, as in UUIDs, is none."""
    for pattern in LARGE_EXPONENTS:
        at = folded.find(pattern)
        while at >= 0:
            start, least = at, max(at - LONGEST_MANTISSA, 0)
            while start > least and folded[start] in IN_A_NUMBER:
                start -= 1
            if start == least or folded[start] in BEFORE_A_NUMBER:
                return True
            at = folded.find(pattern, at + 1)
    return False


def _refuse_numbers(raw: bytes, limits: Limits) -> None:
    """Refuse a number that is too long or beyond IEEE 754's range."""
    for number in NUMBER.findall(outside_strings(raw)):
        fault = _fault(number, limits)
        if fault:
            raise Malformed("number", fault, _pointer_to_number(raw, limits))


def _fault(number: bytes, limits: Limits) -> str:
    """Say what is wrong with *number*, or nothing."""
    mantissa, _, exponent = number.lower().partition(b"e")
    digits = exponent.lstrip(b"+-")
    longest = max(map(len, [*mantissa.lstrip(b"-").split(b"."), digits]))
    if longest > limits.number_length:
        return f"A number has {longest} digits in a row; {limits.number_length} are allowed."
    if digits.isdigit() and (int(digits) > MAX_EXPONENT or _infinite(number)):
        return "A number is beyond the range of a double."
    return ""


def _infinite(number: bytes) -> bool:
    """Say whether a double cannot hold *number*; what is no number is left to the parser."""
    try:
        return math.isinf(float(number))
    except ValueError:
        return False


def _pointer_to_number(raw: bytes, limits: Limits) -> str:
    """Point at the first number of *raw* that is refused."""
    for token in NUMBER_IN_TEXT.finditer(raw, 0, POINTED_BYTES):
        if token.group(1) and _fault(token.group(1), limits):
            return pointer_at(raw, token.start())
    return ""


def _explained(raw: bytes, reason: str) -> Malformed:
    """Turn the parser's complaint into ours: its rule, its place, a sentence."""
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
