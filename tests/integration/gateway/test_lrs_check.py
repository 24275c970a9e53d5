"""`symposia lrs check` against a real gateway, and against one that is broken in one way at a time."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.lrs_check.client import Client, Unreachable
from shared.settings import PostgresSettings
from tests.support.cli import symposia
from tests.support.listening import Gateway, listening


class Altered:
    """A gateway whose requests and answers are altered on their way."""

    def __init__(
        self, app: ASGIApp, *, request: Callable[[Scope], object] = bool, answer: Callable[[Message], object] = bool
    ) -> None:
        self._app = app
        self._request = request
        self._answer = answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def altered(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._answer(message)
            await send(message)

        if scope["type"] == "http":
            self._request(scope)
        await self._app(scope, receive, altered)


def without(name: bytes) -> Callable[[Message], None]:
    def leave_out(message: Message) -> None:
        message["headers"] = [header for header in message["headers"] if header[0].lower() != name]

    return leave_out


def deaf_to_registration(scope: Scope) -> None:
    if scope["path"].endswith("/statements"):
        parts = scope["query_string"].split(b"&")
        scope["query_string"] = b"&".join(part for part in parts if not part.startswith(b"registration="))


def forgets_the_voided(scope: Scope) -> None:
    if scope["query_string"].startswith(b"voidedStatementId=") and b"&" not in scope["query_string"]:
        scope["query_string"] = scope["query_string"].replace(b"voidedStatementId", b"statementId")


def speaks_any_version(scope: Scope) -> None:
    scope["headers"] = [(name, b"1.0.3" if value == b"9.9.9" else value) for name, value in scope["headers"]]


def forgets_the_order(scope: Scope) -> None:
    scope["query_string"] = scope["query_string"].replace(b"ascending=true", b"ascending=false")


def fails_over_bad_requests(message: Message) -> None:
    message["status"] = 500 if message["status"] == 400 else message["status"]


def check(gateway: Gateway, *more: str) -> subprocess.CompletedProcess[str]:
    arguments = ("lrs", "check", gateway.url, "--key", gateway.key[0], "--secret", "-", "--yes", "--patience", "1", *more)
    return symposia(*arguments, stdin=gateway.key[1])


def failed(output: str) -> list[str]:
    """Return the names of the checks that failed."""
    return [line.strip().split("  ")[0] for line in output.splitlines() if "  failed  " in line]


async def test_our_gateway_passes_every_check_and_is_left_clean(postgres_settings: PostgresSettings) -> None:
    async with listening(postgres_settings) as gateway:
        done = await asyncio.to_thread(check, gateway)
        left = (await gateway.http.get("/statements", params={"limit": "500"})).json()["statements"]

    assert done.returncode == 0, done.stdout + done.stderr
    assert ", 0 failed, 0 skipped" in done.stdout
    assert "Voided statements, and those that void them, stay" in done.stderr
    assert {statement["verb"]["id"] for statement in left} == {"http://adlnet.gov/expapi/verbs/voided"}


@pytest.mark.parametrize(
    ("faults", "found"),
    [
        (
            [{"answer": without(b"etag")}, {"request": speaks_any_version}, {"request": deaf_to_registration}],
            [
                "an unknown version is refused",
                "state documents",
                "activity profiles",
                "agent profiles",
                "statements are found by registration",
            ],
        ),
        (
            [{"answer": without(b"x-experience-api-version")}, {"request": forgets_the_voided}, {"request": forgets_the_order}],
            ["headers on every answer", "since, until, order and pages", "a voided statement is hidden"],
        ),
        (
            [{"answer": fails_over_bad_requests}],
            ["an unknown version is refused", "bad requests are refused", "a batch is taken whole or not at all"],
        ),
    ],
    ids=["deaf", "forgetful", "failing"],
)
async def test_what_is_broken_is_found_and_nothing_else(
    postgres_settings: PostgresSettings, faults: list[dict[str, Any]], found: list[str]
) -> None:
    async with listening(postgres_settings, *(partial(Altered, **fault) for fault in faults)) as gateway:
        done = await asyncio.to_thread(check, gateway)

    assert done.returncode == 1, done.stderr
    assert failed(done.stdout) == found, done.stdout


HEAD = b"HTTP/1.1 200 OK\r\n"
BODY = b"Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
EARLY = b"HTTP/1.1 100 Continue\r\n\r\n"


@pytest.mark.parametrize(
    ("begins", "goes_on", "seconds", "said"),
    [
        (HEAD + BODY, b"1\r\n \r\n", 0.3, "no answer within 0.3 s"),
        (HEAD, b"X-More: of it\r\n", 0.3, "no answer within 0.3 s"),
        (b"", EARLY, 0.3, "no answer within 0.3 s"),
        (HEAD + BODY, b"10000\r\n" + b" " * 0x10000 + b"\r\n", 20.0, "it answers with more than 100000 bytes"),
        (b"", EARLY * 5000, 20.0, "it answers with more than 100000 bytes"),
    ],
    ids=["drips", "drips headers", "is about to begin", "has no end", "begins without end"],
)
async def test_an_answer_that_goes_on_and_on_is_given_up(
    monkeypatch: pytest.MonkeyPatch, begins: bytes, goes_on: bytes, seconds: float, said: str
) -> None:
    monkeypatch.setattr("services.lrs_check.hurrying.MOST", 100_000)
    over, ended = asyncio.Event(), asyncio.Event()

    async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(begins)
        while not over.is_set():
            writer.write(goes_on)
            await asyncio.sleep(0.02)
        writer.transport.abort()
        ended.set()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    client = Client(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/xapi", "a", "b", seconds)

    with pytest.raises(Unreachable, match=said):
        await asyncio.wait_for(asyncio.to_thread(client.ask, "GET", "about"), 30)

    over.set()
    await ended.wait()
    server.close()


async def test_where_nobody_answers_one_sentence_says_so() -> None:
    done = await asyncio.to_thread(symposia, "lrs", "check", "http://127.0.0.1:9/xapi", "--key", "a", "--secret", "b", "--yes")

    assert done.returncode == 1
    assert "http://127.0.0.1:9/xapi: ConnectionRefusedError" in done.stderr
    assert "Traceback" not in done.stderr


async def test_a_key_that_is_not_known_and_an_address_without_statements_are_told_before_anything_is_written(
    postgres_settings: PostgresSettings,
) -> None:
    def refused(url: str, secret: str) -> str:
        done = symposia("lrs", "check", url, "--key", gateway.key[0], "--secret", secret, "--yes")
        assert (done.returncode, done.stdout) == (1, "")
        return done.stderr

    async with listening(postgres_settings) as gateway:
        strange = await asyncio.to_thread(refused, gateway.url, "wrong")
        elsewhere = await asyncio.to_thread(refused, f"{gateway.url}/nowhere", gateway.key[1])

    assert "symposia: Statements cannot be read there (401): it does not know this key, or its secret." in strange
    assert "symposia: Statements cannot be read there (404): the address is no LRS" in elsewhere


async def test_nothing_is_written_before_one_agrees(postgres_settings: PostgresSettings) -> None:
    async with listening(postgres_settings) as gateway:
        done = await asyncio.to_thread(
            symposia, "lrs", "check", gateway.url, "--key", gateway.key[0], "--secret", gateway.key[1], stdin="n\n"
        )
        left = (await gateway.http.get("/statements")).json()["statements"]

    assert done.returncode == 1
    assert left == []
