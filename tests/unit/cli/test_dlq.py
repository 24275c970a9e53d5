from __future__ import annotations

import pytest

from services.commands.dlq import Name
from services.commands.faults import Refused


@pytest.mark.parametrize("text", ["lrs", "lrs-", "lrs-x", "nobody-1", "lrs--1", "lrs-9223372036854775808"])
def test_what_names_no_dead_letter_is_told_as_such(text: str) -> None:
    with pytest.raises(Refused, match="names no dead letter: write lrs-17"):
        Name.read(text)


def test_a_name_is_read_as_it_is_written() -> None:
    assert str(Name.read("lrs-9223372036854775807")) == "lrs-9223372036854775807"
