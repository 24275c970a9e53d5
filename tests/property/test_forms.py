"""Forms are read as the standard library reads them, in less time."""

from __future__ import annotations

from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.forms import TooManyFields, fields

PIECES = ["a", "%41", "%", "%4", "%C3%a9", "%ff", "+", "&", "=", "\u00e9", "%zz", "%25", "%00"]


@given(st.lists(st.sampled_from(PIECES), max_size=30).map("".join))
def test_a_form_is_what_the_standard_library_reads(written: str) -> None:
    assert list(fields(written.encode(), 100)) == parse_qsl(written, keep_blank_values=True)


@given(st.lists(st.sampled_from(PIECES), min_size=1, max_size=9).map("".join))
def test_of_too_many_fields_none_is_read(written: str) -> None:
    with pytest.raises(TooManyFields):
        next(fields(f"{written}&a=b".encode(), written.count("&") + 1))
