"""However a text is spelled, the guard takes it, and reads it, exactly as a slow and plain reading of the rules does."""

from __future__ import annotations

import json
import math
import re
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from shared.xapi.guard import Limits, Malformed, parse

LIMITS = Limits(depth=4, number_length=32)
MAX_EXPONENT = 324
REFUSED = "refused"

SPACES = st.sampled_from(["", "", "", " ", "\n", "\t", "\r", " \r\n\t"])
CHARACTERS = st.sampled_from('aab"::, ,{}[]\\/u0022eE19é€\N{CHECK MARK}\N{GRINNING FACE}\0\n\t\x7f')
# fmt: off
NUMBERS = st.sampled_from([
    "0", "-0", "7", "-1", "0.5", "-0.0", "1e5", "1E+5", "1e-5", "1e0005", "0.1e99", "10e-99", "1795913041.662033",
    "5e-324", "1e-324", "1e-325", "0e999", "0.0e-999", "1e308", "1.8e308", "-1e400", "1.7976931348623157e308",
    "9007199254740993", "9223372036854775807", "9223372036854775808", "-9223372036854775809", "18446744073709551615",
    "18446744073709551616", "0.1000000000000000055511151231257827", "123456789012345678901234567890.5",
    "9" * 32, "9" * 33, "0." + "3" * 32, "0." + "3" * 33, "-" + "1" * 32, "1e" + "0" * 33, "1" * 32 + "e99", "1" * 5_000,
    "01", "1.", ".5", "+1", "1e", "1e+", "-", "0x1", "NaN", "Infinity", "-Infinity", "true", "false", "null", "True",
])
# fmt: on
RUBBISH = st.sampled_from([b"", b"", b"", b" ", b"x", b"\0", b"{}", b"]", b'"', b",", b"\xff", b"\xed\xa0\x80"])
MARKS = st.sampled_from([b"", b"", b"", b"", b"\xef\xbb\xbf", b" ", b"\x0b", b"\xff\xfe"])


@st.composite
def strings(draw: st.DrawFn, characters: st.SearchStrategy[str] = CHARACTERS) -> str:
    """Draw a JSON string, each character in one of its spellings, and now and then one that is broken."""
    spelled = [draw(st.sampled_from(spellings(character))) for character in draw(st.lists(characters, max_size=4))]
    if draw(st.integers(0, 40)) == 0:
        spelled.append(draw(st.sampled_from(["\\", "\\u00", "\\ud800", "\\udc00\\ud800", "\x01", '"', "\\x", "\\u00g0"])))
    return '"' + "".join(spelled) + '"'


def spellings(character: str) -> list[str]:
    """List how JSON can write *character*, the plainest way first."""
    units = character.encode("utf-16-be").hex(" ", 2).split()
    lower = "".join(f"\\u{unit}" for unit in units)
    upper = "".join(f"\\u{unit.upper()}" for unit in units)
    plain = json.dumps(character, ensure_ascii=False)[1:-1]
    return [plain, plain, lower, upper, "\\/"] if character == "/" else [plain, plain, lower, upper]


@st.composite
def texts(draw: st.DrawFn, depth: int = 6) -> str:
    """Draw a JSON text with white space anywhere, and keys of few letters, so that some stand twice."""
    kind = draw(st.sampled_from(["string", "number", "object", "object", "list"] if depth else ["string", "number"]))
    match kind:
        case "string":
            return draw(strings())
        case "number":
            return draw(NUMBERS)
        case "object":
            keys = strings(st.sampled_from('ab",'))
            members = [
                f"{draw(SPACES)}{draw(keys)}{draw(SPACES)}:{draw(SPACES)}{draw(texts(depth - 1))}{draw(SPACES)}"
                for _ in range(draw(st.integers(0, 3)))
            ]
            return "{" + ",".join(members) + draw(SPACES) + "}"
        case _:
            items = [f"{draw(SPACES)}{draw(texts(depth - 1))}{draw(SPACES)}" for _ in range(draw(st.integers(0, 3)))]
            return "[" + ",".join(items) + draw(SPACES) + "]"


def plainly(raw: bytes) -> Any:
    """Read *raw* as the guard must, or return REFUSED."""
    try:
        value = json.loads(raw.decode(), object_pairs_hook=distinct, parse_constant=never, parse_float=double, parse_int=whole)
    except (ValueError, RecursionError):
        return REFUSED
    return value if levels(value) <= LIMITS.depth and whole_characters(value) else REFUSED


def distinct(members: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({key for key, _ in members}) < len(members):
        raise ValueError("a key twice")
    return dict(members)


def never(constant: str) -> None:
    raise ValueError(constant)


def double(text: str) -> float:
    runs = re.split("[^0-9]+", text.lstrip("-"))
    _, _, exponent = text.lower().partition("e")
    if max(map(len, runs)) > LIMITS.number_length or abs(int(exponent or 0)) > MAX_EXPONENT or math.isinf(float(text)):
        raise ValueError(text)
    return float(text)


def whole(text: str) -> int:
    if len(text.lstrip("-")) > LIMITS.number_length:
        raise ValueError(text)
    return int(text)


def levels(value: Any) -> int:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    return 0 if inner is None else 1 + max(map(levels, inner), default=0)


def whole_characters(value: Any) -> bool:
    return re.search("[\ud800-\udfff]", json.dumps(value, ensure_ascii=False)) is None


def guarded(raw: bytes) -> Any:
    try:
        return parse(raw, LIMITS)
    except Malformed:
        return REFUSED


@settings(max_examples=400)
@given(st.tuples(MARKS, texts().map(str.encode), RUBBISH).map(b"".join))
@example(rb'{"a":1,"\u0061":2}')
@example(rb'{"a": 1, "\u0061": "\u0022\u0022"}')
@example(rb'{"a": "\u0022", "a": ""}')
@example(rb'{"a": {"\"": 1, "\u0022": 1}}')
@example(rb'{"a": 1, "a": "\u002c"}')
@example(rb'{"a": "\u002C", "b": "\u002c\\u002c", "\u002C": 1}')
@example(rb'[{"a": [1, 2], "a": "\u002C\u002c"}]')
@example(rb'{"a\\": 1, "b": "\\u0022", "c": "\\\u0022"}')
@example(rb'{"a": "\":", "b": "x\": ", ":": "\":\":"}')
@example(rb'["\\", "\\\\", "\\\"", {"\\": 1, "\u005c": 2}]')
@example(rb"[1e5, 1e-131071, 100000000000000000000, 1.0]")
@example(rb"[[[[[]]]]]")
@example(rb'{"a": [{"b": [{}]}], "c": "[[[{{{"}')
def test_the_guard_takes_and_reads_what_the_rules_say_and_refuses_the_rest(raw: bytes) -> None:
    assert repr(guarded(raw)) == repr(plainly(raw))


@settings(max_examples=200)
@given(texts().map(str.encode), st.data())
def test_so_it_does_with_a_text_of_which_a_byte_was_changed(raw: bytes, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(raw) - 1))
    changed = (
        raw[:at] + data.draw(st.sampled_from([b"", b'"', b"\\", b"{", b"}", b",", b":", b"e", b"0", b"\xc3"])) + raw[at + 1 :]
    )

    assert repr(guarded(changed)) == repr(plainly(changed))
