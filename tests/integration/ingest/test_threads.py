"""On real PostgreSQL too, a thread that the platform takes back whole goes whole, whatever comes at the same time."""

from __future__ import annotations

import asyncio
from itertools import permutations

import pytest

from services.ingest import store
from services.ingest.store import PostgresStore
from shared.stream.memory import MemoryLog
from tests.integration.ingest.conftest import House
from tests.support.confluence import CONFLUENCE, FILE, HOME, confluence, content, upon
from tests.support.ingest import Ear
from tests.support.mattermost import event, named, post, posted
from tests.support.slack import slack, slack_message

ASKED = post("ask", "ann", "How?", "12:00:00")
REPLIES = [posted(post(f"r{at}", "bea", "So.", "12:01:00", root_id=named("ask"))) for at in range(5)]
GONE = event("post_deleted", "post", ASKED)


async def test_a_channel_that_goes_takes_along_what_was_said_there_and_nothing_else(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "LOOKED_THROUGH", 1)
    ear = Ear(PostgresStore(house.database), MemoryLog())
    said = [
        slack(slack_message("U1", f"177245280{at}.000100", "How?", channel)) for at, channel in enumerate(("C1", "C1", "C10"))
    ]

    await ear.hear(*said, slack({"type": "channel_deleted", "channel": "C1", "event_ts": "1772453000.000100"}))

    assert [each.redacts for each in ear.received() if each.redacts] == [
        tuple(f"https://acme.slack.com/archives/C1/p177245280{at}000100" for at in range(2))
    ]


async def test_a_thread_that_goes_misses_no_reply_of_the_same_time(house: House) -> None:
    for _ in range(8):
        await house.database.execute("DELETE FROM artefact")  # type: ignore[arg-type]
        await house.database.execute("DELETE FROM withdrawn_thread")  # type: ignore[arg-type]
        ear = Ear(PostgresStore(house.database), MemoryLog())
        await ear.hear(posted(ASKED), *REPLIES[:2])

        await asyncio.gather(*(ear.hear(each) for each in (REPLIES[2], GONE, *REPLIES[3:])))

        redacted = {iri for each in ear.received() for iri in each.redacts}
        assert len(redacted) == 1 + len(REPLIES)


@pytest.mark.parametrize("order", list(permutations(range(3))))
async def test_a_page_that_goes_takes_along_what_is_said_upon_its_files(house: House, order: tuple[int, ...]) -> None:
    remark = content("comment", 303, "bea", "12:35:00", **upon("attachment", 400))
    script = [
        confluence("attachment_created", 400, "cy", "12:30:01", FILE),
        confluence("comment_created", 303, "bea", "12:35:01", remark),
        confluence("page_trashed", 100, "bea", "12:51:00"),
    ]
    for together in (False, True):
        for table in ("artefact", "withdrawn_thread", "part"):
            await house.database.execute(f"DELETE FROM {table}")  # type: ignore[arg-type]  # noqa: S608
        ear = Ear(PostgresStore(house.database), MemoryLog())

        await asyncio.gather(*(ear.hear(script[at]) for at in order)) if together else await ear.hear(
            *(script[at] for at in order)
        )

        redacted = {iri for each in ear.received() for iri in each.redacts}
        assert {iri.rpartition("=")[2] for iri in redacted} == {"400", "303"}


async def test_a_page_that_goes_misses_no_comment_of_the_same_time_and_takes_none_that_came_later(house: House) -> None:
    source, gone = CONFLUENCE.id, confluence("page_trashed", 100, "bea", "12:51:00")
    comments = [content("comment", name, "bea", "12:20:00", **upon("page", 100)) for name in range(300, 305)]
    early = [confluence("comment_created", name, "bea", "12:20:01", each) for name, each in enumerate(comments, 300)]
    late = content("comment", 400, "cy", "12:55:00", **upon("page", 100))
    for _ in range(8):
        for table in ("artefact", "withdrawn_thread", "part"):
            await house.database.execute(f"DELETE FROM {table} WHERE source = $1", source)  # type: ignore[arg-type]  # noqa: S608
        ear = Ear(PostgresStore(house.database), MemoryLog())
        await ear.hear(confluence("comment_created", 400, "cy", "12:55:01", late), *early[:2])

        await asyncio.gather(*(ear.hear(each) for each in (early[2], gone, *early[3:])))

        redacted = {iri for each in ear.received() for iri in each.redacts}
        assert redacted == {f"{HOME}/pages/viewpage.action?focusedCommentId={name}" for name in range(300, 305)}
