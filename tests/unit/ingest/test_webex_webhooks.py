"""Webex's webhooks are made, mended and set going again, each harming no other."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import orjson
import pytest

from services.ingest.connectors.fields import Incomplete
from services.ingest.connectors.webex import WEBEX as CONNECTOR
from services.ingest.domain.asking import Answer, Circumstances, Cursor, Request
from services.ingest.domain.reading import Reason
from services.ingest.domain.source import Source
from tests.support.ingest import NOW, SECRET
from tests.support.webex import WEBEX

HERE = Circumstances(NOW, "https://symposia.example/hooks/webex/suite")
POLL = CONNECTOR.polls["webhooks"]


@dataclass
class Webhooks:
    """Webex's webhooks in memory, and the cursor of who keeps them."""

    living: dict[str, dict[str, Any]] = field(default_factory=dict)
    refused: frozenset[str] = frozenset()
    cursor: Cursor = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def round(self, source: Source = WEBEX) -> list[Reason]:
        reasons = list[Reason]()
        while True:
            request = POLL.ask(source, self.cursor, HERE)
            assert request is not None
            page = POLL.read(source, self.cursor, self.answer(request))
            self.cursor = orjson.loads(orjson.dumps(page.cursor))
            reasons += page.reading.ignored
            if not page.more:
                return reasons

    def answer(self, request: Request) -> Answer:
        self.asked.append(request.method)
        if request.method == "GET":
            return Answer(200, {}, orjson.dumps({"items": list(self.living.values())}))
        asked, name = orjson.loads(request.body), request.url.rpartition("/")[2]
        if request.method == "PUT":
            self.living[name] |= asked
            return Answer(200, {}, b"{}")
        if asked["resource"] in self.refused:
            return Answer(403, {}, b"{}")
        self.living[f"w{len(self.living)}"] = {"id": f"w{len(self.living)}", "status": "active", **asked}
        return Answer(200, {}, b"{}")


def test_webhooks_are_made_once() -> None:
    webhooks = Webhooks()
    webhooks.round()
    webhooks.round()

    assert [each["resource"] for each in webhooks.living.values()] == [
        "messages",
        "memberships",
        "meetings",
        "meetingParticipants",
    ]
    assert {(each["event"], each["targetUrl"], each["secret"]) for each in webhooks.living.values()} == {
        ("all", HERE.hook, SECRET.decode())
    }
    assert webhooks.asked == ["GET", *["POST"] * 4, "GET"]


def test_meetings_are_heard_only_where_the_source_says_so() -> None:
    webhooks = Webhooks()
    webhooks.round(replace(WEBEX, options={"client": "C"}))

    assert [each["resource"] for each in webhooks.living.values()] == ["messages", "memberships"]


def test_a_webhook_that_was_stopped_or_has_an_old_secret_is_mended() -> None:
    webhooks = Webhooks()
    webhooks.round()
    webhooks.living["w1"]["status"] = "inactive"
    webhooks.round()
    webhooks.round(replace(WEBEX, secrets=(b"the next secret", SECRET)))

    assert {each["status"] for each in webhooks.living.values()} == {"active"}
    assert {each["secret"] for each in webhooks.living.values()} == {"the next secret"}
    assert webhooks.asked.count("PUT") == 1 + 4
    assert len(webhooks.living) == 4


def test_a_webhook_that_is_refused_is_counted_and_those_of_others_are_left_alone() -> None:
    theirs = {"id": "t", "resource": "messages", "targetUrl": "https://elsewhere.example", "status": "inactive", "name": "x"}
    webhooks = Webhooks({"t": theirs}, refused=frozenset({"meetings"}))

    assert webhooks.round() == [Reason.NOT_DELIVERED]
    assert webhooks.living["t"] == theirs
    assert len(webhooks.living) == 4


@pytest.mark.parametrize("body", [b"<html>", b"[]", b"{}", b'{"items": 7}'])
def test_an_answer_that_cannot_be_read_moves_nothing(body: bytes) -> None:
    with pytest.raises(Incomplete):
        POLL.read(WEBEX, {}, Answer(200, {}, body))
