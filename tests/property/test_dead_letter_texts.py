"""How texts are found in what dead letters hold, each read once."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from shared.stream.dead_letters import standing

_PIECE = st.sampled_from([b'"', b"a", b"b", b"\\", b'\\"'])
_TEXT = st.lists(_PIECE, max_size=3).map(lambda pieces: b'"' + b"".join(pieces) + b'"')


@given(st.lists(_PIECE, max_size=12).map(b"".join), st.lists(_TEXT, max_size=3))
def test_a_text_stands_where_its_bytes_do_whatever_else_a_value_holds(value: bytes, texts: list[bytes]) -> None:
    found = standing(texts)(value)

    assert found == any(text in value for text in texts)
