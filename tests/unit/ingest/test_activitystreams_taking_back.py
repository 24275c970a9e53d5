"""What is deleted or hidden in ActivityStreams 2.0, whoever tells it."""

from __future__ import annotations

from typing import Any

import pytest

from services.ingest.domain.interaction import AccountName
from services.ingest.domain.source import Keeps
from tests.support.activitystreams import TOWN, activity
from tests.support.ingest import Ear, Sent
from tests.unit.ingest.test_activitystreams import ANN, SAID, WHISPER, hearing

BY_A_SERVICE = {"actor": {"type": "Service", "id": "https://town.example/moderation"}}


@pytest.mark.parametrize(
    "change",
    [BY_A_SERVICE, {"actor": "https://town.example/people/mod"}, {"actor": None}, {"published": None}],
    ids=["a service", "somebody who is excluded", "nobody", "at no time"],
)
async def test_a_delete_is_honoured_whoever_tells_it_and_whenever(change: dict[str, Any]) -> None:
    source, ear = hearing(excluded=frozenset({AccountName("https://town.example/people/mod")}), keeps=Keeps.TEXT), Ear()
    deleted = {**activity("Delete", "ann", "notes/1", "09:00"), **change}

    await ear.hear(Sent(source, SAID), Sent(source, deleted))

    told_last = ear.statements()[-1]
    assert ear.received()[-1].redacts == ("https://town.example/notes/1",)
    assert told_last["actor"]["account"]["name"] == ANN
    assert told_last["timestamp"] == (deleted["published"] or SAID["published"]).replace("Z", ".000Z")


async def test_what_everybody_saw_is_redacted_once_it_is_updated_for_some_only() -> None:
    ear = Ear()
    narrowed = {**activity("Update", "ann", "notes/1", "09:00"), "object": {**WHISPER, "content": "For Bea alone"}}

    await ear.hear(Sent(TOWN, SAID), Sent(TOWN, narrowed))

    assert ear.received()[-1].redacts == ("https://town.example/notes/1",)
    assert "For Bea alone" not in str(ear.told())
