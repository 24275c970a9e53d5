"""Erasing a person from the record: everything that is there, everything that comes late, and nothing that comes after."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from services.gateway.attachments.store import AttachmentStore
from services.gateway.domain.keychain import Keychain
from services.gateway.domain.query import Filters
from services.gateway.persons.erasing import Erasing, StillVouches, survey
from services.gateway.persons.person import Person, with_hashes
from services.gateway.persons.store import PAGE_STATEMENTS
from services.gateway.recorder import Recorder
from services.gateway.recorder.replay import replay
from services.gateway.statements.store import StatementStore
from shared.contracts import RECORDED, Received, Recorded, decode
from shared.postgres import Database, Query
from shared.settings import PostgresSettings
from shared.stream import DeadLetter, MemoryLog, Outgoing, PostgresLedger
from shared.xapi.erased import ERASED, ERASED_IFI
from shared.xapi.model import Ifi
from tests.support.dump import tables_holding
from tests.support.lrs import Lrs, body, said
from tests.support.received import activity, id_of, record, request, statement

KEYS = Keychain.of(bytes(32))
ANN = {"objectType": "Agent", "name": "Ann Arbor", "mbox": "mailto:ann.arbor@example.org"}
BOB = {"objectType": "Agent", "name": "Bob", "mbox": "mailto:bob@example.org"}
ANN_AT_WORK = {"objectType": "Agent", "account": {"homePage": "https://work.example", "name": "a.arbor"}}
PERSON = Person(with_hashes([Ifi("mbox::mailto:ann.arbor@example.org"), Ifi("account::a.arbor@https://work.example")]))
POST = "https://forum.example/t/7"
MARK = "zanzibar-marmalade"
TRACES = ("ann.arbor@example.org", "Ann Arbor", "a.arbor", MARK)
LATER = "2126-01-31T12:00:01.000000Z"


class Estate:
    """A record, and who erases from it."""

    def __init__(self, lrs: Lrs, settings: PostgresSettings) -> None:
        self.lrs = lrs
        self.settings = settings
        self.log = MemoryLog()
        self.erasing = Erasing(lrs.database, self.log, KEYS)

    async def erase(self, person: Person = PERSON) -> int:
        pages: list[int] = []
        await self.erasing.erase(person, "ticket 7", pages.append)
        return sum(pages)

    async def traces(self) -> dict[str, set[str]]:
        return await tables_holding(self.settings, TRACES)

    async def news(self) -> dict[str, Recorded]:
        """Return the last word on each statement that was said of the erasure."""
        inbox = await self.log.inbox("test", [RECORDED])
        for partition in await inbox.assignment():
            await inbox.seek(partition, 0)
        heard: dict[str, Recorded] = {}
        while batch := await inbox.fetch(1000, 0.0):
            heard |= {message.id: message for message in (decode(each.value, Recorded) for each in batch.records)}
        await inbox.close()
        return heard


@pytest.fixture
async def estate(postgres_settings: PostgresSettings) -> AsyncIterator[Estate]:
    database = await Database.open(postgres_settings, schema="lrs", application="test")
    opened = Estate(Lrs(database, Recorder(keychain=KEYS), StatementStore(database)), postgres_settings)
    await opened.log.ensure([RECORDED])
    yield opened
    await database.close()


def own(number: int = 1, **changes: Any) -> dict[str, Any]:
    """Return what Ann wrote."""
    return statement(number, actor=ANN, object=activity(POST, MARK), result={"response": MARK}, **changes)


def others(number: int = 2, **changes: Any) -> dict[str, Any]:
    """Return what Bob wrote about it, in which Ann stands."""
    context = {"instructor": ANN_AT_WORK, "contextActivities": {"parent": [activity(POST, MARK)]}}
    return statement(number, actor=BOB, result={"response": "Bob's words"}, context=context, **changes)


async def test_no_table_holds_the_person_any_more(estate: Estate) -> None:
    await estate.lrs.take(request(own(), others(), statement(3)))

    counted = await estate.erase()

    assert counted == 2
    assert await estate.traces() == {}


async def test_place_and_digest_stay_and_the_words_of_others_do(estate: Estate) -> None:
    await estate.lrs.take(request(own(), others(), statement(3)))
    before = await estate.lrs.rows()

    await estate.erase()

    after = await estate.lrs.rows()
    for name in ("seq", "id", "stored", "timestamp", "digest", "source"):
        assert [row[name] for row in before] == [row[name] for row in after]
    assert [(row["redacted_at"] is not None, row["names_only"]) for row in after] == [(True, False), (True, True), (False, False)]
    assert b"Bob's words" in after[1]["body"]
    assert before[2] == after[2]


async def test_everybody_who_listens_is_told(estate: Estate) -> None:
    await estate.lrs.take(request(own(), others(), statement(3)))

    await estate.erase()

    news = await estate.news()
    assert {identifier: message.names_only for identifier, message in news.items()} == {id_of(1): False, id_of(2): True}
    assert body(news[id_of(1)])["actor"] == ERASED
    assert all(message.redacted_at for message in news.values())


async def test_a_statement_is_found_by_the_erased_person_and_no_more_by_who_stood_there(estate: Estate) -> None:
    await estate.lrs.take(request(own()))

    await estate.erase()

    assert (await estate.lrs.store.page(Filters(agent=Ifi("mbox::mailto:ann.arbor@example.org")), 10)).bodies == ()
    assert len((await estate.lrs.store.page(Filters(agent=ERASED_IFI), 10)).bodies) == 1


async def test_the_same_again_is_a_repeat_and_the_same_id_with_other_content_a_conflict(estate: Estate) -> None:
    again = request(own(), others())
    await estate.lrs.take(again)
    await estate.erase()

    repeated = await estate.lrs.take(again)
    contradicted = await estate.lrs.take(request(own(timestamp="2026-02-01T00:00:00Z")))

    assert (repeated.outgoing, repeated.rejections) == ((), ())
    assert [rejection.cause for rejection in contradicted.rejections] == ["conflict"]
    assert MARK.encode() not in contradicted.rejections[0].record.value
    assert b"arbor" not in contradicted.rejections[0].record.value


async def test_what_comes_late_is_recorded_as_if_it_had_been_there(estate: Estate) -> None:
    await estate.lrs.take(request(own(10), others(11)))
    await estate.erase()

    decision = await estate.lrs.take(request(own(20), others(21), statement(22)))

    early, late = (await estate.lrs.rows())[:2], (await estate.lrs.rows())[2:]
    messages = {message.id: message for message in said(decision)}
    assert await estate.traces() == {}
    assert [(row["redacted_at"] is not None, row["names_only"]) for row in late] == [(True, False), (True, True), (False, False)]
    assert [len(row["body"]) for row in early] == [len(row["body"]) for row in late[:2]]
    assert (messages[id_of(20)].names_only, messages[id_of(21)].names_only) == (False, True)
    assert messages[id_of(22)].redacted_at is None


async def test_what_the_person_does_afterwards_is_new(estate: Estate) -> None:
    await estate.lrs.take(request(own()))
    await estate.erase()

    await estate.lrs.take(request(own(21), received_at=LATER))

    assert MARK.encode() in (await estate.lrs.rows())[1]["body"]


async def test_a_replay_of_the_record_says_nothing_of_the_person(estate: Estate) -> None:
    await estate.lrs.take(request(own(), others()))
    await estate.erase()

    await replay(estate.lrs.database, estate.log)

    assert {message.names_only for message in (await estate.news()).values()} == {True, False}
    assert not any(trace.encode() in bytes(message.statement) for message in (await estate.news()).values() for trace in TRACES)


class _Crash(Exception):
    pass


async def test_interrupted_it_is_whole_after_being_done_again(estate: Estate) -> None:
    for start in range(0, 2 * PAGE_STATEMENTS, 100):
        await estate.lrs.take(request(*(own(1 + start + number) for number in range(100))))

    def crash(_: int) -> None:
        raise _Crash

    with pytest.raises(_Crash):
        await estate.erasing.erase(PERSON, "", crash)
    half = [row["redacted_at"] is not None for row in await estate.lrs.rows()]
    await estate.erase()

    assert (half.count(True), half.count(False)) == (PAGE_STATEMENTS, PAGE_STATEMENTS)
    assert await estate.traces() == {}
    assert await unfinished(estate) == 0


async def test_erasing_again_changes_nothing(estate: Estate) -> None:
    await estate.lrs.take(request(own(), others()))
    await estate.erase()
    before = await estate.lrs.rows()

    counted = await estate.erase()

    assert (counted, await estate.lrs.rows()) == (0, before)


async def test_two_people_in_one_statement_are_erased_one_after_the_other(estate: Estate) -> None:
    await estate.lrs.take(request(others()))
    await estate.erase()

    await estate.erase(Person(with_hashes([Ifi("mbox::mailto:bob@example.org")])))

    (row,) = await estate.lrs.rows()
    assert not row["names_only"]
    assert b"Bob" not in row["body"]
    assert (await estate.news())[id_of(2)].names_only is False


async def test_who_is_named_in_an_extension_alone_is_found_too(estate: Estate) -> None:
    extensions = {"http://id.tincanapi.com/extension/target": ANN_AT_WORK}
    await estate.lrs.take(request(statement(1, actor=BOB, context={"extensions": extensions})))

    await estate.erase()

    assert await estate.traces() == {}
    assert body((await estate.news())[id_of(1)])["context"]["extensions"] == {"http://id.tincanapi.com/extension/target": ERASED}


async def test_who_vouched_is_forgotten_and_a_key_in_use_is_revoked_first(estate: Estate) -> None:
    await estate.lrs.take(request(statement(1, authority=ANN), authority="mbox::mailto:ann.arbor@example.org"))
    insert = (
        "INSERT INTO credential (key_id, name, scopes, authority, authority_ifi, created_at)"
        " VALUES ('aaaaaaaaaaaaaaaa', 'key', '{all}', '{\"mbox\": \"mailto:ann.arbor@example.org\"}',"
        " 'mbox::mailto:ann.arbor@example.org', now())"
    )
    await estate.lrs.database.execute(Query(insert))

    with pytest.raises(StillVouches, match="aaaaaaaaaaaaaaaa"):
        await estate.erase()
    await estate.lrs.database.execute(Query("UPDATE credential SET revoked_at = now()"))
    await estate.erase()

    assert await estate.traces() == {}
    assert (await estate.lrs.rows())[0]["authority"] == ERASED_IFI


async def test_dead_letters_and_the_outbox_lose_the_person_and_keep_the_others(estate: Estate) -> None:
    ledger = PostgresLedger(estate.lrs.database)
    whole = request(own(), statement(3))
    broken = f'{{"mbox": "mailto:ann.arbor@example.org", "{MARK}'.encode()
    letters = [DeadLetter("recorder", each, "why", 1) for each in (record(whole, 0), record(broken, 1))]
    decision = await estate.lrs.take(request(own(7)))
    async with ledger.transaction() as transaction:
        await ledger.bury(letters, transaction)
        await ledger.store("recorder/received/0", [Outgoing(RECORDED, decision.outgoing[0].value, b"k")], transaction)
    held = await survey(estate.lrs.database, PERSON)

    await estate.erase()

    values = await estate.lrs.database.fetch(Query('SELECT value, state FROM dead_letter ORDER BY "offset"'))
    assert (held.statements, held.acted, held.letters, held.rows) == (1, 1, 2, 1)
    assert await estate.traces() == {}
    assert [each.id for each in decode(values[0]["value"], Received).statements] == [id_of(1), id_of(3)]
    assert [row["state"] for row in values] == ["waiting", "discarded"]
    assert (values[1]["value"], len(await ledger.waiting("recorder/received/0"))) == (b"", 1)


async def test_documents_names_and_attachments_go_with_the_person(estate: Estate) -> None:
    database = estate.lrs.database
    await database.execute(
        Query(
            "INSERT INTO document VALUES (gen_random_uuid(), gen_random_uuid(), 'agent-profile', NULL,"
            " 'mbox::mailto:ann.arbor@example.org', NULL, 'p', 'text/plain', $1, 'e', now())"
        ),
        MARK.encode(),
    )
    attachment = {"usageType": "http://x.example/a", "display": {"en": "a"}, "contentType": "text/plain", "length": 18}
    await estate.lrs.take(request(own(attachments=[{**attachment, "sha2": "ab" * 32}])))
    await database.execute(Query("INSERT INTO attachment VALUES ($1, 18, now(), $2)"), bytes(32), MARK.encode())
    await database.execute(
        Query("INSERT INTO attachment_use VALUES ($1::uuid, $2, $3, now(), true)"), id_of(1), bytes.fromhex("ab" * 32), bytes(32)
    )

    await estate.erase()

    assert await estate.traces() == {}
    assert await AttachmentStore(database).of_statements([]) == []


async def test_the_audit_tells_that_somebody_was_erased_and_not_who(estate: Estate) -> None:
    await estate.lrs.take(request(own()))

    await estate.erase()

    (row,) = await estate.lrs.database.fetch(Query("SELECT key_id, action, purpose, learner, learners FROM audit"))
    assert tuple(row) == ("operator", "erase", "ticket 7", None, 1)
    assert await unfinished(estate) == 0


async def unfinished(estate: Estate) -> int:
    return int(await estate.lrs.database.fetchval(Query("SELECT count(*) FROM erasure WHERE finished_at IS NULL")))
