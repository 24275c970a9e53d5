"""The impact doors: who may read, what for, what is told, and what is written down about it."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from datetime import timedelta
from urllib.parse import urljoin
from uuid import UUID, uuid4

import pytest

from services.scoring.domain.rules import VERSION
from shared.contracts import Status
from shared.postgres import Query
from shared.xapi.vocabulary import Verb
from tests.support.community import BEGIN, artefact, batch, community, enriched, learner
from tests.support.description import faults_of
from tests.support.impact import EMAIL, HELPER, WRITE, Doors
from tests.support.scoring import ScoringBench


def sealed(text: str) -> str:
    """Write a cursor that holds *text*."""
    return urlsafe_b64encode(text.encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    "reference", [HELPER, HELPER.upper(), f"mbox_sha1sum:{EMAIL.upper()}", "external:HR/7", "external:HR%2F7"]
)
async def test_impact_is_found_by_each_kind_of_reference(doors: Doors, reference: str) -> None:
    answer = await doors.get(f"/v1/learners/{reference}/impact")

    told = answer.json()
    assert answer.status_code == 200
    assert told["learner"] == HELPER
    assert told["impact"] == pytest.approx(3**0.5 + 1)
    assert told["impact"] == told["reception"] + told["contribution"]
    assert (told["grounding"], told["facts"], told["informal_facts"]) == (1.0, 2, 0)
    assert (told["provisional"], told["decision_use"], told["rules_version"]) == (True, "advisory", VERSION)
    assert told["as_of"] == "2026-03-02T09:00:00.000000Z"


async def test_the_explanation_sums_to_the_impact_and_names_course_and_peer(doors: Doors) -> None:
    told = (await doors.get(f"/v1/learners/{HELPER}/explanation")).json()

    assert sum(fact["credit"] for fact in told["explanation"]) == pytest.approx(told["impact"], abs=1e-9)
    assert told["explanation"][0]["peer"] == learner(1)
    assert {fact["course_title"] for fact in told["explanation"]} == {"Statistics"}
    assert told["facts_not_shown"] == 0


async def test_what_a_short_explanation_leaves_out_is_told_as_a_sum(doors: Doors) -> None:
    told = (await doors.get(f"/v1/learners/{HELPER}/explanation?limit=1")).json()

    assert told["facts_not_shown"] == 1
    assert told["explanation"][0]["credit"] + told["credit_not_shown"] == pytest.approx(told["impact"])


async def test_an_explanation_is_read_whole_by_its_pages_though_time_goes_on(doors: Doors, bench: ScoringBench) -> None:
    await bench.hear(community(3, 80, people=3))
    path: str | None = f"/v1/learners/{HELPER}/explanation"
    whole, told = (await doors.get(f"{path}?limit=10000")).json(), []

    path = f"{path}?limit=3&purpose=research"
    while path:
        page = await doors.get(path)
        told += page.json()["explanation"]
        path = urljoin(path, page.links["next"]["url"]) if "next" in page.links else None
        doors.clock.now += timedelta(days=1)

    assert len(told) > 9
    assert told == whole["explanation"]
    assert page.json()["as_of"] == whole["as_of"]
    assert page.json()["next_cursor"] is whole["next_cursor"] is None


async def test_the_link_to_the_next_page_leads_on_from_any_name_and_below_any_path(doors: Doors) -> None:
    await doors.database.execute(Query("UPDATE records.learner SET external_id = 'HR ž/7' WHERE external_id = 'HR/7'"))

    first = await doors.get("/v1/learners/external:HR%20%C5%BE%2F7/explanation?limit=1&purpose=research")
    following = urljoin(f"https://learning.example.org/lrs{first.url.raw_path.decode()}", first.links["next"]["url"])
    second = await doors.get(following.removeprefix("https://learning.example.org/lrs"))

    assert len(first.json()["explanation"]) == len(second.json()["explanation"]) == 1
    assert first.json()["explanation"] != second.json()["explanation"]


async def test_a_page_behind_which_more_is_has_not_changed_while_the_week_lasts(doors: Doors) -> None:
    path = f"/v1/learners/{HELPER}/explanation?limit=1"
    first = await doors.get(path)

    doors.clock.now = BEGIN + timedelta(days=6)
    again = await doors.get(path, **{"If-None-Match": first.headers["etag"]})

    assert first.json()["next_cursor"]
    assert again.status_code == 304


async def test_behind_the_last_fact_there_is_an_empty_page(doors: Doors) -> None:
    cursor = sealed(f"2026-03-02T09:00:00Z 0.0 5000 {HELPER} reception")

    page = await doors.get(f"/v1/learners/{HELPER}/explanation?after={cursor}")
    nobody = await doors.get(f"/v1/learners/{uuid4()}/explanation?after={cursor}")

    assert (page.status_code, page.json()["explanation"], page.json()["facts_not_shown"]) == (200, [], 2)
    assert nobody.status_code == 404


async def test_every_read_is_written_down_with_who_what_for_and_about_whom(doors: Doors) -> None:
    await doors.get(f"/v1/learners/{HELPER}/impact")
    await doors.get(f"/v1/learners/{HELPER}/explanation?purpose=research")
    await doors.get(f"/v1/learners/{uuid4()}/impact")
    await doors.get("/v1/impact")

    rows = [tuple(row)[:5] for row in await doors.audit()]

    assert rows == [
        ("reader", "impact", "development", UUID(HELPER), 1),
        ("reader", "explanation", "research", UUID(HELPER), 1),
        ("reader", "impact", "development", None, 0),
        ("reader", "changes", "development", None, 2),
    ]


async def test_an_answer_that_has_not_changed_is_304_until_the_week_turns(doors: Doors) -> None:
    path = f"/v1/learners/{HELPER}/impact"
    tag = (await doors.get(path)).headers["etag"]

    doors.clock.now = BEGIN + timedelta(days=6)
    same = await doors.get(path, **{"If-None-Match": tag})
    doors.clock.now = BEGIN + timedelta(days=7)
    faded = await doors.get(path, **{"If-None-Match": tag})

    assert (same.status_code, same.content, faded.status_code) == (304, b"", 200)
    assert len(await doors.audit()) == 3


async def test_as_of_says_to_which_moment_evidence_fades(doors: Doors) -> None:
    told = (await doors.get(f"/v1/learners/{HELPER}/impact?as_of=2026-06-01T00:00:00Z")).json()

    assert told["contribution"] == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("path", "pointer"),
    [
        ("learners/nobody/impact", "/path/ref"),
        ("learners/mbox_sha1sum:xyz/impact", "/path/ref"),
        ("learners/external:/impact", "/path/ref"),
        ("learners/external:%00/impact", "/path/ref"),
        ("learners/card:7/impact", "/path/ref"),
        (f"learners/{HELPER}/impact?as_of=soon", "/query/as_of"),
        (f"learners/{HELPER}/impact?as_of=9999-12-31T23:59:59.999999Z", "/query/as_of"),
        (f"learners/{HELPER}/impact?as_of=0001-01-01", "/query/as_of"),
        (f"learners/{HELPER}/impact?limit=1", "/query/limit"),
        (f"learners/{HELPER}/explanation?limit=0", "/query/limit"),
        (f"learners/{HELPER}/explanation?after=%FF", "/query/after"),
        (f"learners/{HELPER}/explanation?after={sealed(f'2026-03-02T09:00:00Z nan 0 {HELPER} reception')}", "/query/after"),
        (f"learners/{HELPER}/explanation?after={sealed(f'2026-03-02T09:00:00Z 1.0 -1 {HELPER} reception')}", "/query/after"),
        (f"learners/{HELPER}/explanation?after={sealed(f'2026-03-02T09:00:00Z 1.0 0 {HELPER} {chr(0)}')}", "/query/after"),
        (f"learners/{HELPER}/explanation?after={sealed(f'0001-01-01 1.0 0 {HELPER} reception')}", "/query/after"),
        (
            f"learners/{HELPER}/explanation?as_of=2026-01-01&after={sealed(f'2026-03-02T09:00:00Z 1.0 0 {HELPER} reception')}",
            "/query/as_of",
        ),
        ("impact?limit=-1", "/query/limit"),
        ("impact?limit=1001", "/query/limit"),
        ("impact?limit=%C2%B2", "/query/limit"),
        ("impact?changed_since=%FF", "/query/changed_since"),
        ("impact?changed_since=LTEuMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDA", "/query/changed_since"),
        ("impact?changed_sine=x", "/query/changed_sine"),
        ("impact?purpose=curiosity", "/query/purpose"),
    ],
)
async def test_bad_input_is_told_where_and_why(doors: Doors, path: str, pointer: str) -> None:
    answer = await doors.get(f"/v1/{path}")

    assert (answer.status_code, answer.headers["content-type"]) == (400, "application/problem+json")
    assert answer.json()["errors"][0]["pointer"] == pointer


async def test_a_read_without_a_purpose_is_refused_and_told_which_there_are(doors: Doors) -> None:
    answer = await doors.client.get(f"/v1/learners/{HELPER}/impact", headers={"Authorization": "reader"})

    assert answer.status_code == 400
    assert "staffing-support" in answer.json()["detail"]
    assert not await doors.audit()


@pytest.mark.parametrize(("key", "status"), [("", 401), ("writer", 403)])
async def test_reading_needs_a_key_that_may(doors: Doors, key: str, status: int) -> None:
    for path in (f"learners/{HELPER}/impact", f"learners/{HELPER}/explanation", "impact", "impact.csv"):
        answer = await doors.client.get(f"/v1/{path}?purpose=research", headers={"Authorization": key})

        assert answer.status_code == status


async def test_a_voided_act_is_gone_from_the_answer(doors: Doors, bench: ScoringBench) -> None:
    await bench.apply(batch([enriched(3, Verb.ACCEPTED, revision=2, status=Status.VOIDED, object=artefact(2), author=HELPER)]))

    told = (await doors.get(f"/v1/learners/{HELPER}/impact")).json()

    assert (told["reception"], told["contribution"], told["facts"]) == (0.0, 0.0, 1)


async def test_what_is_told_is_as_openapi_says(doors: Doors, bench: ScoringBench) -> None:
    await bench.hear(community(3, 80, people=3))
    of_one, purpose = f"/v1/learners/{HELPER}", "purpose=research"

    for path, schema in (
        (f"{of_one}/impact?{purpose}", "Impact"),
        (f"{of_one}/explanation?{purpose}&limit=1", "Explanation"),
        (f"{of_one}/explanation?{purpose}", "Explanation"),
        (f"/v1/impact?{purpose}", "Changes"),
        (f"/v1/impact?{purpose}&limit=0", "Problem"),
    ):
        assert faults_of((await doors.get(path)).json(), schema) == [], path
    passed_on = await doors.client.put(f"{of_one}/objection", headers=WRITE)
    assert (passed_on.status_code, faults_of(passed_on.json(), "Objection")) == (202, [])


async def test_requests_are_counted_by_route_and_never_by_person(doors: Doors) -> None:
    await doors.get(f"/v1/learners/{HELPER}/impact")

    exposition = (await doors.client.get("/metrics")).text

    assert 'route="/v1/learners/{ref:path}/impact"' in exposition
    assert HELPER not in exposition
