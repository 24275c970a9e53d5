"""Erasing a person from the record: from everything that is there."""

from __future__ import annotations

import pytest

from services.gateway.attachments.store import AttachmentStore
from services.gateway.domain.query import Filters
from services.gateway.persons.erasing import StillVouches, survey
from shared.contracts import RECORDED, Received, decode
from shared.postgres import Query
from shared.stream import DeadLetter, Outgoing, PostgresLedger
from shared.xapi.erased import ERASED, ERASED_IFI
from shared.xapi.model import Ifi
from tests.support.estate import ANN, ANN_AT_WORK, BOB, MARK, PERSON, Estate, others, own
from tests.support.lrs import body
from tests.support.received import id_of, record, request, statement


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
    assert (held.statements, held.acted, held.letters, held.outbox_rows) == (1, 1, 2, 1)
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
    assert await estate.unfinished() == 0
