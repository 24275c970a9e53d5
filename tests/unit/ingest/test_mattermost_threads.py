"""Mattermost deletes a thread with what begins it, and tells of nothing else: all that was said in it goes."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations

import pytest

from services.ingest.domain.source import State
from services.ingest.intake import REDACTED_AT_ONCE
from tests.support.ingest import Ear, Sent
from tests.support.mattermost import MATTERMOST, event, millis, named, post, posted

ASKED = post("ask", "ann", "How?", "12:00:00")
ANSWERED = post("answer", "bea", "So.", "12:01:00", root_id=named("ask"))
CHANGED = event("post_edited", "post", {**ANSWERED, "message": "Thus.", "edit_at": millis("12:02:00")})
GONE = event("post_deleted", "post", {**ASKED, "delete_at": millis("12:07:00")})
ADDRESSES = {f"https://chat.acme.example/_redirect/pl/{named(name)}" for name in ("ask", "answer")}


def redacted(ear: Ear) -> set[str]:
    return {iri for each in ear.received() for iri in each.redacts}


@pytest.mark.parametrize("order", list(permutations((posted(ASKED), posted(ANSWERED), CHANGED, GONE))))
async def test_a_thread_goes_with_its_root_in_whichever_order_that_is_heard(order: tuple[Sent, ...]) -> None:
    ear = Ear()

    await ear.hear(*order)

    assert redacted(ear) == ADDRESSES


async def test_an_edit_that_comes_after_its_thread_went_is_redacted_without_what_it_edits() -> None:
    ear = Ear()

    await ear.hear(GONE, CHANGED)

    assert redacted(ear) == ADDRESSES


async def test_what_people_said_below_what_a_bot_posted_goes_with_it() -> None:
    ear, said = Ear(), {**ASKED, "props": {"from_bot": "true"}}

    await ear.hear(posted(said), posted(ANSWERED), event("post_deleted", "post", said))

    assert redacted(ear) == ADDRESSES


async def test_a_paused_source_redacts_threads_that_go() -> None:
    ear = Ear()
    await ear.hear(posted(ANSWERED))

    await ear.hear(replace(GONE, source=replace(MATTERMOST, state=State.PAUSED)))

    assert redacted(ear) == ADDRESSES


async def test_a_reply_that_goes_takes_nothing_along() -> None:
    ear = Ear()

    await ear.hear(posted(ASKED), posted(ANSWERED), event("post_deleted", "post", ANSWERED))

    assert redacted(ear) == {f"https://chat.acme.example/_redirect/pl/{named('answer')}"}


async def test_an_endless_thread_is_redacted_in_messages_of_bounded_length() -> None:
    ear = Ear()
    replies = [posted(post(f"r{at}", "bea", "So.", "12:01:00", root_id=named("ask"))) for at in range(REDACTED_AT_ONCE + 1)]

    await ear.hear(*replies, GONE)

    assert len(redacted(ear)) == REDACTED_AT_ONCE + 2
    assert max(len(each.redacts) for each in ear.received()) == REDACTED_AT_ONCE
