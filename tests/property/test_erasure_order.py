"""Whenever somebody is erased while statements arrive, the record ends the same: as if all had been there before."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, Final

import orjson
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.gateway.domain.erasure import erase
from services.gateway.domain.keychain import Keychain
from services.gateway.domain.mentions import mentions
from services.gateway.domain.redaction import redact
from services.gateway.persons.erasing import Erasing
from services.gateway.persons.person import Person, with_hashes
from services.gateway.recorder import Recorder
from services.gateway.statements.store import StatementStore
from shared.contracts import RECORDED
from shared.postgres import Database, Query
from shared.settings import PostgresSettings
from shared.stream import MemoryLog
from shared.xapi.canonical import cut
from shared.xapi.model import Ifi
from tests.support.lrs import Lrs
from tests.support.received import activity, id_of, request, statement

KEYS: Final = Keychain.of(bytes(32))
EMPTY: Any = "TRUNCATE statement, statement_mention, statement_reference, redaction, erased_key, erasure, outbox"
MENTIONED: Final = Query(
    "SELECT s.id::text AS id, array_agg(encode(uuid_send(m.key), 'hex') || m.usage || m.direct ORDER BY 1) AS keys"
    " FROM statement s JOIN statement_mention m USING (seq) GROUP BY s.id"
)
PEOPLE: Final = {
    name: {"objectType": "Agent", "name": name, "mbox": f"mailto:{name}@example.org"} for name in ("ann", "bob", "cy")
}
POST: Final = "https://forum.example/t/"
DELETED: Final = "2026-01-31T12:00:30.000000Z"

Steps = Sequence[int | str]
"""Numbers of statements that arrive, and names of people who are erased."""


def speak(number: int) -> dict[str, Any]:
    """Return statement *number*: who acts and who else stands in it follow from the number."""
    names = list(PEOPLE)
    return statement(
        number,
        actor=PEOPLE[names[number % 3]],
        object=activity(f"{POST}{number}", f"text {number}"),
        result={"response": f"text {number}"},
        context={"instructor": PEOPLE[names[number // 3 % 3]], "extensions": {"http://x.example/": PEOPLE[names[number // 9]]}},
    )


def expected(steps: Steps) -> dict[str, tuple[bool, bool, bytes, list[str]]]:
    """Say by the rules alone what the record holds in the end: redacted, of names only, as what, found by what."""
    keys = {key for name in steps if isinstance(name, str) and name in PEOPLE for key in person(name).keys}
    deleted = {int(step.removeprefix("delete ")) for step in steps if isinstance(step, str) and step.startswith("delete ")}
    record = {}
    for number in {step for step in steps if isinstance(step, int)}:
        body = orjson.dumps(speak(number))
        left = erase(body, keys.__contains__)
        gone = number in deleted
        final = redact(left.body if left else body) if gone else (left.body if left else body)
        found = sorted(
            f"{key.hex()}{usage}{str(direct).lower()}" for key, (usage, direct) in mentions(orjson.loads(final)).items()
        )
        record[id_of(number)] = (gone or left is not None, bool(left and left.names_only and not gone), final, found)
    return record


def person(name: str) -> Person:
    return Person(with_hashes([Ifi(f"mbox::mailto:{name}@example.org")]))


async def perform(database: Database, steps: Steps) -> None:
    """Do *steps* one after the other, in an empty record."""
    await database.execute(EMPTY)
    lrs, log = Lrs(database, Recorder(keychain=KEYS), StatementStore(database)), MemoryLog()
    await log.ensure([RECORDED])
    for step in steps:
        match step:
            case int():
                decision = await lrs.take(request(speak(step)))
                assert not decision.rejections
            case str() if step in PEOPLE:
                await Erasing(database, log, KEYS).erase(person(step), "", lambda _: None)
            case _:
                about = f"{POST}{step.removeprefix('delete ')}"
                gone = statement(900 + int(about.removeprefix(POST)), object=activity(about), actor=speak(1)["authority"])
                await lrs.take(request(gone, redacts=(about,), received_at=DELETED))


async def held(database: Database) -> Mapping[str, tuple[bool, bool, bytes, list[str]]]:
    """Return what the record holds of what was spoken."""
    found = {row["id"]: sorted(row["keys"]) for row in await database.fetch(MENTIONED)}
    rows = await database.fetch(Query("SELECT id::text, redacted_at, names_only, body FROM statement WHERE NOT redacts"))
    return {
        row["id"]: (row["redacted_at"] is not None, row["names_only"], cut(row["body"], "stored"), found[row["id"]])
        for row in rows
    }


STEPS = st.lists(
    st.integers(0, 26) | st.sampled_from(["ann", "bob"]) | st.builds("delete {}".format, st.integers(0, 26)),
    min_size=3,
    max_size=9,
)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(steps=STEPS)
def test_any_order_of_arrivals_and_erasures_ends_in_the_same_record(postgres_settings: PostgresSettings, steps: Steps) -> None:
    async def run() -> None:
        database = await Database.open(postgres_settings, schema="lrs", application="test")
        try:
            await perform(database, steps)
            assert await held(database) == expected(steps)
        finally:
            await database.close()

    asyncio.run(run())
