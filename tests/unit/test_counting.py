"""Numbers in sentences."""

from __future__ import annotations

import pytest

from services.counting import counted


@pytest.mark.parametrize(
    ("number", "written"), [(0, "0 rows, 0 people"), (1, "1 row, 1 person"), (2, "2 rows, 2 people"), (21, "21 rows, 21 people")]
)
def test_one_is_written_as_one_and_all_else_as_several(number: int, written: str) -> None:
    assert f"{counted(number, 'row')}, {counted(number, 'person', 'people')}" == written
