from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest

from services.doctor import database, doors, stream
from services.doctor.finding import State
from services.installation import Home, Installation
from services.pipeline import STAGES, StageStanding
from shared.settings import PostgresSettings, SecretSettings


async def looked_at(answer: httpx.Response) -> tuple[State, str]:
    async with httpx.AsyncClient(transport=httpx.MockTransport(lambda _: answer)) as client:
        finding = await doors._service(client, "gateway", "http://127.0.0.1:8080", doors._absent)
    return finding.state, finding.words


async def test_a_service_that_is_not_ready_says_why() -> None:
    draining = httpx.Response(503, json={"detail": "draining"}, headers={"content-type": "application/problem+json"})

    assert await looked_at(draining) == (State.WRONG, "not ready: draining")


@pytest.mark.parametrize("status", [404, 500, 503])
async def test_what_answers_on_the_port_need_not_be_ours(status: int) -> None:
    page = httpx.Response(status, html="<h1>Somebody else's</h1>")

    assert await looked_at(page) == (State.WRONG, "something else answers at http://127.0.0.1:8080")


async def test_a_service_that_does_not_answer_is_not_said_to_be_gone() -> None:
    async def silent(request: httpx.Request) -> httpx.Response:
        raise httpx.ReadTimeout("", request=request)

    async with httpx.AsyncClient(transport=httpx.MockTransport(silent)) as client:
        finding = await doors._service(client, "gateway", "http://127.0.0.1:8080", doors._gone)

    assert finding.words == "accepts connections at http://127.0.0.1:8080, but does not answer within 5 s"


async def test_services_that_run_apart_are_asked_where_each_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SYMPOSIA_COMMANDS__ASKED", "gateway=http://127.0.0.1:1, telling=http://127.0.0.2:1")
    installation = Installation(Home.at(tmp_path), PostgresSettings(), SecretSettings(), embedded=False)

    found = [(finding.about, finding.words) async for finding in doors.look_at_services(installation)]

    assert found == [
        ("Service gateway", "nobody answers at http://127.0.0.1:1"),
        ("Service telling", "nobody answers at http://127.0.0.2:1"),
    ]


async def test_a_name_stands_for_each_of_its_addresses() -> None:
    assert await doors._replicas("http://localhost:8081") == ["http://127.0.0.1:8081"]


async def test_a_name_that_a_certificate_is_for_is_asked_as_it_is() -> None:
    assert await doors._replicas("https://localhost:8443") == ["https://localhost:8443"]


@pytest.mark.parametrize(
    ("later", "state"),
    [
        (StageStanding(STAGES[0], behind=9, outbox=0, read=101, end=110), State.WELL),
        (StageStanding(STAGES[0], behind=5, outbox=0, read=100, end=105), State.WRONG),
        (StageStanding(STAGES[0], behind=9, outbox=0, read=100, end=109), State.WRONG),
        (StageStanding(STAGES[0], behind=0, outbox=0, read=100, end=3), State.WRONG),
    ],
    ids=["more came than was read", "nothing came or was read", "some came and nothing was read", "the log was made anew"],
)
def test_a_consumer_moves_that_reads_however_much_comes(later: StageStanding, state: State) -> None:
    earlier = StageStanding(STAGES[0], behind=5, outbox=0, read=100, end=105)

    assert stream._stage(earlier, later).state is state


@pytest.mark.parametrize(("places", "state"), [("7 200 x", State.WRONG), ("7 400 x", State.WELL)])
def test_a_consumer_moves_that_goes_on_with_a_long_job(places: str, state: State) -> None:
    earlier, later = (StageStanding(STAGES[2], behind=0, outbox=0, jobs=1, places=each) for each in ("7 200 x", places))

    assert stream._stage(earlier, later).state is state


def test_a_server_that_acknowledges_before_it_has_written_is_told() -> None:
    finding = database._durability(["synchronous_commit"])

    assert finding.state is State.WRONG
    assert finding.words.startswith("synchronous_commit off: acknowledged data is lost")


def test_a_server_that_writes_before_it_acknowledges_is_well() -> None:
    assert database._durability([]).state is State.WELL


@pytest.mark.parametrize("there", [True, False])
def test_a_login_that_owns_every_schema_needs_no_role(*, there: bool) -> None:
    row: Any = {"name": "symposia_lrs", "there": there, "ours": False, "owned": True}

    assert database._roles([row]).state is State.WELL


@pytest.mark.parametrize("there", [True, False])
def test_a_login_that_neither_owns_a_schema_nor_is_of_its_role_is_told(*, there: bool) -> None:
    row: Any = {"name": "symposia_lrs", "there": there, "ours": False, "owned": False}

    assert "symposia_lrs" in database._roles([row]).words
