"""What is recorded becomes what is known of activities (1.0.3 Data §2.4.4.1, §2.3.2)."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from services.gateway.definitions import store
from services.gateway.definitions.handler import Definitions
from services.gateway.domain.definitions import MOST_LEAVES
from services.gateway.domain.keys import activity_key
from services.gateway.recorder.replay import replay
from shared.contracts import RECORDED
from shared.postgres import Query
from shared.stream.memory import MemoryLog
from tests.support.definitions import definition_of, expected, hear, heard, table
from tests.support.lrs import Lrs
from tests.support.received import activity, id_of, request, statement, voiding

COURSE = "https://lms.example/course/1"
MANY = store.PAGE * 2 + 3


def about(number: int, iri: str = COURSE, **definition: Any) -> dict[str, Any]:
    return statement(number, object={"id": iri, "definition": definition})


async def known(lrs: Lrs, iri: str = COURSE) -> Any:
    return json.loads(await definition_of(lrs.database, iri) or b"null")


async def test_data_2_4_4_1_a_newer_definition_updates_the_stored_one(lrs: Lrs) -> None:
    first = await lrs.take(request(about(1, name={"en": "Git"}, type="https://x.org/course")))
    second = await lrs.take(request(about(2, name={"en": "Git basics", "de": "Git"})))

    await hear(lrs.database, *second.outgoing)
    await hear(lrs.database, *first.outgoing)

    assert await known(lrs) == {"name": {"en": "Git basics", "de": "Git"}, "type": "https://x.org/course"}


async def test_data_2_3_1_what_a_statement_says_stays_in_the_statement(lrs: Lrs) -> None:
    decision = await lrs.take(request(about(1, name={"en": "A"}), about(2, name={"en": "B"})))
    before = await lrs.rows()

    await hear(lrs.database, *decision.outgoing)

    assert await lrs.rows() == before


async def test_data_2_3_2_what_a_voided_statement_introduced_is_rolled_back(lrs: Lrs) -> None:
    decision = await lrs.take(request(about(1, name={"en": "Git"}), about(2, name={"en": "Gti"}, moreInfo="https://x.org/gti")))
    await hear(lrs.database, *decision.outgoing)

    voided = await lrs.take(request(voiding(3, target=2)))
    await hear(lrs.database, *voided.outgoing)

    assert await known(lrs) == {"name": {"en": "Git"}}


async def test_communication_4_2_who_may_not_define_is_recorded_and_changes_nothing(lrs: Lrs) -> None:
    first = await lrs.take(request(about(1, name={"en": "Git"})))
    other = await lrs.take(request(about(2, name={"en": "Mine"}), about(3, f"{COURSE}/3", name={"en": "Mine"}), defines=False))

    await hear(lrs.database, *other.outgoing, *first.outgoing)

    assert await known(lrs) == {"name": {"en": "Git"}}
    assert await table(lrs.database) == await expected(lrs.database)
    assert len(await lrs.rows()) == 3


async def test_old_news_brings_nothing_back_that_was_voided_since(lrs: Lrs) -> None:
    decision = await lrs.take(request(about(1, name={"en": "Gti"})))
    voided = await lrs.take(request(voiding(3, target=1)))

    await hear(lrs.database, *voided.outgoing)
    await hear(lrs.database, *decision.outgoing)

    assert await table(lrs.database) == {}


@pytest.mark.parametrize("size", [store.PAGE_BYTES, 1_000])
async def test_what_only_voided_statements_said_is_looked_for_far_back_in_the_record(
    lrs: Lrs, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    monkeypatch.setattr(store, "PAGE_BYTES", size)
    old = await lrs.take(request(about(1, name={"en": "Git"}, description={"en": "Old"})))
    later = await lrs.take(request(*(about(number, name={"en": "Git"}) for number in range(2, MANY))))
    wrong = await lrs.take(request(about(MANY, name={"en": "Git"}, description={"en": "Wrong"})))
    await hear(lrs.database, *old.outgoing, *later.outgoing, *wrong.outgoing)

    await hear(lrs.database, *(await lrs.take(request(voiding(MANY + 1, target=MANY)))).outgoing)

    assert await known(lrs) == {"name": {"en": "Git"}, "description": {"en": "Old"}}
    assert await table(lrs.database) == await expected(lrs.database)


async def test_leaves_that_had_no_room_come_back_when_newer_ones_are_voided(lrs: Lrs) -> None:
    said = [about(number, extensions={f"https://x.org/{number}": number}) for number in range(1, MOST_LEAVES + 21)]
    await hear(lrs.database, *(await lrs.take(request(*said))).outgoing)

    await hear(lrs.database, *(await lrs.take(request(voiding(900, target=100)))).outgoing)
    await hear(lrs.database, *(await lrs.take(request(voiding(901, target=MOST_LEAVES + 20)))).outgoing)

    assert await table(lrs.database) == await expected(lrs.database)
    assert len((await known(lrs))["extensions"]) == MOST_LEAVES


async def test_the_text_of_a_redacted_statement_leaves_its_definition(lrs: Lrs) -> None:
    post = "https://acme.slack.com/archives/C1/p77"
    decision = await lrs.take(request(statement(1, object=activity(post, "the launch is in May"))))
    await hear(lrs.database, *decision.outgoing)

    redacted = await lrs.take(request(redacts=(post,)))
    await hear(lrs.database, *redacted.outgoing)

    assert await known(lrs, post) == {"type": "http://activitystrea.ms/note"}
    assert b"launch" not in b"".join((await table(lrs.database)).values())


async def test_what_is_not_in_the_record_says_nothing_and_what_is_unreadable_is_rejected(lrs: Lrs) -> None:
    decision = await lrs.take(request(about(1, name={"en": "A"})))
    await lrs.database.execute(Query("DELETE FROM statement"))

    rejected = await hear(
        lrs.database, *decision.outgoing, b"nothing", decision.outgoing[0].value.replace(id_of(1).encode(), b"1")
    )

    assert await table(lrs.database) == {}
    assert [each.record.offset for each in rejected.rejections] == [1, 2]


async def test_telling_again_writes_nothing(lrs: Lrs) -> None:
    decision = await lrs.take(request(about(1, name={"en": "A"}), about(2, name={"en": "B"})))
    await hear(lrs.database, *decision.outgoing)
    before = await versions(lrs)

    await hear(lrs.database, *decision.outgoing)
    await hear(lrs.database, decision.outgoing[0])

    assert await versions(lrs) == before


async def test_consumers_of_several_partitions_at_once_lose_nothing(lrs: Lrs) -> None:
    iris = [f"{COURSE}/{place}" for place in range(12)]

    def many(number: int) -> dict[str, Any]:
        order = iris[number % 12 :] + iris[: number % 12]
        things = [{"id": iri, "definition": {"name": {"en": f"{number}"}, "type": f"https://x.org/{number}"}} for iri in order]
        return statement(number, context={"contextActivities": {"other": things}})

    decision = await lrs.take(request(*map(many, range(1, 121))))
    said = list(decision.outgoing)

    await asyncio.gather(*(hear(lrs.database, *said[place::6][::-1]) for place in range(6)))

    assert await table(lrs.database) == await expected(lrs.database)


async def test_a_voiding_that_commits_while_another_consumer_reads_the_record_takes_its_leaves_back(lrs: Lrs) -> None:
    decision = await lrs.take(request(about(1, name={"en": "1"}), about(2, name={"en": "2"}), about(3, name={"en": "3"})))
    await hear(lrs.database, *decision.outgoing)
    third = await lrs.take(request(voiding(4, target=3)))
    async with lrs.database.transaction() as transaction:
        await Definitions()(heard(*third.outgoing), transaction)
        second = await lrs.take(request(voiding(5, target=2)))
        waiting = asyncio.create_task(hear(lrs.database, *second.outgoing))
        await asyncio.sleep(0.2)
        assert not waiting.done()

    await waiting

    assert await known(lrs) == {"name": {"en": "1"}}


async def test_a_replay_changes_nothing_and_makes_everything_again_from_nothing(lrs: Lrs) -> None:
    said = [
        about(number, f"{COURSE}/{number % 5}", name={"en": f"{number}"}, type=f"https://x.org/{number}")
        for number in range(1, 40)
    ]
    decision = await lrs.take(request(*said, voiding(40, target=38), voiding(41, target=7)))
    await hear(lrs.database, *decision.outgoing)
    before, rows = await table(lrs.database), await versions(lrs)
    log = MemoryLog()
    await log.ensure([RECORDED])
    await replay(lrs.database, log)
    again = [record.value for partition in log.records.values() for record in partition]

    await hear(lrs.database, *again)
    assert await versions(lrs) == rows

    await store.forget(lrs.database)
    assert await table(lrs.database) == {}
    await hear(lrs.database, *again)
    assert await table(lrs.database) == before


async def versions(lrs: Lrs) -> list[Any]:
    return [tuple(row) for row in await lrs.database.fetch(Query("SELECT key, ctid, xmin, xmax FROM definition ORDER BY key"))]


async def test_one_look_into_the_record_takes_no_more_than_a_few_long_statements(
    lrs: Lrs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "PAGE_BYTES", 25_000)
    await lrs.take(request(*(about(number, description={"en": "x" * 10_000}) for number in range(1, 9))))

    newest = await store.DefinitionStore(lrs.database).newest(activity_key(COURSE))

    assert [seq for seq, _ in newest] == [8, 7, 6]
