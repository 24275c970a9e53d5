"""Copy and paste, from the statement to the impact: it contributes nothing, and what others make of it is its author's."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from services.enrichment.domain.people import imported_learner
from services.enrichment.handler import Enrichment
from services.enrichment.imports import Importer, Kind
from services.enrichment.linking import Linking
from services.enrichment.store import Store
from shared.contracts import Enriched, Recorded, decode
from shared.postgres import Database
from shared.settings import PostgresSettings
from shared.xapi.vocabulary import Verb
from tests.support import community, conversation
from tests.support.conversation import COURSE, HOME, recorded, statement
from tests.support.scoring import EXPLANATION, ScoringBench

AS_OF = datetime(2026, 3, 2, 12, tzinfo=UTC)
NAMES = ("ada", "bob", "cy")
ADA, BOB, _ = (str(imported_learner(name)) for name in NAMES)
PEOPLE = "external_id,name,email,accounts\n" + "".join(f"{name},{name},,{name}@{HOME}\n" for name in NAMES)
ENROLMENTS = "external_id,course\n" + "".join(f"{name},{COURSE}\n" for name in NAMES)
TIP = f"Profile before you optimise, since the slow part is never where you think that it is: {COURSE}"
WROTE = statement("wrote", "ada", Verb.POSTED, "m1", text=TIP, second=1)
READ = statement("read", "cy", Verb.VIEWED, "m1", second=2)
COPIED = statement("copied", "bob", Verb.POSTED, "m2", text=f"Look: {TIP}", second=3)
LIKED = statement("liked", "cy", Verb.LIKED, "m2", second=4)


class Learning:
    """A record that is enriched and scored, a batch at a time."""

    def __init__(self, records: Database, bench: ScoringBench) -> None:
        store = Store()
        self.records = records
        self.bench = bench
        self._enrichment = Enrichment(store, Linking(store))

    async def hear(self, *messages: Recorded) -> None:
        heard = conversation.batch(*messages)
        decision = await self.records.run(lambda transaction: self._enrichment(heard, transaction))
        await self.bench.apply(community.batch([decode(one.value, Enriched) for one in decision.outgoing]))

    async def impacts(self) -> list[tuple[float, float]]:
        """Return reception and contribution of Ada, who wrote, and of Bob, who copied."""
        return [(found.reception, found.contribution) for found in [await self.bench.impact(who, AS_OF) for who in (ADA, BOB)]]

    async def explained(self, learner: str, said: dict[str, Any]) -> dict[str, Any]:
        rows = await self.bench.database.fetch(EXPLANATION, UUID(learner), AS_OF)
        return next(dict(row) for row in rows if str(row["statement_id"]) == said["id"])


@pytest.fixture
async def learning(postgres_settings: PostgresSettings) -> AsyncIterator[Learning]:
    records = await Database.open(postgres_settings, schema="records", application="test")
    importer = Importer(records)
    courses = f"iri,title,urls\n{COURSE},Python,{COURSE}\n"
    for kind, content in ((Kind.PEOPLE, PEOPLE), (Kind.COURSES, courses), (Kind.ENROLMENTS, ENROLMENTS)):
        assert not (await importer.take(kind, content.encode())).faults
    async with ScoringBench.open(postgres_settings) as bench:
        yield Learning(records, bench)
    await records.close()


async def test_copying_contributes_nothing_and_the_likes_go_to_the_author(learning: Learning) -> None:
    await learning.hear(*(recorded(one, seq) for seq, one in enumerate((WROTE, READ), 1)))
    (reception, contribution), _ = await learning.impacts()

    await learning.hear(recorded(COPIED, 3), recorded(LIKED, 4))

    ada, bob = await learning.impacts()
    assert bob == (0.0, 0.0)
    assert ada[1] == contribution > 0
    assert ada[0] > reception


async def test_the_explanation_shows_what_was_copied_to_both(learning: Learning) -> None:
    await learning.hear(*(recorded(one, seq) for seq, one in enumerate((WROTE, READ, COPIED, LIKED), 1)))

    copied, liked = await learning.explained(BOB, COPIED), await learning.explained(ADA, LIKED)

    assert (copied["weight"], copied["credit"], copied["counted"], str(copied["copy_of"])) == (0.0, 0.0, False, WROTE["id"])
    assert (liked["weight"], liked["counted"], str(liked["copy_of"])) == (0.5, True, WROTE["id"])
    assert liked["credit"] > 0


async def test_an_original_that_comes_last_and_one_that_is_voided_end_as_if_it_had_been_so_from_the_first(
    learning: Learning,
) -> None:
    messages = [recorded(one, seq) for seq, one in enumerate((WROTE, READ, COPIED, LIKED), 1)]
    await learning.hear(messages[2], messages[3], messages[1])
    without = await learning.impacts()

    await learning.hear(messages[0])
    late = await learning.impacts()
    await learning.hear(recorded(WROTE, 1, voided=True))

    assert without[1][0] > 0
    assert late[1] == (0.0, 0.0)
    assert late[0][0] > 0
    assert await learning.impacts() == without
