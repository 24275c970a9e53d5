"""How Zoom's deliveries are known to be Zoom's, and what they cannot be without."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import orjson
import pytest

from services.ingest.connectors.fields import Incomplete
from services.ingest.connectors.zoom import VERIFY
from services.ingest.connectors.zoom import ZOOM as CONNECTOR
from services.ingest.verifiers import Message, Verdict
from tests.support.ingest import NOW, SECRET, Sent
from tests.support.signing import zoom as signed
from tests.support.zoom import (
    EDITED,
    QUESTION,
    ZOOM,
    heard,
    joined,
    meeting,
    reacted,
    zoom,
)


def without(sent: Sent, *path: str, **instead: Any) -> Sent:
    """Return *sent* without what stands at *path*, or with something else there."""
    document: dict[str, Any] = orjson.loads(sent.body)
    *way, last = path
    place: Any = document
    for name in way:
        place = place[name]
    place.pop(last)
    place.update(instead)
    return Sent(ZOOM, document)


OBJECT, PERSON = ("payload", "object"), ("payload", "object", "participant")


@pytest.mark.parametrize(
    "sent",
    [
        without(joined("ann", "1", "12:00:00"), *PERSON, "user_id"),
        without(joined("ann", "1", "12:00:00"), *PERSON, "join_time"),
        without(joined("ann", "1", "12:00:00"), *PERSON, "join_time", join_time="yesterday"),
        without(joined("ann", "1", "12:00:00"), *OBJECT, "uuid"),
        without(joined("ann", "1", "12:00:00"), *OBJECT, "uuid", uuid="a b"),
        without(joined("ann", "1", "12:00:00"), *OBJECT, "uuid", uuid="x" * 300),
        without(joined("ann", "1", "12:00:00"), *OBJECT, "id"),
        without(zoom("meeting.started", "12:00:00", meeting()), *OBJECT, "host_id"),
        without(zoom("meeting.started", "12:00:00", meeting()), *OBJECT, "start_time"),
        without(QUESTION, *OBJECT, "timestamp"),
        without(QUESTION, *OBJECT, "timestamp", timestamp=-1),
        without(QUESTION, *OBJECT, "timestamp", timestamp=2**62),
        without(QUESTION, *OBJECT, "message_id"),
        without(QUESTION, *OBJECT, "channel_id"),
        without(EDITED, "event_ts"),
        without(reacted("cy", "M-1", "12:03:00", "x"), *OBJECT, "emoji"),
        without(reacted("cy", "M-1", "12:03:00", "x"), *OBJECT, "emoji", emoji="a b"),
        without(reacted("cy", "M-1", "12:03:00", "x"), *OBJECT, "msg_id"),
    ],
)
def test_what_lacks_what_it_needs_is_incomplete(sent: Sent) -> None:
    with pytest.raises(Incomplete):
        heard(sent)


def delivery(headers: Mapping[str, str], body: bytes = b"{}") -> Message:
    return Message(headers, body)


@pytest.mark.parametrize(
    ("age", "secret", "verdict"),
    [
        (timedelta(0), SECRET, Verdict.GENUINE),
        (timedelta(minutes=85), SECRET, Verdict.GENUINE),
        (timedelta(hours=3), SECRET, Verdict.STALE),
        (timedelta(0), b"another secret", Verdict.FORGED),
    ],
)
def test_a_delivery_that_zoom_sends_again_is_still_genuine(age: timedelta, secret: bytes, verdict: Verdict) -> None:
    headers = signed(b"{}", secret, NOW - age)

    assert VERIFY(delivery(headers), (SECRET,), NOW) is verdict
    assert VERIFY(delivery(headers, b"{ }"), (SECRET,), NOW) is Verdict.FORGED
    assert VERIFY(delivery({}), (SECRET,), NOW) is Verdict.UNSIGNED


def test_the_challenge_of_an_address_is_answered_with_its_hmac() -> None:
    assert CONNECTOR.hook is not None
    sample = CONNECTOR.hook.sample(SECRET, NOW)
    message = delivery(sample.headers, sample.body)

    assert VERIFY(message, (SECRET,), NOW) is Verdict.GENUINE
    assert CONNECTOR.hook.handshake is not None
    reply = CONNECTOR.hook.handshake(message, (SECRET,))
    assert reply is not None
    assert orjson.loads(reply.body)["plainToken"] == "symposia-source-test"
