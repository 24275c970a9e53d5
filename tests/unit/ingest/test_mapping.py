"""The statements of a Slack thread and of a Discourse topic, as they go into the log; golden files are read, not guessed."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import uuid5

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingest.domain.identity import NAMESPACE, creation_of, statement_id
from services.ingest.domain.interaction import AccountName, Artefact, ArtefactType, Event, Interaction, Kind, NativeId, Rating
from services.ingest.domain.mapping import statement_of
from services.ingest.domain.source import SourceId
from services.ingest.domain.words import VERBS
from shared.xapi.model import Version
from shared.xapi.validation import validate
from shared.xapi.vocabulary import ActivityType
from tests.support.discourse import discourse_conversation
from tests.support.ingest import Ear, Sent
from tests.support.slack import SLACK, slack_conversation

GOLDEN = Path(__file__).parent / "golden"
CONVERSATIONS = {"slack_thread": slack_conversation(), "discourse_topic": discourse_conversation()}


async def told(script: list[Sent]) -> list[dict[str, Any]]:
    ear = Ear()
    await ear.hear(*script)
    return ear.statements()


@given(source=st.text(), native=st.text(), event=st.sampled_from(Event), revision=st.text())
def test_the_id_of_a_statement_is_a_uuid_by_its_name(source: str, native: str, event: Event, revision: str) -> None:
    name = orjson.dumps([source, native, event, revision]).decode()

    assert statement_id(SourceId(source), NativeId(native), event, revision) == str(uuid5(NAMESPACE, name))


@pytest.mark.parametrize("name", CONVERSATIONS)
async def test_a_conversation_becomes_the_golden_statements(name: str) -> None:
    golden = orjson.loads((GOLDEN / f"{name}.json").read_bytes())

    assert await told(CONVERSATIONS[name]) == golden


@pytest.mark.parametrize("name", CONVERSATIONS)
async def test_every_statement_is_valid_and_refers_to_statements_that_are_told(name: str) -> None:
    statements = await told(CONVERSATIONS[name])

    validate(statements, Version.V1_0_3)
    referred = {each["context"]["statement"]["id"] for each in statements if "statement" in each["context"]}
    unheard = {creation_of(SourceId("acme"), NativeId("C1:1772452996.000100"))}  # a bot's reminder is replied to
    assert referred <= {each["id"] for each in statements} | unheard


async def test_a_delete_redacts_what_was_said() -> None:
    ear = Ear()

    await ear.hear(*slack_conversation())

    assert [each.redacts for each in ear.received() if each.redacts] == [
        ("https://acme.slack.com/archives/C1/p1772452900000300",)
    ]


async def test_text_stands_in_the_response_only() -> None:
    statements = await told(slack_conversation())

    for each in statements:
        said = each.pop("result", {}).get("response")
        assert said is None or said.encode() not in orjson.dumps(each)


def artefact(name: str) -> Artefact:
    return Artefact(NativeId(name), f"https://acme.slack.com/{name}", ArtefactType.CHAT_MESSAGE)


def mapped(kind: Kind, **more: Any) -> dict[str, Any]:
    plain = Interaction(Event.CREATED, kind, artefact("answer"), AccountName("bob"), "2026-03-02T12:00:00Z", None, **more)
    statement: dict[str, Any] = statement_of(plain, SLACK)
    validate(statement, Version.V1_0_3)
    return statement


@pytest.mark.parametrize(
    ("parent", "played"), [("root", ActivityType.QUESTION), ("reply", ActivityType.CHAT_MESSAGE)], ids=["to it", "below it"]
)
def test_what_an_answer_answers_is_a_question_and_what_stands_between_is_what_it_is(parent: str, played: ActivityType) -> None:
    related = mapped(Kind.ANSWER, parent=artefact(parent), root=artefact("root"))["context"]["contextActivities"]

    assert [each["definition"]["type"] for each in related["parent"]] == [played]
    assert [each["definition"]["type"] for each in related["grouping"]] == [ActivityType.QUESTION]


def test_a_plain_reply_makes_nothing_a_question() -> None:
    related = mapped(Kind.REPLY, parent=artefact("root"), root=artefact("root"))["context"]["contextActivities"]

    assert {each["definition"]["type"] for each in (*related["parent"], *related["grouping"])} == {ActivityType.CHAT_MESSAGE}


@pytest.mark.parametrize(
    ("rating", "score"),
    [
        (Rating(5, 1, 5), {"scaled": 1.0, "raw": 5, "min": 1, "max": 5}),
        (Rating(2, 1, 4), {"scaled": 0.3333, "raw": 2, "min": 1, "max": 4}),
        (Rating(0, 0, 3), {"scaled": 0.0, "raw": 0, "min": 0, "max": 3}),
    ],
)
def test_a_rating_is_a_score_on_the_scale_on_which_it_was_given(rating: Rating, score: dict[str, float]) -> None:
    assert mapped(Kind.RATE, rating=rating)["result"] == {"score": score}


def test_every_kind_has_its_verb() -> None:
    assert set(VERBS) == set(Kind)


def test_ids_stay_what_they_are() -> None:
    source, native = SourceId("acme"), NativeId("C1:1772452800.000100")

    assert creation_of(source, native) == "729d5c26-a4b4-5ee1-aa35-0816db309687"
    assert statement_id(source, native, Event.EDITED, "1") != statement_id(source, native, Event.EDITED, "2")
    assert statement_id(SourceId("other"), native, Event.CREATED) != creation_of(source, native)
