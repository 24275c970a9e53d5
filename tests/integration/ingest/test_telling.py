"""What is told takes its time: neither its amount nor its length has it told again and again."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from prometheus_client import CollectorRegistry

from services.ingest import telling
from services.ingest.app import SCHEMA, parts_of
from services.ingest.connectors.registry import HOOKS
from services.ingest.domain.interaction import Artefact, ArtefactType, ChannelId, NativeId
from services.ingest.domain.reading import Delivery, Reading, withdrawal
from services.ingest.domain.source import Platform, Source, SourceId
from services.ingest.hearing import heard
from services.ingest.intake import Intake
from services.ingest.parts import Parts
from services.ingest.reached import ToldUntil
from services.ingest.settings import Settings, WaitingSettings
from services.ingest.sweep import Sweep
from services.ingest.telling import GROUP, task_of, telling_of
from shared.clock import utc_now
from shared.contracts import HEARD, Heard, decode, encode
from shared.errors import Misconfigured, Unavailable
from shared.postgres import Database, Query, Transaction
from shared.stream import Cause, DeadLetter, Partition, PostgresLedger, Record
from shared.stream.consumer import Consumer
from shared.stream.metrics import StreamMetrics
from shared.stream.settings import ConsumerSettings
from tests.integration.ingest.conftest import House
from tests.integration.ingest.test_order import emptied
from tests.support.ingest import Sent, acts
from tests.support.platforms import SOURCES
from tests.support.slack import SLACK, slack, slack_conversation, slack_message, slack_reaction

FORUM = next(source for source in SOURCES.values() if source.platform is Platform.DISCOURSE)
WAITING = Query("SELECT count(*) FROM pending")


async def opened(house: House, **changes: Any) -> House:
    """Return *house* behind another pool."""
    postgres = house.settings.postgres.model_copy(update=changes)
    database = await Database.open(postgres, schema=SCHEMA, application="test")
    return replace(house, database=database, settings=house.settings.model_copy(update={"postgres": postgres}))


def hear(house: House, reading: Reading, source: Source = SLACK) -> Any:
    parts = house.opened = house.opened or parts_of(
        house.settings, house.database, house.log, CollectorRegistry(), clock=house.clock
    )
    return parts.hearing.take(source, reading)


def reacted() -> Reading:
    """Return what an event says that does not tell whether its channel is public."""
    sent = slack(slack_reaction("UTHIRD", "1772452800.000100", "eyes", "1772452920.000100"))
    return read(sent)


def read(sent: Sent) -> Reading:
    return HOOKS[SLACK.platform].read(SLACK, Delivery(sent.headers, sent.document))


def sweep_by(parts: Parts) -> Sweep:
    return Sweep(
        store=parts.store,
        told_until=ToldUntil(parts.log, parts.database, GROUP, parts.clock),
        book=parts.book,
        intake=parts.intake,
        clock=parts.clock,
        metrics=parts.metrics,
        waiting=WaitingSettings(),
    )


def taken_back(name: str) -> Reading:
    gone = Artefact(NativeId(name), f"https://acme.slack.com/{name}", ArtefactType.CHAT_MESSAGE)
    return Reading(undecided=(withdrawal(gone, "2026-03-02T11:00:00Z"),))


async def test_what_much_was_heard_of_at_once_waits_for_a_connection_as_long_as_it_takes(house: House) -> None:
    few = await opened(house, acquire_timeout=0.1, pool_size=4)
    for number in range(100):
        await hear(few, taken_back(f"C1:{number}"))
    async with few.database.transaction() as transaction:
        await transaction.execute("LOCK TABLE pending IN EXCLUSIVE MODE")
        waiting = asyncio.create_task(few.tell())
        await asyncio.sleep(0.5)
    await waiting

    assert await few.database.fetchval(WAITING) == 100
    await few.database.close()


async def test_what_takes_long_to_tell_is_not_taken_for_frozen(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    take = Intake.take

    async def slow(intake: Intake, *arguments: Any) -> Any:
        await asyncio.sleep(0.6)
        return await take(intake, *arguments)

    monkeypatch.setattr(Intake, "take", slow)
    monkeypatch.setattr(telling, "BEAT", 0.05)
    hasty = await opened(house, idle_in_transaction_timeout=0.3)
    await hear(hasty, taken_back("C1:1"))

    await hasty.tell()

    assert await hasty.database.fetchval(WAITING) == 1
    await hasty.database.close()


async def test_one_connection_is_too_few_and_that_is_said_at_once(house: House) -> None:
    small: Settings = house.settings.model_copy(update={"postgres": house.settings.postgres.model_copy(update={"pool_size": 1})})
    parts = parts_of(small, house.database, house.log, CollectorRegistry())

    with pytest.raises(Misconfigured, match="SYMPOSIA_POSTGRES__POOL_SIZE"):
        task_of(parts, StreamMetrics(CollectorRegistry(), utc_now))


async def test_a_channel_that_another_process_learnt_to_be_private_is_so_for_the_one_that_takes_its_partition_over(
    house: House,
) -> None:
    first, second = (
        parts_of(house.settings, house.database, house.log, CollectorRegistry(), clock=house.clock) for _ in range(2)
    )
    await second.book.all()
    await first.hearing.take(SLACK, Reading(closed=(ChannelId("C1"),)))
    await house.tell_by(first)
    await second.hearing.take(SLACK, reacted())

    await house.tell_by(second)

    assert house.ear().received() == []


def telling_by(house: House) -> Consumer[Transaction]:
    assert house.opened is not None
    return Consumer(
        group=GROUP,
        topics=(HEARD,),
        handler=telling_of(house.opened),
        log=house.log,
        ledger=PostgresLedger(house.database),
        settings=ConsumerSettings(batch_records=40, fetch_wait=0.01),
        metrics=StreamMetrics(CollectorRegistry(), house.clock),
    )


async def turns(consumer: Consumer[Transaction]) -> None:
    for _ in range(12):
        await consumer.turn()


async def test_a_source_of_which_all_meets_a_bug_of_ours_stops_no_other(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    take = Intake.take

    async def broken(intake: Intake, source: Source, *arguments: Any) -> Any:
        if source.id == SLACK.id:
            raise KeyError("what somebody wrote")
        return await take(intake, source, *arguments)

    monkeypatch.setattr(Intake, "take", broken)
    for number in range(120):
        await hear(house, taken_back(f"C1:{number}"))
    await hear(house, taken_back("57/2"), FORUM)
    consumer = telling_by(house)
    await turns(consumer)
    await consumer.close()

    letters = await house.database.fetch(Query("SELECT state, count(*) FROM dead_letter GROUP BY state"))
    assert [tuple(each) for each in letters] == [("waiting", 120)]
    assert await house.database.fetchval(Query("SELECT source FROM pending")) == FORUM.id


async def test_what_cannot_be_told_until_somebody_changes_the_set_up_waits_and_is_no_dead_letter(house: House) -> None:
    for number in range(3):
        await hear(house, taken_back(f"C1:{number}"))
    consumer = telling_by(house)
    await house.database.execute(Query("ALTER TABLE pending RENAME COLUMN due TO until"))
    with pytest.raises(Unavailable, match="due"):
        await turns(consumer)
    await house.database.execute(Query("ALTER TABLE pending RENAME COLUMN until TO due"))
    await turns(consumer)
    await consumer.close()

    assert await house.database.fetchval(Query("SELECT count(*) FROM dead_letter")) == 0
    assert await house.database.fetchval(WAITING) == 3


async def test_what_was_heard_of_a_source_that_was_just_removed_is_no_dead_letter(house: House) -> None:
    await hear(house, taken_back("C1:1"))
    await hear(house, taken_back("57/2"), FORUM)
    consumer = telling_by(house)
    await turns(consumer)
    await house.sources.remove(SLACK.id)
    await hear(house, taken_back("C1:2"))
    await hear(house, taken_back("57/3"), FORUM)
    await turns(consumer)
    await consumer.close()

    assert await house.database.fetchval(Query("SELECT count(*) FROM dead_letter")) == 0
    assert await house.database.fetchval(WAITING) == 2


async def test_what_waits_is_not_given_up_while_what_it_waits_for_is_heard_and_not_told_yet(house: House) -> None:
    asked, answered = (read(each) for each in slack_conversation()[:2])
    await hear(house, answered)
    assert house.opened is not None
    consumer, sweep = telling_by(house), sweep_by(house.opened)
    await turns(consumer)
    house.now += timedelta(minutes=5)
    await hear(house, asked)

    given_up = await sweep.once()
    await turns(consumer)
    told = acts(house.ear().statements())
    await sweep.once()
    await consumer.close()

    assert given_up == 0
    assert [verb for _, verb, _ in told] == ["answered", "asked"]
    assert acts(house.ear().statements()) == told


async def test_until_when_all_is_told_lags_behind_by_what_telling_lags(house: House) -> None:
    await hear(house, taken_back("C1:1"))
    consumer, told_until = telling_by(house), ToldUntil(house.log, house.database, GROUP, house.clock)
    first = house.now

    untold = await told_until()
    house.now += timedelta(minutes=1)
    await turns(consumer)
    await hear(house, taken_back("C1:2"))
    then = await told_until()
    house.now += timedelta(minutes=1)
    await turns(consumer)
    now = await told_until()
    await consumer.close()

    assert untold < first
    assert (then, now) == (first, house.now)


async def test_what_could_not_be_told_loses_the_text_that_its_platform_deletes_and_nothing_else(house: House) -> None:
    ear, ledger, place = await emptied(house), PostgresLedger(house.database), Partition(HEARD.name, 0)
    said = [read(slack(slack_message("UASK", f"1772452{number}00.000100", f"Words {number}."))) for number in (8, 9)]
    both = msgspec.structs.replace(said[0], decided=(*said[0].decided, *said[1].decided), known=(*said[0].known, *said[1].known))
    letters = [
        Record(place, 0, None, heard(SLACK.id, encode(both), "2026-03-02T12:00:00Z")),
        Record(place, 1, None, heard(SLACK.id, encode(said[0]), "2026-03-02T12:00:00Z").replace(b"heardAt", b"hardAt")),
        Record(place, 2, None, heard(SourceId("elsewhere"), encode(said[0]), "2026-03-02T12:00:00Z")),
    ]
    async with ledger.transaction() as transaction:
        await ledger.bury([DeadLetter(GROUP, each, "a bug", 1, Cause.ALONE) for each in letters], transaction)

    gone = {"subtype": "message_deleted", "deleted_ts": "1772452800.000100", "event_ts": "1772452990.000100"}
    await ear.hear()
    await ear.take(SLACK, Reading(known=said[0].known))
    await ear.hear(slack(slack_message("UASK", "1772452990.000100", "", **gone)))

    rows = await house.database.fetch(Query('SELECT value, state, reason FROM dead_letter ORDER BY "offset"'))
    mixed, broken, elsewhere = rows
    assert b"Words 8." not in mixed["value"]
    left = decode(bytes(decode(mixed["value"], Heard).reading), Reading)
    assert [each.text for each in left.decided] == ["", "Words 9."]
    assert tuple(broken) == (b"", "discarded", "redacted")
    assert (elsewhere["value"], elsewhere["state"]) == (letters[2].value, "waiting")
