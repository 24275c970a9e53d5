"""Every example of Graph's documentation is mapped as the table says, or refused with the reason that stands there."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from services.ingest.connectors.teams.calls import Call, read_call, read_sessions
from services.ingest.connectors.teams.messages import read_message, read_messages
from services.ingest.connectors.teams.notifications import read
from services.ingest.domain.mapping import statement_of
from services.ingest.domain.reading import Delivery, Reading
from services.ingest.domain.source import Keeps, Policy
from shared.xapi.model import Version
from shared.xapi.validation import validate
from tests.support.profile import faults
from tests.support.samples import rows, samples, table
from tests.support.teams import CALL, TEAMS

SAMPLES = samples("msgraph")
TABLE = table("msgraph")
ANYWHERE = replace(TEAMS, policy=Policy(private=True, direct=True, keeps=Keeps.TEXT), options={"calls": "yes"})
"""The examples come from several tenants, from chats and calls."""


def heard(name: str) -> Reading | None:
    """Return what comes of a sample; None where we never ask for such a resource, nor are sent it."""
    document: Any = SAMPLES[name]
    if name.startswith(("webhooks-with-resource-data.http", "webhooks-with-resource-data.json2")):
        return None
    listed = isinstance(document.get("value"), list)
    if "subscriptionId" in document or (listed and name.startswith(("teams-", "webhooks"))):
        return read(ANYWHERE, Delivery({}, document if listed else {"value": [document]}))
    if name.startswith("callrecords"):
        return _call(document)
    if name.startswith("chatmessage") and listed:
        return read_messages(ANYWHERE, document)
    return read_message(ANYWHERE, document) if "messageType" in document else None


def _call(document: Any) -> Reading:
    if "value" in document:
        return read_sessions(Call(ANYWHERE, CALL, None), document["value"], document.get("@odata.nextLink"))
    return read_call(ANYWHERE, document)


def told(reading: Reading | None) -> Any:
    """Return what a sample tells, what is asked for because of it, or why it is refused."""
    if reading is None:
        return "never asked for"
    asked = [f"lookup: {each.reference['do']}" for each in reading.lookups if each.reference["do"] != "sessions"]
    ended = [f"ending: {each.ended}" for each in reading.endings if not reading.decided]
    return rows(reading) or asked or ended or reading.ignored[0]


@pytest.mark.parametrize("name", SAMPLES)
def test_a_sample_is_what_the_table_says(name: str) -> None:
    assert told(heard(name)) == TABLE[name]


@pytest.mark.parametrize("name", SAMPLES)
def test_what_a_sample_tells_is_valid_and_follows_its_template(name: str) -> None:
    reading = heard(name) or Reading()

    for each in (*reading.decided, *(waiting.interaction for waiting in reading.undecided)):
        statement = statement_of(each, ANYWHERE)
        validate(statement, Version.V1_0_3)
        assert faults(statement) == []


def test_the_table_names_no_sample_that_is_not_there() -> None:
    assert TABLE.keys() <= SAMPLES.keys()
