"""What is sent again under an id: the same statement, as its sender or another LRS writes it by then, or another one."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from services.gateway.domain.repetition import repeats
from shared.xapi import canonical

SENT: dict[str, Any] = {
    "id": "0192f3a8-0000-4000-8000-000000000001",
    "actor": {"mbox": "mailto:ann@example.org"},
    "verb": {"id": "https://example.org/did"},
    "object": {"id": "https://example.org/it"},
    "result": {"success": True},
}
TIME = {"timestamp": "2026-01-31T12:00:00Z"}
TYPES = {"actor": {"objectType": "Agent", **SENT["actor"]}, "object": {"objectType": "Activity", **SENT["object"]}}
LATER = {"timestamp": "2026-01-31T12:00:01Z"}


def again(recorded: dict[str, Any], sent: dict[str, Any]) -> bool:
    return repeats(canonical.digest(recorded), canonical.digest(sent), orjson.dumps(sent))


@pytest.mark.parametrize("more", [{}, TIME, TYPES, TIME | TYPES], ids=["nothing", "a time", "types", "a time and types"])
def test_a_statement_comes_back_with_what_an_lrs_adds(more: dict[str, Any]) -> None:
    assert again(SENT, SENT | more)


@pytest.mark.parametrize("whole", [SENT, SENT | TIME, SENT | TIME | TYPES])
def test_what_is_the_same_is_the_same(whole: dict[str, Any]) -> None:
    assert again(whole, dict(reversed(whole.items())))


def test_a_statement_that_had_a_time_comes_back_with_types_and_that_time() -> None:
    assert again(SENT | TIME, SENT | TIME | TYPES)
    assert not again(SENT | TIME, SENT | LATER | TYPES)


@pytest.mark.parametrize("less", [SENT, SENT | TYPES])
def test_what_comes_back_with_less_is_another(less: dict[str, Any]) -> None:
    assert not again(SENT | TIME, less)


@pytest.mark.parametrize(
    "other",
    [
        {"result": {"success": False}},
        {"actor": {"mbox": "mailto:bob@example.org"}},
        {"object": {"objectType": "Agent", "mbox": "mailto:bob@example.org"}},
        {"id": "0192f3a8-0000-4000-8000-000000000002"},
    ],
)
def test_other_content_is_another_whatever_comes_with_it(other: dict[str, Any]) -> None:
    assert not again(SENT, SENT | TIME | TYPES | other)
