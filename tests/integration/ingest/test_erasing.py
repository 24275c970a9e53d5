"""Ingest forgets a person: also in what could not be read, in what is still to be asked for, and in what is not told yet."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest
from prometheus_client import CollectorRegistry
from pydantic import SecretStr

from services.ingest import erasing
from services.ingest.asking.store import Noticed, notice
from services.ingest.domain.interaction import AccountName, Artefact, ArtefactType, Event, Interaction, Kind, NativeId
from services.ingest.domain.reading import Known, Lookup, Reading, Rule, Undecided
from services.ingest.domain.source import Platform, SourceId
from services.ingest.forgotten import KEPT, Erased, ErasedSince
from services.ingest.store import PostgresStore
from services.ingest.telling import GROUP, Telling
from shared.contracts import HEARD, NOTICED
from shared.errors import Unavailable
from shared.master_key import new_master_key
from shared.postgres import Query, Transaction
from shared.settings import SecretSettings
from shared.stream import Partition, PostgresLedger, Record
from shared.stream.consumer import Consumer
from shared.stream.ledger import DeadLetter
from shared.stream.metrics import StreamMetrics
from shared.stream.settings import ConsumerSettings
from shared.xapi import ifi
from tests.integration.ingest.conftest import House, post
from tests.support.dump import tables_holding
from tests.support.ingest import NOW, Ear, Sent, acts, named
from tests.support.platforms import SOURCES
from tests.support.slack import SLACK, slack, slack_message, slack_reaction

FEDIVERSE: Final = next(source for source in SOURCES.values() if source.platform is Platform.ACTIVITYPUB)
ANN: Final = [ifi.of_account(SLACK.workspace, "U1"), ifi.of_account(FEDIVERSE.workspace, "https://social.example/users/ann")]

CY, BOB = "UCYY3", "UBOB2"
ASKED, REPLIED, ELSEWHERE = "1772452800.000100", "1772452860.000200", "1772452900.000300"
BLOCKED: Final = Query("SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted)")
ENDED: Final = Query("SELECT pg_terminate_backend($1, 5000)")
LATER: Final = datetime(2126, 3, 2, tzinfo=UTC)
"""The doors' clock stands still before the erasure, which PostgreSQL tells the time; by this one it is over."""
CONVERSATION: Final = (
    slack(slack_message(CY, ASKED, f"How? <@{BOB}>")),
    slack(slack_message(BOB, REPLIED, f"So, <@{CY}>.", thread_ts=ASKED, parent_user_id=CY)),
    slack(slack_reaction(CY, REPLIED, "white_check_mark", "1772452910.000100", BOB)),
    slack(slack_reaction(BOB, ASKED, "eyes", "1772452920.000100", CY)),
    slack(slack_reaction(CY, ELSEWHERE, "eyes", "1772452930.000100", BOB)),
)
OF_BOB: Final = [
    (BOB, "answered", "acme.slack.com/archives/C1/p1772452860000200"),
    (BOB, "reacted", "acme.slack.com/archives/C1/p1772452800000100"),
]
MESSAGE: Final = Artefact(NativeId("1"), "https://acme.slack.com/1", ArtefactType.CHAT_MESSAGE)
AT: Final = "2026-03-02T12:00:00Z"


def act(event: Event, kind: Kind, actor: str, author: str | None = None) -> Interaction:
    return Interaction(event, kind, MESSAGE, AccountName(actor), AT, None, author=AccountName(author) if author else None)


async def hear(house: House, *deliveries: Sent) -> None:
    async with house.open() as client:
        assert [(await post(client, each, each.signed(house.now))).status_code for each in deliveries] == [200] * len(deliveries)


async def tables_naming_cy(house: House) -> set[str]:
    return set(await tables_holding(house.settings.postgres, [CY]))


async def erase_cy(house: House) -> None:
    await erasing.erase(house.database, house.forgotten, [ifi.of_account(SLACK.workspace, CY)], lambda _: False)


def telling_by(house: House, erased_since: ErasedSince) -> Consumer[Transaction]:
    """Return what tells what was heard, as the service does."""
    assert house.opened is not None
    return Consumer(
        group=GROUP,
        topics=(HEARD,),
        handler=Telling(house.opened.book, house.opened.intake, erased_since),
        log=house.log,
        ledger=PostgresLedger(house.database),
        settings=ConsumerSettings(),
        metrics=StreamMetrics(CollectorRegistry(), house.clock),
    )


def told(house: House) -> Sequence[dict[str, Any]]:
    return house.ear().statements()


def names_cy(house: House) -> bool:
    return any(CY in named(each) for each in told(house))


async def bury(house: House, *letters: tuple[SourceId, bytes]) -> None:
    """Set aside what could not be read, each with the key of its source."""
    ledger, place = PostgresLedger(house.database), Partition(NOTICED.name, 0)
    records = [Record(place, offset, source.encode(), value) for offset, (source, value) in enumerate(letters)]
    async with ledger.transaction() as transaction:
        await ledger.bury([DeadLetter("asking", each, "not a Noticed message", 1) for each in records], transaction)


async def test_dead_letters_that_name_an_account_of_the_person_are_emptied_and_those_of_others_are_not(house: House) -> None:
    of_others = [
        (SLACK.id, b'{"reference": {"user": "U12"}}'),
        (FEDIVERSE.id, b'{"reference": {"user": "U1"}}'),
        (FEDIVERSE.id, b'{"reference": {"key": "https://social.example/users/anna#main-key"}}'),
    ]
    of_hers = [
        (SLACK.id, b'{"reference": {"user": "U1"'),
        (SLACK.id, b'{"reference": {"event": "{\\"user\\": \\"U1\\"}"}}'),
        (FEDIVERSE.id, b'{"reference": {"key": "https://social.example/users/ann#main-key"}}'),
        (FEDIVERSE.id, b'{"reference": "ticket of ann@example.org"}'),
    ]
    await bury(house, *of_others, *of_hers)

    found = await erasing.count_letters(house.database, ANN, lambda text: b"ann@example.org" in text)
    await erasing.erase(house.database, house.forgotten, ANN, lambda text: b"ann@example.org" in text)

    rows = await house.database.fetch(Query('SELECT value, state FROM dead_letter ORDER BY "offset"'))
    assert found == len(of_hers)
    assert [tuple(row) for row in rows] == [
        *((value, "waiting") for _, value in of_others), *((b"", "discarded") for _ in of_hers)
    ]  # fmt: skip


async def test_what_is_to_be_asked_for_is_forgotten_by_the_address_of_the_key_too(house: House) -> None:
    keys = (
        "https://social.example/users/ann#main-key",
        "https://social.example/users/ann/key",
        "https://social.example/users/anna#k",
    )
    named = [Noticed(FEDIVERSE.id, Lookup(str(number), {"key": key}, "t")) for number, key in enumerate(keys)]
    async with house.database.transaction() as transaction:
        await notice(transaction, named, NOW)

    await erasing.erase(house.database, house.forgotten, ANN, lambda _: False)

    assert [row["key"] for row in await house.database.fetch(Query("SELECT key FROM lookup"))] == ["2"]


async def test_what_was_heard_before_is_told_without_them_and_what_others_did_is_told(house: House) -> None:
    await hear(house, *CONVERSATION)

    await erase_cy(house)
    await house.tell()

    assert acts(told(house)) == OF_BOB
    assert not names_cy(house)
    assert await tables_naming_cy(house) == set()


async def test_what_was_heard_before_is_told_alike_however_often(house: House) -> None:
    await hear(house, *CONVERSATION)
    await erase_cy(house)
    await house.tell()
    before = house.ear().told()
    house.told.clear()

    await house.tell()

    assert (house.ear().told(), len(told(house))) == (before, 2 * len(before))
    assert await tables_naming_cy(house) == set()


async def test_what_others_do_later_to_what_was_heard_before_is_told_without_whose_it_is(house: House) -> None:
    await hear(house, *CONVERSATION)
    await erase_cy(house)
    await house.tell()
    house.now = LATER

    await hear(house, slack(slack_message(BOB, "1772453000.000100", "And so.", thread_ts=ASKED, parent_user_id="UASK")))
    await house.tell()

    assert len(told(house)) == len(OF_BOB) + 1
    assert not names_cy(house)


async def test_what_is_heard_after_the_erasure_is_new(house: House) -> None:
    await erase_cy(house)
    house.now = LATER

    await hear(house, *CONVERSATION)
    await house.tell()

    assert {who for who, _, _ in acts(told(house))} == {BOB, CY}
    assert await tables_naming_cy(house) == {"ingest.artefact"}


async def test_of_what_waits_what_they_did_is_dropped_and_what_they_took_back_of_others_goes(house: House) -> None:
    ear = Ear(PostgresStore(house.database), house.log)
    taken_back = Undecided(Rule.DELETION, MESSAGE.native, act(Event.DELETED, Kind.DELETE, CY))
    acted = Undecided(Rule.UPON_NAMED, MESSAGE.native, act(Event.VIEWED, Kind.VIEW, CY))
    of_others = Undecided(Rule.UPON_NAMED, MESSAGE.native, act(Event.BOOKMARKED, Kind.BOOKMARK, "UDEE4", CY))
    await ear.take(SLACK, Reading(undecided=(taken_back, acted, of_others)))

    await erase_cy(house)
    await ear.take(SLACK, Reading(known=(Known(MESSAGE, MESSAGE.native, AccountName(BOB), question=False, happened=AT),)))

    assert {(who, what) for who, what, _ in acts(told(house))} == {(BOB, "delete"), ("UDEE4", "bookmarked")}
    assert not names_cy(house)
    assert [each.redacts for each in ear.received() if each.redacts] == [(MESSAGE.iri,)]


async def test_an_erasure_waits_for_the_batch_that_is_being_told(house: House) -> None:
    await hear(house, *CONVERSATION)
    begun: list[asyncio.Task[None]] = []

    async def look_then_let_erase(time: datetime, transaction: Transaction) -> Erased:
        found = await house.forgotten.since(time, transaction)
        begun.append(asyncio.create_task(erase_cy(house)))
        async with asyncio.timeout(10):
            while not await house.database.fetchval(BLOCKED):  # noqa: ASYNC110  nobody tells of it
                await asyncio.sleep(0.02)
        return found

    consumer = telling_by(house, look_then_let_erase)
    await consumer.turn()
    await consumer.close()
    await asyncio.gather(*begun)

    assert (CY, "asked", "acme.slack.com/archives/C1/p1772452800000100") in acts(told(house))
    assert await tables_naming_cy(house) == set()


async def test_who_goes_on_with_a_batch_that_was_taken_from_it_meanwhile_remembers_nobody_who_was_erased(house: House) -> None:
    await hear(house, *CONVERSATION)

    async def look_then_freeze(time: datetime, transaction: Transaction) -> Erased:
        found = await house.forgotten.since(time, transaction)
        await house.database.fetchval(ENDED, transaction.get_server_pid())
        await erase_cy(house)
        return found

    frozen, heir = telling_by(house, look_then_freeze), telling_by(house, house.forgotten.since)
    with pytest.raises(Unavailable):
        await frozen.turn()
    await frozen.close()
    left = await tables_naming_cy(house)
    await heir.turn()
    await heir.close()

    assert left == set()
    assert await tables_naming_cy(house) == set()
    assert set(OF_BOB) <= set(acts(told(house)))


async def test_they_are_remembered_without_a_name_and_for_as_long_as_anything_heard_before_is_kept(house: House) -> None:
    for account, ago in ((b"long ago", KEPT + timedelta(minutes=1)), (b"lately", KEPT - timedelta(minutes=1))):
        await house.database.execute(Query("INSERT INTO erased VALUES ('acme', $1, now() - $2::interval)"), account, ago)

    await erase_cy(house)
    await erase_cy(house)

    rows = await house.database.fetch(Query("SELECT account FROM erased WHERE source = 'acme' ORDER BY erased_at"))
    assert [row["account"] for row in rows][:-1] == [b"lately"]
    assert await tables_naming_cy(house) == set()


async def test_they_are_known_by_the_master_key_before_the_last_rotation_too(house: House) -> None:
    await hear(house, *CONVERSATION)
    await erase_cy(house)
    secrets = SecretSettings(key=SecretStr(new_master_key()), previous_key=house.settings.secrets.key)
    house.opened = (
        replace(house.opened, settings=house.settings.model_copy(update={"secrets": secrets})) if house.opened else None
    )

    await house.tell()

    assert acts(told(house)) == OF_BOB
