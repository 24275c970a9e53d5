"""Forgetting a person in the projections: at once, whatever is heard before and after, and only that person."""

from __future__ import annotations

from itertools import permutations
from typing import Any
from uuid import UUID

import msgspec
import orjson
import pytest

from services.enrichment.digest import digest
from services.enrichment.domain.people import imported_learner, provisional_learner
from services.enrichment.erasing import Erasing, survey
from services.enrichment.imports import Kind
from services.gateway.domain.erasure import erase
from services.gateway.domain.keys import agent_key
from shared.contracts import ENRICHED, Recorded, Status
from shared.postgres import Query
from shared.stream import DeadLetter, Partition, PostgresLedger, Record
from shared.xapi import ifi
from shared.xapi.model import Ifi
from shared.xapi.vocabulary import EMOJI_EXTENSION, Verb
from tests.integration.enrichment.conftest import House
from tests.support.conversation import COURSE, HOME, recorded, statement

ADA, ADA_AT_WORK = ifi.of_account(HOME, "ada"), Ifi("mbox::mailto:ada@acme.example")
ASK = statement("ask", "ada", Verb.ASKED, "m1", text=f"Who has done {COURSE}/lesson/3?", second=1)
ANSWER = statement("answer", "bob", Verb.ANSWERED, "m2", parent="m1", second=2)
PRAISE = statement("praise", "cy", Verb.LIKED, "m0", target="ada", second=3)
SAID = [ASK, ANSWER, PRAISE]
PEOPLE = f"external_id,name,email,accounts\nHR-1,Ada,ada@acme.example,ada@{HOME}\nHR-2,Bob,,bob@{HOME}\n".encode()
COURSES = f"iri,title,urls\n{COURSE},Python 101,{COURSE}\n".encode()
ENROLMENTS = f"external_id,course\nHR-1,{COURSE}\nHR-2,{COURSE}\n".encode()


async def prepare(house: House) -> None:
    for kind, content in ((Kind.PEOPLE, PEOPLE), (Kind.COURSES, COURSES), (Kind.ENROLMENTS, ENROLMENTS)):
        assert not (await house.importer.take(kind, content)).faults
    await house.log.ensure([ENRICHED])


def overwritten(said: dict[str, Any], seq: int) -> Recorded:
    """Return what the record says of a statement once Ada is erased."""
    found = erase(orjson.dumps(said), {agent_key(ADA)}.__contains__)
    if found is None:
        return recorded(said, seq)
    message = recorded(said, seq, redacted_at="2026-03-03T09:00:00.000000Z")
    return msgspec.structs.replace(message, statement=msgspec.Raw(found.body), names_only=found.names_only)


async def forget(house: House, *identities: Ifi, learners: tuple[UUID, ...] = (), through: int = 100) -> None:
    erasing = Erasing(house.database, house.log)
    await erasing.erase(identities, through, lambda value: b'"ada"' in value)
    await erasing.forget(identities, learners)


async def emitted(house: House, said: dict[str, Any]) -> dict[str, Any]:
    """Return what was said last of a statement."""
    row: bytes = await house.database.fetchval(Query("SELECT emitted FROM interaction WHERE statement_id = $1"), UUID(said["id"]))
    message: dict[str, Any] = orjson.loads(row)
    return message


async def test_nobody_is_known_by_the_identities_any_more(house: House) -> None:
    await prepare(house)
    await house.hear(*(recorded(one, seq) for seq, one in enumerate(SAID, 1)))

    await forget(house, ADA, ADA_AT_WORK, Ifi(f"mbox_sha1sum::{ifi.sha1sum('mailto:ada@acme.example')}"))

    left = await house.database.fetchrow(Query("SELECT count(*) FILTER (WHERE external_id = 'HR-1') FROM learner"))
    assert left is not None
    assert left[0] == 0
    assert tuple(await survey(house.database, [ADA, ADA_AT_WORK], [imported_learner("HR-1")])) == (0, 0, 0, 0)
    ask, answer, praise = [await emitted(house, one) for one in SAID]
    assert (ask["learner"], ask["status"], ask["links"]) == (None, Status.REDACTED, [])
    assert (answer["learner"], answer["author"], answer["status"]) == (str(imported_learner("HR-2")), None, Status.LIVE)
    assert (praise["author"], praise["status"]) == (None, Status.LIVE)


@pytest.mark.parametrize("order", list(permutations(range(3))))
async def test_old_and_new_news_end_the_same_in_any_order(house: House, order: tuple[int, ...]) -> None:
    """Old news of all, new news of all, and the erasure itself."""
    await prepare(house)
    steps = [
        lambda: house.hear(*(recorded(one, seq) for seq, one in enumerate(SAID, 1))),
        lambda: house.hear(*(overwritten(one, seq) for seq, one in enumerate(SAID, 1))),
        lambda: forget(house, ADA, learners=(imported_learner("HR-1"),)),
    ]

    for step in order:
        await steps[step]()
    if order[-1] != 2:
        await forget(house, ADA, learners=(imported_learner("HR-1"),))

    reached = await digest(house.database)
    await house.forget()
    await house.hear(*(overwritten(one, seq) for seq, one in enumerate(SAID, 1)))
    assert await digest(house.database) == reached


async def test_with_whoever_reacted_the_emoji_is_forgotten(house: House) -> None:
    reacted = statement("reacted", "ada", Verb.REACTED, "m2", second=4) | {"result": {"extensions": {EMOJI_EXTENSION: "🎉"}}}
    await prepare(house)
    await house.hear(recorded(ANSWER, 1), recorded(reacted, 2))

    await forget(house, ADA)

    known = await digest(house.database)
    await house.hear(overwritten(ANSWER, 1), overwritten(reacted, 2))
    assert await digest(house.database) == known


async def test_who_keeps_another_account_stays_known_by_it(house: House) -> None:
    await prepare(house)

    await forget(house, ADA_AT_WORK, Ifi(f"mbox_sha1sum::{ifi.sha1sum('mailto:ada@acme.example')}"))

    row = await house.database.fetchrow(Query("SELECT name, email_sha1 FROM learner WHERE external_id = 'HR-1'"))
    assert row is not None
    assert tuple(row) == ("Ada", None)
    assert (await survey(house.database, [ADA], [imported_learner("HR-1")]))[1:] == (1, 1, 1)


async def test_who_acts_afterwards_is_met_as_somebody_new(house: House) -> None:
    await prepare(house)
    await house.hear(recorded(ASK, 1), recorded(statement("again", "ada", Verb.ASKED, "m9", second=9), 2))

    await forget(house, ADA, ADA_AT_WORK, learners=(imported_learner("HR-1"),), through=1)

    again = await emitted(house, statement("again", "ada", Verb.ASKED, "m9"))
    assert (again["learner"], again["status"]) == (str(provisional_learner(ADA)), Status.LIVE)
    assert again["actorGrounded"] is False


async def test_dead_letters_that_hold_the_person_are_emptied(house: House) -> None:
    await prepare(house)
    ledger, place = PostgresLedger(house.database), Partition("xapi.statement.recorded.v1", 0)
    async with ledger.transaction() as transaction:
        letters = [Record(place, offset, b"k", value) for offset, value in enumerate((b'{"ada"', b'{"bob"'))]
        await ledger.bury([DeadLetter("enrichment", each, "unreadable", 1) for each in letters], transaction)

    await forget(house, ADA)

    rows = await house.database.fetch(Query('SELECT value, state FROM dead_letter ORDER BY "offset"'))
    assert [tuple(row) for row in rows] == [(b"", "discarded"), (b'{"bob"', "waiting")]
