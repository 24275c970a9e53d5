"""The feed of changes: paged to the end, gone where the database is another, and as CSV."""

from __future__ import annotations

import csv
import io
from urllib.parse import urljoin
from uuid import UUID

import pytest

from services.gateway.impact.asking import ChangeKey, cursor_of
from shared.postgres import Query
from tests.support.community import community, objection
from tests.support.impact import HELPER, Doors
from tests.support.scoring import ScoringBench


async def test_a_reader_of_changes_pages_to_the_end_and_then_hears_what_is_new(doors: Doors, bench: ScoringBench) -> None:
    await bench.hear(community(1, 60, people=9))
    path, told, pages = "/v1/impact?limit=4&purpose=recognition", [], 0

    while path:
        answer = await doors.get(path)
        told += answer.json()["changes"]
        path = urljoin(path, answer.links["next"]["url"]) if "next" in answer.links else ""
        cursor, pages = answer.json()["next_cursor"], pages + 1
    await bench.apply(objection(2))
    news = (await doors.get(f"/v1/impact?changed_since={cursor}")).json()

    assert pages > 1
    assert len({each["learner"] for each in told}) == len(told) == 9
    assert {"learner": HELPER, "external_id": "HR/7", "deleted": True} in news["changes"]
    assert (await doors.get(f"/v1/impact?changed_since={news['next_cursor']}")).json()["next_cursor"] == news["next_cursor"]


@pytest.mark.parametrize("history", ["7713914092439316962/00000001", ""])
async def test_a_cursor_of_another_history_is_gone_though_this_one_has_come_as_far(doors: Doors, history: str) -> None:
    earlier = cursor_of(ChangeKey(history, 1, UUID(HELPER)))

    answer = await doors.get(f"/v1/impact?changed_since={earlier}")

    assert answer.status_code == 410
    assert "changes" not in answer.json()


@pytest.mark.parametrize(("path", "accept"), [("/v1/impact.csv", "*/*"), ("/v1/impact", "text/csv")])
async def test_changes_come_as_csv_that_runs_no_formula(doors: Doors, path: str, accept: str) -> None:
    await doors.database.execute(Query("UPDATE records.learner SET external_id = '=cmd|''/c calc''!A0'"))

    answer = await doors.get(path, Accept=accept)
    rows = {row["learner"]: row for row in csv.DictReader(io.StringIO(answer.text))}

    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["x-next-cursor"]
    assert rows[HELPER]["external_id"] == "'=cmd|'/c calc'!A0"
    assert float(rows[HELPER]["impact"]) == pytest.approx(3**0.5 + 1)
    assert (rows[HELPER]["deleted"], rows[HELPER]["provisional"]) == ("false", "true")
