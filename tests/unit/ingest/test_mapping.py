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
from services.ingest.domain.interaction import Event, Kind, NativeId
from services.ingest.domain.source import SourceId
from services.ingest.domain.words import VERBS
from shared.xapi.model import Version
from shared.xapi.validation import validate
from tests.support.discourse import discourse_conversation
from tests.support.ingest import Ear, Sent
from tests.support.slack import slack_conversation

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


def test_every_kind_has_its_verb() -> None:
    assert set(VERBS) == set(Kind)


def test_ids_stay_what_they_are() -> None:
    source, native = SourceId("acme"), NativeId("C1:1772452800.000100")

    assert creation_of(source, native) == "729d5c26-a4b4-5ee1-aa35-0816db309687"
    assert statement_id(source, native, Event.EDITED, "1") != statement_id(source, native, Event.EDITED, "2")
    assert statement_id(SourceId("other"), native, Event.CREATED) != creation_of(source, native)
