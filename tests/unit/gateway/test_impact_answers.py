from __future__ import annotations

import csv
import io
from datetime import UTC, datetime
from uuid import UUID

import pytest
from starlette.requests import Request

from services.gateway.impact.answers import COLUMNS, table
from services.gateway.impact.asking import BEGINNING, LAST_XID, ChangeKey, change_key_of, cursor_of


def asked(cursor: str) -> Request:
    return Request({"type": "http", "query_string": f"changed_since={cursor}".encode(), "headers": []})


def row(external_id: str) -> dict[str, object]:
    return {
        "learner": UUID(int=1),
        "external_id": external_id,
        "deleted": False,
        "impact": 1e-7,
        "reception": 0.0,
        "contribution": 0.0,
        "grounding": None,
        "facts": 1,
        "informal": 1,
        "rules_version": "1-x",
        "as_of": datetime(2026, 3, 2, tzinfo=UTC),
    }


@pytest.mark.parametrize("key", [BEGINNING, ChangeKey("1/00000001", LAST_XID, UUID(int=2**128 - 1))])
def test_a_cursor_comes_back_as_the_key_it_was_made_of(key: ChangeKey) -> None:
    assert change_key_of(asked(cursor_of(key))) == key


@pytest.mark.parametrize("formula", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1"])
def test_a_cell_that_a_spreadsheet_would_run_is_disarmed(formula: str) -> None:
    (read,) = csv.DictReader(io.StringIO(table([row(formula)]).decode(), newline=""))

    assert read["external_id"] == f"'{formula}"


def test_text_with_quotes_commas_and_lines_stays_one_cell_and_numbers_stay_numbers() -> None:
    (read,) = csv.DictReader(io.StringIO(table([row('a "b", c\nd')]).decode(), newline=""))

    assert tuple(read) == COLUMNS
    assert (read["external_id"], read["impact"], read["grounding"]) == ('a "b", c\nd', "1e-07", "")
