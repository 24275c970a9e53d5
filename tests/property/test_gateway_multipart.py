"""What is written as multipart is read back; what is broken is refused, and never breaks us."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from time import perf_counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.gateway.attachments.incoming import read_multipart
from services.gateway.attachments.multipart import BadMultipart, Part, boundary_of, head, new_boundary, read_parts, tail
from services.gateway.domain.admission import Writing, admit
from services.gateway.domain.credential import Credential, KeyId, Scope
from shared.xapi.guard import Limits, Malformed
from shared.xapi.model import Version
from shared.xapi.validation import Invalid
from tests.support.attachments import attachment, multipart, part, signature, signed, signing_key, statements_part
from tests.support.gateway import statement

STATEMENT = statement()
TOKEN = signed(STATEMENT, signing_key())

KEY = Credential(
    KeyId("k"), "test", frozenset({Scope.ALL}), b'{"mbox":"mailto:us@example.org"}', "mbox::mailto:us@example.org", ()
)
WRITING = Writing(Version.V1_0_3, KEY, datetime(2026, 1, 31, 12, tzinfo=UTC), Limits(), 3)

names = st.text("ABCxyz-_0", min_size=1, max_size=12)
values = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=30).map(lambda text: text.strip(" "))
headers = st.dictionaries(names.map(str.lower), values, max_size=4)
octets = st.one_of(st.binary(max_size=60), st.text("-\r\nsymposa\x00 ", max_size=60).map(str.encode))
parts = st.lists(st.builds(Part, headers, octets), min_size=1, max_size=5)


def written(several: list[Part], boundary: str) -> bytes:
    return b"".join(head(boundary, each.headers) + each.content + b"\r\n" for each in several) + tail(boundary)


@given(parts, st.binary(max_size=20), st.binary(max_size=20))
def test_what_is_written_is_read_back(several: list[Part], before: bytes, behind: bytes) -> None:
    boundary = new_boundary()
    preamble, epilogue = before and before + b"\r\n", behind and b"\r\n" + behind

    read = list(read_parts(preamble + written(several, boundary) + epilogue, boundary.encode()))

    assert [(dict(part.headers), part.content) for part in read] == [(dict(part.headers), part.content) for part in several]


@given(parts, st.data())
def test_a_broken_message_is_read_otherwise_or_refused(several: list[Part], data: st.DataObject) -> None:
    body = bytearray(written(several, "b"))
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(body) - 1))
        match data.draw(st.sampled_from(["cut", "set", "insert"])):
            case "cut":
                del body[at : at + data.draw(st.integers(1, 8))]
            case "set":
                body[at] = data.draw(st.integers(0, 255))
            case _:
                body[at:at] = data.draw(st.sampled_from([b"\r\n--b", b"--b--", b"\r\n\r\n", b"\x00", b":"]))
        if not body:
            break

    try:
        read = list(read_parts(bytes(body), b"b"))
    except BadMultipart:
        return
    assert sum(len(part.content) for part in read) <= len(body)


@given(st.binary(max_size=200), st.text(max_size=40))
def test_any_bytes_are_read_or_refused(body: bytes, content_type: str) -> None:
    for header in (content_type, f"multipart/mixed; boundary={content_type}", f'multipart/mixed; boundary="{content_type}"'):
        try:
            list(read_parts(body, boundary_of(header)))
        except BadMultipart as error:
            assert error.message  # noqa: PT017  either outcome is right


@given(st.data())
def test_a_broken_request_is_admitted_or_refused(data: st.DataObject) -> None:
    sent = {**STATEMENT, "attachments": [attachment(b"an essay"), signature(TOKEN)]}
    body = bytearray(multipart([statements_part(sent), part(b"an essay"), part(TOKEN, signature(TOKEN))], "b"))
    at = data.draw(st.integers(0, len(body) - 1))
    body[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
    said = "multipart/mixed; boundary=b"

    try:
        incoming = read_multipart(bytes(body), said)
        admit(incoming.statements, replace(WRITING, enclosed=incoming.enclosed))
    except (BadMultipart, Malformed, Invalid) as error:
        assert str(error)  # noqa: PT017  either outcome is right


@settings(max_examples=50)
@given(st.text("abcXYZ0129'()+_,-./:=? ", min_size=1, max_size=70).filter(lambda text: not text.endswith(" ")))
def test_a_quoted_boundary_is_any_that_the_grammar_has(boundary: str) -> None:
    body = written([Part({}, b"content")], boundary)

    (part,) = read_parts(body, boundary_of(f'multipart/mixed; boundary="{boundary}"'))

    assert part.content == b"content"


@pytest.mark.parametrize(
    "body",
    [
        b"--b\r\n\r\n" + b"\r\n--" * 2_000_000,
        b"--b\r\n\r\n" + b"\r\n" * 4_000_000,
        b"--b" + b" " * 8_000_000,
        b"--b\r\n" + b"a: b\r\n" * 1_000_000,
        b"--b\r\n" + b" \r\n" * 2_000_000,
        b"-" * 8_000_000,
    ],
)
def test_hostile_bodies_take_no_more_time_than_their_length(body: bytes) -> None:
    begun = perf_counter()

    with pytest.raises(BadMultipart):
        list(read_parts(body, b"b"))

    assert perf_counter() - begun < 1.0
