"""The impact doors over scoring's real tables: who may read, what for, what is told, and what is written down about it."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from hashlib import sha1
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from prometheus_client import CollectorRegistry
from starlette.requests import Request

from services.gateway.domain.credential import Credential, KeyId, Scope
from services.gateway.impact import routes
from services.scoring.domain.rules import VERSION
from shared.contracts import OBJECTION, Objection, Status, decode
from shared.http import Problem, create_app
from shared.postgres import Database, Query
from shared.settings import PostgresSettings
from shared.stream.memory import MemoryLog
from shared.xapi.vocabulary import Verb
from tests.support.community import BEGIN, artefact, batch, community, enriched, learner, link, objection
from tests.support.scoring import ScoringBench

READ = {"Authorization": "reader", "X-Purpose": "development"}
WRITE = {"Authorization": "writer"}
SCOPES = {"reader": Scope.IMPACT_READ, "writer": Scope.IMPACT_WRITE}
HELPER = learner(2)
EMAIL = sha1(b"mailto:helper@example.org").hexdigest()  # noqa: S324  xAPI's mbox_sha1sum
INSERT_LEARNER = Query("INSERT INTO records.learner (id, external_id, name, email_sha1) VALUES ($1, $2, 'H', $3)")
INSERT_COURSE = Query("INSERT INTO records.course (iri, title) VALUES ($1, 'Statistics')")
AUDIT = Query("SELECT key_id, action, purpose, learner, learners, at FROM lrs.audit ORDER BY id")
ACTS = (
    enriched(1, Verb.ASKED, object=artefact(1), links=(link(),)),
    enriched(2, Verb.ANSWERED, learner=HELPER, object=artefact(2), parent=artefact(1), author=learner(1), links=(link(),)),
    enriched(3, Verb.ACCEPTED, object=artefact(2), author=HELPER, links=(link(),)),
)


class Clock:
    def __init__(self) -> None:
        self.now = BEGIN

    def __call__(self) -> datetime:
        return self.now


class Doors:
    """The gateway's impact doors alone, with a key of each scope."""

    def __init__(self, client: httpx.AsyncClient, database: Database, log: MemoryLog, clock: Clock) -> None:
        self.client, self.database, self.log, self.clock = client, database, log, clock

    async def get(self, path: str, **headers: str) -> httpx.Response:
        return await self.client.get(path, headers=READ | headers)

    async def audit(self) -> list[Any]:
        return await self.database.fetch(AUDIT)

    async def objections(self) -> list[Objection]:
        return [decode(r.value, Objection) for p, found in self.log.records.items() if p.topic == OBJECTION.name for r in found]


async def authorise(request: Request, scope: Scope) -> Credential:
    name = request.headers.get("authorization", "")
    if name not in SCOPES:
        raise Problem(401, "no key")
    if SCOPES[name] is not scope:
        raise Problem(403, "not permitted")
    return Credential(KeyId(name), name, frozenset({scope}), b"{}", "", ())


@pytest.fixture
async def doors(bench: ScoringBench, postgres_settings: PostgresSettings) -> AsyncIterator[Doors]:
    database = await Database.open(postgres_settings, schema="lrs", application="gateway-test")
    log, clock = MemoryLog(), Clock()
    await log.ensure([OBJECTION])
    router = routes(database, log, clock, authorise)
    app = create_app(service="gateway", registry=CollectorRegistry(), ready=database.ready, routers=[router])
    await database.execute(INSERT_LEARNER, UUID(HELPER), "HR/7", EMAIL)
    await database.execute(INSERT_COURSE, link().course)
    await bench.apply(batch(ACTS))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
        yield Doors(client, database, log, clock)
    await database.close()


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


async def test_a_reader_of_changes_pages_to_the_end_and_then_hears_what_is_new(doors: Doors, bench: ScoringBench) -> None:
    await bench.hear(community(1, 60, people=9))
    path, told, pages = "/v1/impact?limit=4&purpose=recognition", [], 0

    while path:
        answer = await doors.get(path)
        told += answer.json()["changes"]
        cursor, path, pages = answer.json()["next_cursor"], answer.links.get("next", {}).get("url", ""), pages + 1
    await bench.apply(objection(2))
    news = (await doors.get(f"/v1/impact?changed_since={cursor}")).json()

    assert pages > 1
    assert len({each["learner"] for each in told}) == len(told) == 9
    assert {"learner": HELPER, "external_id": "HR/7", "deleted": True} in news["changes"]
    assert (await doors.get(f"/v1/impact?changed_since={news['next_cursor']}")).json()["next_cursor"] == news["next_cursor"]


async def test_a_cursor_from_another_database_is_gone(doors: Doors) -> None:
    ahead = "OTk5OTk5OTk5OTk5Ljg4ODg4ODg4ODg4ODg4ODg4ODg4ODg4ODg4ODg4ODg4"

    assert (await doors.get(f"/v1/impact?changed_since={ahead}")).status_code == 410


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


async def test_an_objection_is_passed_on_written_down_and_answered_like_an_unknown_learner(
    doors: Doors, bench: ScoringBench
) -> None:
    answer = await doors.client.put("/v1/learners/external:HR/7/objection", headers=WRITE)
    await bench.apply(batch(await doors.objections(), OBJECTION))
    objecting = await doors.get(f"/v1/learners/{HELPER}/impact")
    unknown = await doors.get(f"/v1/learners/{uuid4()}/impact")

    assert (answer.status_code, answer.json()["objects"]) == (202, True)
    assert (objecting.status_code, objecting.content) == (unknown.status_code, unknown.content)
    assert tuple((await doors.audit())[0])[:5] == ("writer", "object", None, UUID(HELPER), 1)


async def test_a_withdrawal_is_passed_on(doors: Doors) -> None:
    await doors.client.put(f"/v1/learners/{HELPER}/objection", headers=WRITE)
    doors.clock.now += timedelta(minutes=1)

    answer = await doors.client.delete(f"/v1/learners/{HELPER}/objection", headers=WRITE)

    assert answer.status_code == 202
    assert [said.objects for said in await doors.objections()] == [True, False]


async def test_objecting_needs_a_known_learner_and_a_key_that_may(doors: Doors) -> None:
    unknown = await doors.client.put(f"/v1/learners/{uuid4()}/objection", headers=WRITE)
    forbidden = await doors.client.put(f"/v1/learners/{HELPER}/objection", headers=READ)

    assert (unknown.status_code, forbidden.status_code) == (404, 403)
    assert not await doors.objections()


async def test_while_the_log_is_down_an_objection_is_not_taken(doors: Doors) -> None:
    doors.log.faults.outage = True

    answer = await doors.client.put(f"/v1/learners/{HELPER}/objection", headers=WRITE)

    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")


async def test_a_voided_act_is_gone_from_the_answer(doors: Doors, bench: ScoringBench) -> None:
    await bench.apply(batch([enriched(3, Verb.ACCEPTED, revision=2, status=Status.VOIDED, object=artefact(2), author=HELPER)]))

    told = (await doors.get(f"/v1/learners/{HELPER}/impact")).json()

    assert (told["reception"], told["contribution"], told["facts"]) == (0.0, 0.0, 1)


async def test_openapi_tells_of_the_doors(doors: Doors) -> None:
    paths = (await doors.client.get("/openapi.json")).json()["paths"]

    assert {"/v1/learners/{ref}/impact", "/v1/learners/{ref}/explanation", "/v1/impact", "/v1/impact.csv"} <= set(paths)
    assert len(paths["/v1/learners/{ref}/objection"]) == 2


async def test_requests_are_counted_by_route_and_never_by_person(doors: Doors) -> None:
    await doors.get(f"/v1/learners/{HELPER}/impact")

    exposition = (await doors.client.get("/metrics")).text

    assert 'route="/v1/learners/{ref:path}/impact"' in exposition
    assert HELPER not in exposition
