"""Likes and follows on the fediverse: when they happened, and whom they are addressed to."""

from __future__ import annotations

from datetime import timedelta

import pytest

from services.ingest.connectors.activitypub.inbox import delivered, read
from services.ingest.domain.interaction import Kind
from services.ingest.domain.reading import Delivery, Reason
from services.ingest.verifiers import Message
from shared.xapi.guard import Limits
from tests.support.activitypub import ANN, FEDI, URL, actor, delivery, judged_by, signature
from tests.support.activitystreams import activity
from tests.support.ingest import NOW, Ear, Sent, as_json
from tests.support.polls import hear


def test_a_like_without_a_time_happened_when_it_was_signed() -> None:
    like = {name: value for name, value in activity("Like", "ann", "notes/2", "00:00").items() if name != "published"}

    (waiting,) = judged_by(delivery(like)).undecided

    assert waiting.interaction.happened == "2026-03-02T12:00:00.000Z"


async def test_a_like_without_a_time_that_is_delivered_again_happened_when_it_was_first_signed() -> None:
    ear, like = Ear(), {**activity("Like", "ann", "notes/2", "00:00"), "published": None}
    retries = [Message(signature(as_json(like), NOW + timedelta(minutes=late)), as_json(like), URL) for late in (0, 7, 0)]

    for each in retries:
        await hear(ear, FEDI, judged_by(Sent(FEDI, delivered(each, Limits()), answer=actor())))

    assert [each["timestamp"] for each in ear.statements()] == ["2026-03-02T12:00:00.000Z"] * len(ear.statements())
    assert len(ear.told()) == 1


@pytest.mark.parametrize(("kind", "expected"), [("Like", Kind.LIKE), ("Follow", Kind.FOLLOW), ("EmojiReact", Kind.REACT)])
def test_a_like_is_no_message_to_whom_it_is_delivered(kind: str, expected: Kind) -> None:
    bea = "https://town.example/people/bea"

    acted = delivery({**activity(kind, "ann", bea, "00:00"), "to": [bea], "cc": []})

    assert [each.kind for each in judged_by(acted).decided] == [expected]


def test_a_like_of_what_is_shown_to_be_private_is_not_heard() -> None:
    private = {"type": "Note", "id": "https://town.example/notes/2", "to": [ANN]}

    reading = read(FEDI, Delivery({}, delivery(activity("Like", "ann", private, "00:00")).document))

    assert (reading.ignored, reading.lookups) == ((Reason.DIRECT_MESSAGE,), ())


def test_a_like_that_is_addressed_to_the_public_is_public_whatever_its_audience() -> None:
    of_mbin = {"to": ["https://www.w3.org/ns/activitystreams#Public"], "audience": "https://town.example/m/help"}

    (liked,) = judged_by(delivery({**activity("Like", "ann", "notes/2", "00:00"), **of_mbin})).decided

    assert (liked.kind, liked.place and liked.place.id) == (Kind.LIKE, of_mbin["audience"])


def test_a_like_that_has_an_audience_and_is_not_addressed_to_the_public_stays_there() -> None:
    within = {"to": ["https://town.example/m/help/followers"], "audience": "https://town.example/m/help"}

    liked = delivery({**activity("Like", "ann", "notes/2", "00:00"), **within})

    assert read(FEDI, Delivery({}, liked.document)).ignored == (Reason.DIRECT_MESSAGE,)
