"""Forms: what a browser writes is read as it was meant, and nothing that is read was meant otherwise."""

from __future__ import annotations

from urllib.parse import quote, urlencode

from hypothesis import given
from hypothesis import strategies as st

from services.gateway.domain.forms import BadForm, read_form

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
FIELDS = st.lists(st.tuples(TEXT, TEXT), max_size=10)


@given(FIELDS)
def test_what_a_browser_writes_is_read(fields: list[tuple[str, str]]) -> None:
    assert read_form(urlencode(fields).encode()) == fields


@given(FIELDS)
def test_every_character_may_be_escaped(fields: list[tuple[str, str]]) -> None:
    written = "&".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in fields)

    assert read_form(written.encode()) == fields


@given(FIELDS.filter(bool), st.integers(0), st.sampled_from([b"%", b"%f", b"%ZZ", b"\xff", b"%ff", b"&x&", b"%ED%A0%80"]))
def test_a_broken_form_is_refused_whole(fields: list[tuple[str, str]], at: int, broken: bytes) -> None:
    whole = [urlencode([field]).encode() for field in fields]
    whole[at % len(whole)] += broken

    try:
        read = read_form(b"&".join(whole))
    except BadForm:
        return
    raise AssertionError(f"read as {read}")


@given(st.binary(max_size=60))
def test_any_bytes_are_read_or_refused(raw: bytes) -> None:
    try:
        fields = read_form(raw)
    except BadForm:
        return

    assert read_form(urlencode(fields).encode()) == fields
