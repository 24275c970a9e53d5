"""Work that goes through many bytes is done beside the event loop."""

from __future__ import annotations

from threading import get_ident

import pytest

from shared.aside import LARGE, aside


async def test_what_is_small_is_done_at_once_and_what_is_large_in_another_thread() -> None:
    small, large = [await aside(size, get_ident) for size in (LARGE - 1, LARGE)]

    assert small == get_ident() != large


@pytest.mark.parametrize("size", [0, LARGE])
async def test_what_fails_fails_for_who_asked(size: int) -> None:
    with pytest.raises(ZeroDivisionError):
        await aside(size, divmod, 1, 0)
