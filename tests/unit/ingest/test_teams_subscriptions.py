"""Subscriptions are made, renewed, made again and ended, by what Graph lists; what was missed in between is asked for."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import unquote, urlsplit

import orjson
import pytest

from services.ingest.connectors.fields import Incomplete
from services.ingest.connectors.teams import TEAMS as CONNECTOR
from services.ingest.connectors.teams.notifications import client_state
from services.ingest.domain.asking import Answer, Circumstances, Cursor, Request
from services.ingest.domain.interaction import ChannelId
from services.ingest.domain.reading import Reading, Reason, joined
from services.ingest.domain.source import Policy, Source
from tests.support.ingest import NOW, answered
from tests.support.teams import CHANNEL, CHAT, TEAM, TEAMS, bundle, message

POLL = CONNECTOR.polls["subscriptions"]
PRIVATE = "19:11111111111111111111111111111111@thread.tacv2"
CHANNELS = [{"id": CHANNEL, "membershipType": "standard"}, {"id": PRIVATE, "membershipType": "private"}, {"id": "x"}]
HOOK = "https://symposia.example/hooks/teams/office"
MESSAGES = f"teams/{TEAM}/channels/{CHANNEL}/messages"
EVERYTHING = {MESSAGES, f"teams/{TEAM}/members", "communications/callRecords"}
PLAIN = replace(TEAMS, policy=Policy())


@dataclass
class Graph:
    """Graph in memory: its channels, its subscriptions, what it refuses; and the cursor of who polls it."""

    channels: list[dict[str, Any]] = field(default_factory=lambda: list(CHANNELS))
    living: dict[str, dict[str, Any]] = field(default_factory=dict)
    refused: set[str] = field(default_factory=set)
    gone: frozenset[str] = frozenset()
    now: datetime = NOW
    cursor: Cursor = field(default_factory=dict)
    made: int = 0
    page: int = 100

    @property
    def resources(self) -> set[str]:
        return {each["resource"].strip("/") for each in self.living.values()}

    def round(self, source: Source = PLAIN) -> Reading:
        """Turn all pages of one round."""
        readings = list[Reading]()
        for _ in range(50):
            request = POLL.ask(source, self.cursor, Circumstances(self.now, HOOK))
            if request is None:
                return joined(readings)
            page = POLL.read(source, self.cursor, self.answer(request))
            self.cursor = orjson.loads(orjson.dumps(page.cursor))
            readings.append(page.reading)
            if not page.more:
                return joined(readings)
        raise AssertionError("a round never ends")

    def pass_by(self, minutes: int) -> None:
        """Let time pass, and subscriptions end."""
        self.now += timedelta(minutes=minutes)
        ended = [name for name, each in self.living.items() if datetime.fromisoformat(each["expirationDateTime"]) < self.now]
        for name in ended:
            del self.living[name]

    def answer(self, request: Request) -> Answer:
        parts = urlsplit(request.url)
        name = unquote(parts.path.rpartition("/")[2])
        if parts.path.endswith("/channels"):
            gone = any(f"/teams/{each}/" in parts.path for each in self.gone)
            return Answer(404) if gone else self._listed(request.url, self.channels)
        match request.method:
            case "GET":
                return self._listed(request.url, list(self.living.values()))
            case "POST":
                return self._make(orjson.loads(request.body))
            case "DELETE":
                return Answer(204) if self.living.pop(name, None) else Answer(404)
        if name not in self.living:
            return Answer(404)
        self.living[name] |= orjson.loads(request.body)
        return said(self.living[name])

    def _make(self, asked: dict[str, Any]) -> Answer:
        if asked["resource"].strip("/") in self.refused:
            return said({"error": {"code": "Forbidden"}}, 403)
        self.made += 1
        self.living[str(self.made)] = {"id": str(self.made), **asked}
        return said(self.living[str(self.made)], 201)

    def _listed(self, url: str, items: list[dict[str, Any]]) -> Answer:
        base, _, skipped = url.partition("?skip=")
        at = int(skipped or 0)
        onward = {"@odata.nextLink": f"{base}?skip={at + self.page}"} if at + self.page < len(items) else {}
        return said({"value": items[at : at + self.page], **onward})


def said(document: Any, status: int = 200) -> Answer:
    return Answer(status, {}, orjson.dumps(document))


def test_standard_channels_members_and_calls_are_subscribed_to() -> None:
    graph = Graph()

    reading = graph.round()

    assert graph.resources == EVERYTHING
    assert reading.closed == (ChannelId(PRIVATE),)
    assert reading.lookups == ()
    made = next(each for each in graph.living.values() if each["resource"] == f"/{MESSAGES}")
    assert made["notificationUrl"] == made["lifecycleNotificationUrl"]
    assert made["notificationUrl"].startswith(f"{HOOK}?of=")
    assert made["clientState"] == client_state(PLAIN.secrets[0])
    assert made["expirationDateTime"] == "2026-03-02T12:55:00.000000Z"
    assert "includeResourceData" not in made


@pytest.mark.parametrize(
    ("policy", "options", "resources"),
    [
        (Policy(private=True), {}, EVERYTHING | {f"teams/{TEAM}/channels/{PRIVATE}/messages"}),
        (Policy(channels=frozenset({ChannelId(CHANNEL)})), {}, {MESSAGES, "communications/callRecords"}),
        (Policy(channels=frozenset({ChannelId(TEAM)})), {}, {f"teams/{TEAM}/members", "communications/callRecords"}),
        (Policy(direct=True), {"chats": CHAT}, EVERYTHING | {f"chats/{CHAT}/messages"}),
        (Policy(), {"chats": CHAT}, EVERYTHING),
    ],
)
def test_only_what_is_heard_is_subscribed_to(policy: Policy, options: dict[str, str], resources: set[str]) -> None:
    graph = Graph()

    graph.round(replace(TEAMS, policy=policy, options={**TEAMS.options, **options}))

    assert graph.resources == resources


def test_subscriptions_live_as_long_as_they_are_renewed_and_are_made_once() -> None:
    graph = Graph()
    for _ in range(20):
        graph.round()
        graph.pass_by(15)

    assert graph.resources == EVERYTHING
    assert graph.made == len(EVERYTHING)


def test_lists_are_read_page_by_page() -> None:
    graph = Graph(page=1)
    graph.round()
    graph.round()

    assert graph.made == len(EVERYTHING)


def test_a_round_that_was_cut_short_goes_on_where_it_was() -> None:
    graph = Graph()
    for _ in range(3):
        request = POLL.ask(PLAIN, graph.cursor, Circumstances(NOW, HOOK))
        assert request is not None
        graph.cursor = orjson.loads(orjson.dumps(POLL.read(PLAIN, graph.cursor, graph.answer(request)).cursor))
    request = POLL.ask(PLAIN, graph.cursor, Circumstances(NOW, HOOK))
    assert request is not None
    graph.answer(request)  # made, and the process died before it knew
    graph.round()
    graph.round()

    assert graph.resources == EVERYTHING
    assert len(graph.living) == len(EVERYTHING)


def test_what_was_said_while_there_was_no_subscription_is_asked_for() -> None:
    graph = Graph()
    graph.round()
    graph.pass_by(120)

    (lookup,) = graph.round().lookups

    assert unquote(lookup.reference["url"]).endswith(
        f"/{MESSAGES}/delta?$expand=replies&$filter=lastModifiedDateTime gt 2026-03-02T12:00:00.000000Z"
    )
    reading = answered(
        PLAIN, lookup, {"value": [message(1, "12:30:00.000", "Hello")], "@odata.nextLink": lookup.reference["url"]}
    )
    assert len(reading.decided) == 1
    assert [each.reference["do"] for each in reading.lookups] == ["since"]
    assert answered(PLAIN, lookup, {"value": []}) == Reading()


def test_a_subscription_that_graph_removed_is_made_again() -> None:
    graph = Graph()
    graph.round()
    graph.living.clear()
    graph.pass_by(15)
    graph.round()

    assert graph.resources == EVERYTHING


def test_one_that_is_gone_before_it_is_renewed_is_made_again_in_the_same_round() -> None:
    graph = Graph()
    graph.round()
    steps = [["renew", "gone", MESSAGES]]
    graph.living = {name: each for name, each in graph.living.items() if each["resource"] != f"/{MESSAGES}"}
    graph.cursor = {"steps": steps, "until": graph.cursor["until"]}

    graph.round()

    assert graph.resources == EVERYTHING


def test_what_is_not_wanted_any_more_is_ended() -> None:
    graph = Graph()
    graph.round()
    graph.channels.clear()
    graph.round()

    assert graph.resources == EVERYTHING - {MESSAGES}


def test_those_of_others_are_left_alone() -> None:
    theirs = {"id": "t", "resource": f"/{MESSAGES}", "notificationUrl": "https://elsewhere.example/hooks/teams/of"}
    graph = Graph(living={"t": {**theirs, "expirationDateTime": "2027-01-01T00:00:00Z"}})
    graph.round()

    assert graph.living["t"]["notificationUrl"] == theirs["notificationUrl"]
    assert graph.made == len(EVERYTHING)


def test_another_secret_makes_them_anew() -> None:
    graph, rotated = Graph(), replace(PLAIN, secrets=(b"the secret after the next", *PLAIN.secrets))
    graph.round()
    graph.round(rotated)

    assert graph.resources == EVERYTHING
    assert {each["clientState"] for each in graph.living.values()} == {client_state(rotated.secrets[0])}


def test_a_certificate_lets_messages_be_sealed_for_it() -> None:
    graph = Graph()
    graph.round(replace(PLAIN, secrets=(bundle(),)))

    sealing = {each["resource"] for each in graph.living.values() if each.get("includeResourceData")}
    assert sealing == {f"/{MESSAGES}"}


def test_a_subscription_that_is_refused_harms_no_other_and_is_counted() -> None:
    graph = Graph(refused={MESSAGES})

    reading = graph.round()

    assert graph.resources == EVERYTHING - {MESSAGES}
    assert reading.ignored == (Reason.NOT_DELIVERED,)


def test_a_team_that_is_gone_harms_no_other() -> None:
    graph, other = Graph(gone=frozenset({"4c533ad3-e1dd-4277-a672-92ab64ed225c"})), "4c533ad3-e1dd-4277-a672-92ab64ed225c"

    reading = graph.round(replace(PLAIN, options={**PLAIN.options, "teams": f"{other}, {TEAM}"}))

    assert MESSAGES in graph.resources
    assert reading.ignored == (Reason.NOT_DELIVERED,)


def test_who_is_told_of_nothing_asks_for_nothing() -> None:
    options = {name: value for name, value in TEAMS.options.items() if name in ("tenant", "client")}

    assert POLL.ask(replace(TEAMS, options=options), {}, Circumstances(NOW, HOOK)) is None


@pytest.mark.parametrize("answer", [said({}), said([]), said({"value": None}), Answer(200, {}, b"<html>")])
def test_an_answer_that_cannot_be_read_moves_nothing(answer: Answer) -> None:
    with pytest.raises(Incomplete):
        POLL.read(PLAIN, {}, answer)


def test_a_link_that_leads_elsewhere_is_not_followed() -> None:
    page = POLL.read(PLAIN, {}, said({"value": [], "@odata.nextLink": "https://graph.microsoft.com.evil.example/v1.0/x"}))

    with pytest.raises(Incomplete):
        POLL.ask(PLAIN, page.cursor, Circumstances(NOW, HOOK))
