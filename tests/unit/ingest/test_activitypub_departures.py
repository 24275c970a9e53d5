"""Accounts of the fediverse that are deleted with all that they wrote."""

from __future__ import annotations

from dataclasses import replace

import orjson
import pytest

from services.ingest.connectors.activitypub.keys import read as read_key
from services.ingest.domain.asking import Answer
from services.ingest.domain.reading import Lookup, Reading, Reason
from services.ingest.domain.source import State
from tests.support.activitypub import ANN, ASKED, FEDI, TYPED, delivery, kept
from tests.support.activitystreams import activity
from tests.support.ingest import Ear, Sent

LEFT = {**activity("Delete", "ann", "notes/1", "00:00"), "object": ANN}
SHE_WROTE = "https://town.example/notes/1"


def answered(sent: Sent, status: int, key: str = f"{ANN}#main-key") -> Reading:
    lookup = kept(sent)
    return read_key(FEDI, Lookup(lookup.key, {**lookup.reference, "key": key}), Answer(status, TYPED, orjson.dumps(sent.answer)))


@pytest.mark.parametrize("status", [200, 410], ids=["whose key is still there", "whose server says that it is gone"])
async def test_all_that_an_account_wrote_is_redacted_when_it_is_deleted(status: int) -> None:
    ear = Ear()
    await ear.hear(delivery(ASKED))

    await ear.take(FEDI, answered(delivery(LEFT), status))

    assert ear.received()[-1].redacts == (SHE_WROTE,)
    assert ear.received()[-1].statements == ()


@pytest.mark.parametrize(
    ("sent", "key"),
    [
        (delivery(ASKED), f"{ANN}#main-key"),
        (delivery(LEFT), f"{ANN}/keys/1"),
        (delivery(LEFT), "https://town.example/people/bea#x"),
    ],
    ids=["what somebody said who is gone", "a key that is gone", "somebody else who is gone"],
)
def test_nothing_is_redacted_because_something_else_is_gone(sent: Sent, key: str) -> None:
    reading = answered(sent, 410, key)

    assert (reading.ignored, reading.departed) == ((Reason.GONE,), ())


async def test_a_paused_source_honours_that_an_account_is_deleted() -> None:
    ear = Ear()
    await ear.hear(delivery(ASKED))

    await ear.take(replace(FEDI, state=State.PAUSED), answered(delivery(LEFT), 410))

    assert ear.received()[-1].redacts == (SHE_WROTE,)
