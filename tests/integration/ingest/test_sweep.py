"""What has waited long enough is told, and what meets a bug of ours keeps nobody else waiting."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from services.ingest.book import SourceBook
from services.ingest.domain.interaction import ChannelId
from services.ingest.domain.reading import Reading
from services.ingest.domain.source import Source, SourceId
from services.ingest.intake import Intake
from services.ingest.sweep import PUT_OFF
from shared.clock import rfc3339
from tests.integration.ingest.conftest import House
from tests.integration.ingest.test_order import emptied, sweeping
from tests.support.slack import SLACK, slack, slack_message, slack_reaction

GRACE = timedelta(seconds=61)
REPLIES = [
    slack(slack_message("UANS", f"17724528{number}.000200", f"So {number}.", thread_ts=f"17724520{number}.000100"))
    for number in range(10, 15)
]
ACCEPTANCE = slack(slack_reaction("UASK", "1772452860.000200", "white_check_mark", "1772452900.000100", "UANS"))


async def test_what_meets_a_bug_of_ours_is_put_off_and_its_neighbours_are_told(
    house: House, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ear, record = await emptied(house), Intake._record
    await ear.hear(*REPLIES)
    ear.now += GRACE
    book = SourceBook(house.sources.load, ear.clock, 1.0)
    sweep = sweeping(ear, book)

    def broken(intake: Intake, source: Any, interaction: Any, heard_at: str) -> Any:
        if interaction.text == "So 12.":
            raise KeyError(interaction.text)
        return record(intake, source, interaction, heard_at)

    with monkeypatch.context() as bugged:
        bugged.setattr(Intake, "_record", broken)
        await sweep.once()
        told, left, again = len(ear.told()), await ear.store.count(), await sweep.once()
    ear.now += PUT_OFF
    await sweep.once()

    assert (told, left, again) == (4, 1, 0)
    assert (len(ear.told()), await ear.store.count()) == (5, 0)
    assert "So 12." not in capsys.readouterr().out


async def test_what_waits_in_a_channel_that_another_process_learnt_to_be_private_is_not_told(house: House) -> None:
    ear = await emptied(house)
    await ear.hear(ACCEPTANCE)
    ear.now += GRACE
    book = SourceBook(house.sources.load, house.clock, 1.0)
    await book.all()
    await ear.take(SLACK, Reading(closed=(ChannelId("C1"),)))
    sweep = sweeping(ear, book)

    await sweep.once()

    assert (ear.told(), await ear.store.count()) == (set(), 0)


async def test_what_waited_was_received_before_it_was_looked_for_so_that_who_is_erased_meanwhile_stays_so(house: House) -> None:
    ear = await emptied(house)
    await ear.hear(*REPLIES)
    ear.now += GRACE
    began = ear.now

    async def load() -> Mapping[SourceId, Source]:
        ear.now += timedelta(seconds=10)
        return await house.sources.load()

    book = SourceBook(load, ear.clock, 1.0)
    sweep = sweeping(ear, book)
    await sweep.once()

    assert {each.received_at for each in ear.received()} == {rfc3339(began)}
