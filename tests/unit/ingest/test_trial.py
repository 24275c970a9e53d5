"""Trying a source: what its recorded deliveries would be told as, and what its platform says when it is asked once."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request as Asked
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from services.ingest.asking.platform import PlatformClient
from services.ingest.connectors.connector import Connector, Poll
from services.ingest.connectors.fields import Incomplete
from services.ingest.connectors.registry import HOOKS
from services.ingest.domain.asking import Answer, Circumstances, Cursor, Page, Request
from services.ingest.domain.reading import Reason, ignored
from services.ingest.domain.source import Keeps, Platform, Policy, Source
from services.ingest.settings import AskingSettings
from services.ingest.trial.asking import ask_once
from services.ingest.trial.reading import examples_of, heard, told
from shared.clock import utc_now
from tests.support.ingest import NOW
from tests.support.platforms import CONVERSATIONS, SOURCES
from tests.support.slack import SLACK

BY_PLATFORM = {source.platform: source for source in SOURCES.values()}
FEW = {Platform.ACTIVITYPUB: 1, Platform.CONFLUENCE: 2}
"""How many kinds of deliveries there are where most only name what is to be asked for, and are told alike; three elsewhere."""
HERE = Circumstances(NOW, "https://symposia.example/hooks/slack/acme")


@pytest.mark.parametrize("platform", sorted({script[0].source.platform for script in CONVERSATIONS.values()}))
def test_recorded_deliveries_say_something(platform: Platform) -> None:
    source = BY_PLATFORM[platform]

    said = [list(told(source, heard(HOOKS[platform], source, each))) for each in examples_of(platform)]

    assert len(said) >= FEW.get(platform, 3), "write them: python -m tests.support.examples"
    assert all(said)


def test_an_example_is_told_whatever_the_source_may_hear() -> None:
    source = replace(SLACK, policy=Policy(channels=frozenset(), keeps=Keeps.METADATA), closed=frozenset())

    said = [
        each for delivery in examples_of(Platform.SLACK) for each in told(source, heard(HOOKS[Platform.SLACK], source, delivery))
    ]

    assert [each.did for each in said[:2]] == ["asked", "replied"]
    assert said[0].what == "https://acme.slack.com/archives/C1/p1772452800000100"
    assert (said[0].note, said[1].note) == ("", "once what it depends on is known")


def test_a_platform_without_recorded_deliveries_has_no_examples() -> None:
    assert examples_of(Platform.LINKEDIN) == ()


def poll(path: str, method: str = "GET") -> Poll:
    def ask(source: Source, cursor: Cursor, circumstances: Circumstances) -> Request | None:
        assert (cursor, circumstances) == ({}, HERE)
        return Request(f"{source.workspace}{path}", method) if path else None

    def read(source: Source, cursor: Cursor, answer: Answer) -> Page:
        if answer.body == b"{}":
            raise Incomplete("posts")
        return Page(ignored(Reason.BOT), {"after": 9}, more=True)

    return Poll(timedelta(minutes=1), ask, read)


async def test_each_poll_is_asked_once_unless_that_would_change_something() -> None:
    asked: list[str] = []

    async def answer(request: Asked) -> Response:
        asked.append(request.url.path)
        return {"/gone": Response(status_code=404), "/odd": Response("{}")}.get(request.url.path, JSONResponse([1]))

    polls = {"new": poll("/new"), "renewal": poll("/renew", "POST"), "gone": poll("/gone"), "odd": poll("/odd"), "none": poll("")}
    connector = Connector(platform=Platform.SLACK, polls=polls, per_minute=60_000)
    app = Starlette(routes=[Route("/{path:path}", answer, methods=["GET", "POST"])])

    async with httpx.AsyncClient(transport=httpx.ASGITransport(app)) as http:
        client = PlatformClient(http, AskingSettings(), utc_now)
        found = {each.poll: each async for each in ask_once(client, connector, SLACK, HERE)}

    assert asked == ["/new", "/gone", "/odd"]
    assert found["new"].reading == ignored(Reason.BOT)
    assert [name for name, each in found.items() if each.failed] == ["gone", "odd"]
    assert (found["odd"].why, found["none"].why) == ("the answer lacks posts", "there is nothing to ask for yet")
    assert found["renewal"].why == "not tried: its POST would change something there"
