"""Guests of BigBlueButton: whoever no LMS names."""

from __future__ import annotations

from dataclasses import replace

import pytest

from services.ingest.connectors.bigbluebutton.events import read
from services.ingest.domain.interaction import Kind
from services.ingest.domain.reading import Delivery, Reason
from tests.support.bigbluebutton import BBB, bbb
from tests.support.ingest import Sent
from tests.unit.ingest.test_bigbluebutton import HAND, QUESTION, RESPONSE, heard, told


@pytest.mark.parametrize("guest", [
    bbb("user-joined", "12:00:00", "", "w_1"),
    bbb("user-joined", "12:00:00", "23", "w_1", guest=True),
    bbb("user-joined", "12:00:00", "w_bea1-2", "w_1", guest=False),
    bbb("user-joined", "12:00:00", "gl-guest-8c1f7b0d5a", "w_1", guest=False),
], ids=["unnamed", "marked", "in a breakout room", "not signed in to Greenlight"])  # fmt: skip
async def test_a_guest_says_nothing_whatever_later_events_call_them(guest: Sent) -> None:
    assert heard(guest).ignored == (Reason.ACTOR_UNKNOWN,)
    assert await told(guest, QUESTION, HAND, RESPONSE) == []


async def test_who_leaves_without_a_name_and_was_not_seen_to_join_is_not_told() -> None:
    assert await told(bbb("user-left", "12:30:00", "", "w_1", **{"external-user-id": ""})) == []


@pytest.mark.parametrize("name", ["", "gl-guest-8c1f7b0d5a"])
def test_guests_are_heard_where_the_source_says_so_each_by_a_presence(name: str) -> None:
    hospitable = replace(BBB, options={"guests": "yes"})
    guest, in_breakout = (
        bbb("user-joined", "12:00:00", name, "w_1", guest=True),
        bbb("user-joined", "12:00:00", "w_bea1-2", "w_1"),
    )

    reading = read(hospitable, Delivery({}, guest.document))

    assert [(each.kind, each.actor) for each in reading.decided] == [(Kind.JOIN, name or "w_1")]
    assert read(hospitable, Delivery({}, in_breakout.document)).ignored == (Reason.ACTOR_UNKNOWN,)
