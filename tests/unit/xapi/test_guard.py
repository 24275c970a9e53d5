from __future__ import annotations

import json
from time import process_time
from typing import Any

import pytest

from shared.xapi.guard import Limits, Malformed, parse

LIMITS = Limits(size=100_000, depth=64, nodes=5_000)
REFUSED = [
    ("no text", b"", "json", ""),
    ("white space", b" \n", "json", ""),
    ("half a document", b'{"a":[1', "json", "/a/0"),
    ("a comma too many", b'{"a":1,}', "json", ""),
    ("two documents", b"{} {}", "json", ""),
    ("single quotes", b"{'a':1}", "json", ""),
    ("a comment", b"[1] // x", "json", ""),
    ("a control character in a string", b'["a\x01"]', "json", "/0"),
    ("a leading zero", b"[01]", "json", "/0"),
    ("NaN", b"[NaN]", "json", "/0"),
    ("Infinity", b'{"a":-Infinity}', "json", "/a"),
    ("too large", b"[" + b" " * 100_000 + b"]", "size", ""),
    ("too deep", b"[" * 65 + b"]" * 65, "depth", ""),
    ("too deep in objects", b'{"a":' * 65 + b"1" + b"}" * 65, "depth", ""),
    ("too deep in a list", b"[{}," + b"[" * 64 + b"]" * 64 + b"]", "depth", ""),
    ("far too deep", b"[" * 4_000 + b"]" * 4_000, "depth", ""),
    ("too many values", b"[" + b"0," * 5_000 + b"0]", "nodes", ""),
    ("too many objects", b"[" + b"{}," * 5_000 + b"{}]", "nodes", ""),
    ("a number beyond a double", b'{"a":[0,1e400]}', "number", "/a/1"),
    ("a number just beyond a double", b"[1.8e308]", "number", "/0"),
    ("an exponent that fills a disk", b'{"a":1e131071}', "number", "/a"),
    ("a tiny exponent", b'{"a":1E-131071}', "number", "/a"),
    ("an exponent of nine digits", b"[-1.5e+999999999]", "number", "/0"),
    ("an integer of 5,000 digits", b'{"a":' + b"9" * 5_000 + b"}", "number", "/a"),
    ("a fraction of 5,000 digits", b'{"a":{"b":0.' + b"1" * 5_000 + b"}}", "number", "/a/b"),
    ("a key twice", b'{"x":[0,{"b":1,"b":2}]}', "duplicate-key", "/x/1/b"),
    ("a key twice, alike", b'{"b":1,"b":1}', "duplicate-key", "/b"),
    ("a key twice, spelled differently", b'{"b":1,"\\u0062":1}', "duplicate-key", "/b"),
    ("half a surrogate pair", b'["\\ud800"]', "surrogate", "/0"),
    ("a pair in the wrong order", b'["\\udc00\\ud800"]', "surrogate", "/0"),
    ("Latin-1", b'{"a":"\xe9"}', "encoding", "/a"),
    ("a surrogate in UTF-8", b'["\xed\xa0\x80"]', "encoding", "/0"),
    ("a byte order mark", b"\xef\xbb\xbf{}", "encoding", ""),
    ("UTF-16", "{}".encode("utf-16"), "encoding", ""),
]
ACCEPTED = [
    ("nested as deep as allowed", b"[" * 64 + b"]" * 64),
    ("many shallow brackets", b"[" + b"[[]]," * 500 + b"{}]"),
    ("brackets in a string", json.dumps(["[{" * 300]).encode()),
    ("commas in a string", json.dumps(["," * 50_000]).encode()),
    ("what looks like a number in a string", b'["see 1e400, 1e131071 and \\" 1e999"]'),
    ("many digits in a string", json.dumps(["\u00e9" + "9" * 9_000]).encode()),
    ("a UUID that reads like an exponent", b'[ "1e4000ab-0e00-4e12-9e99-1e400e400e40" ]'),
    ("the largest double", b"[1.7976931348623157e308]"),
    ("the smallest double", b"[5e-324]"),
    ("zeros before an exponent", b"[1e0005]"),
    ("an integer beyond 64 bits", b"[123456789012345678901234567890]"),
    ("NUL and a whole pair", b'["\\u0000\\ud83d\\ude00"]'),
    ("a scalar", b"-0"),
    ("escaped slashes", b'{"a\\/b":"\\/\\\\/"}'),
    ("white space everywhere", b' {\t"a" :\r\n[ 1 , 2 ] } '),
]


@pytest.mark.parametrize(("raw", "rule", "pointer"), [case[1:] for case in REFUSED], ids=[case[0] for case in REFUSED])
def test_the_guard_refuses_and_says_where_and_why(raw: bytes, rule: str, pointer: str) -> None:
    with pytest.raises(Malformed) as caught:
        parse(raw, LIMITS)

    assert (caught.value.rule, caught.value.pointer) == (rule, pointer)
    assert len(caught.value.message) < 200


@pytest.mark.parametrize("raw", [case[1] for case in ACCEPTED], ids=[case[0] for case in ACCEPTED])
def test_the_guard_lets_pass_what_only_looks_dangerous(raw: bytes) -> None:
    value = parse(raw, LIMITS)

    assert value == json.loads(raw)


def test_a_text_may_be_as_large_as_allowed() -> None:
    raw = b"[" + b" " * 99_998 + b"]"

    assert parse(raw, LIMITS) == []
    with pytest.raises(Malformed):
        parse(raw + b" ", LIMITS)


@pytest.mark.parametrize(
    ("raw", "pointer"),
    [
        (b'{"a":"see 1e400","b":1e400}', "/b"),
        (b'{"a":"\\"1e400","b":[0,1e400]}', "/b/1"),
        (b'{"a 1e400":[0,{"c":-1e400}]}', "/a 1e400/1/c"),
    ],
)
def test_a_number_is_pointed_at_where_it_stands_and_not_in_a_text_that_looks_like_it(raw: bytes, pointer: str) -> None:
    with pytest.raises(Malformed) as caught:
        parse(raw, LIMITS)

    assert (caught.value.rule, caught.value.pointer) == ("number", pointer)


def test_a_mistake_is_found_in_a_text_of_many_lines() -> None:
    with pytest.raises(Malformed) as caught:
        parse(b'{\n"a": 1,\n"b": [1, x]}', LIMITS)

    assert (caught.value.rule, caught.value.pointer) == ("json", "/b/1")
    assert caught.value.message.endswith("at byte 19.")


@pytest.mark.parametrize("digits", [32, 128, 200])
def test_as_many_digits_as_allowed_pass_and_one_more_does_not(digits: int) -> None:
    limits = Limits(number_length=digits)

    assert parse(b"[" + b"7" * digits + b"]", limits) == [int("7" * digits)]
    with pytest.raises(Malformed):
        parse(b"[" + b"7" * (digits + 1) + b"]", limits)


def test_limits_that_would_let_infinity_pass_cannot_be_set() -> None:
    with pytest.raises(ValueError, match="number_length"):
        Limits(number_length=300)


def test_long_chains_of_digits_and_exponents_cost_linear_time() -> None:
    chain: Any = ["0e000" * 400_000 + "\n"]

    assert parse(json.dumps(chain, indent=1).encode().replace(b"0e", b"\\u0030e", 1), Limits()) == chain


def test_many_words_that_look_like_exponents_cost_no_more() -> None:
    raw = b'{"a":"' + (b"x" + b"0e000" * 80) * 2_500 + b'","b":1.0,"b":2}'

    begun = process_time()
    with pytest.raises(Malformed, match="same key twice"):
        parse(raw, Limits())

    assert process_time() - begun < 1.0
