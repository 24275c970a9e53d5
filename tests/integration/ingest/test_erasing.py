"""Ingest forgets a person: also in what could not be read of what platforms named, and in what is still to be asked for."""

from __future__ import annotations

from typing import Final

from services.ingest import erasing
from services.ingest.asking.store import Noticed, notice
from services.ingest.domain.reading import Lookup
from services.ingest.domain.source import Platform, SourceId
from shared.contracts import NOTICED
from shared.postgres import Query
from shared.stream import Partition, PostgresLedger, Record
from shared.stream.ledger import DeadLetter
from shared.xapi import ifi
from tests.integration.ingest.conftest import House
from tests.support.ingest import NOW
from tests.support.platforms import SOURCES
from tests.support.slack import SLACK

FEDIVERSE: Final = next(source for source in SOURCES.values() if source.platform is Platform.ACTIVITYPUB)
ANN: Final = [ifi.of_account(SLACK.workspace, "U1"), ifi.of_account(FEDIVERSE.workspace, "https://social.example/users/ann")]


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
    await erasing.erase(house.database, ANN, lambda text: b"ann@example.org" in text)

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

    await erasing.erase(house.database, ANN, lambda _: False)

    assert [row["key"] for row in await house.database.fetch(Query("SELECT key FROM lookup"))] == ["2"]
