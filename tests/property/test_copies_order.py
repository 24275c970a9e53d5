"""Texts, copies, edits, voids and deletions, in any order and any batches, end in the same tables and the same words."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial
from itertools import pairwise
from typing import Any, Final

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.enrichment.digest import Digest, digest
from services.enrichment.forgetting import forget
from services.enrichment.handler import Enrichment
from services.enrichment.linking import Linking
from services.enrichment.store import Store
from shared.contracts import Enriched, Recorded, decode
from shared.postgres import Database
from shared.settings import PostgresSettings
from shared.xapi.vocabulary import Verb
from tests.support.conversation import batch, recorded, statement

ONE: Final = " ".join(f"tip{number}" for number in range(40))
NEARLY: Final = ONE.replace("tip7 ", "top7 ")
TWO: Final = " ".join(f"trick{number}" for number in range(40))
SAID: Final = (
    statement("ann", "ann", Verb.POSTED, "m1", text=ONE, second=1),
    statement("bob", "bob", Verb.REPLIED, "m2", parent="m1", text=NEARLY, second=2),
    statement("cy", "cy", Verb.ANSWERED, "m3", parent="m2", text=ONE, second=3),
    statement("dan", "dan", Verb.POSTED, "m4", text=TWO, second=4),
    statement("ann again", "ann", Verb.EDITED, "m1", text=NEARLY, second=5),
    statement("bob again", "bob", Verb.EDITED, "m2", text=TWO, second=6),
    statement("moderator", "dan", Verb.EDITED, "m3", text=TWO, second=7),
    statement("dan likes", "dan", Verb.LIKED, "m2", second=8),
    statement("ann likes", "ann", Verb.LIKED, "m3", second=9),
    statement("cy likes", "cy", Verb.LIKED, "m4", second=10),
)


def gone(said: dict[str, Any], seq: int, *, deleted: bool) -> Recorded:
    if not deleted:
        return recorded(said, seq, voided=True)
    return recorded({key: value for key, value in said.items() if key != "result"}, seq, redacted_at="2026-03-03T09:00:00Z")


async def ending(settings_: PostgresSettings, batches: Sequence[Sequence[Recorded]]) -> tuple[Digest, dict[str, Enriched]]:
    """Hear *batches* on empty tables; return what stands there in the end, and the newest words."""
    database = await Database.open(settings_, schema="records", application="test")
    store = Store()
    handler, said = Enrichment(store, Linking(store)), dict[str, Enriched]()
    try:
        await forget(database)
        for messages in batches:
            heard = batch(*messages)
            decision = await database.run(partial(handler, heard))
            for one in (decode(each.value, Enriched) for each in decision.outgoing):
                said[one.id] = max(said.get(one.id, one), one, key=lambda each: each.revision)
        return await digest(database), {name: msgspec.structs.replace(one, revision=0) for name, one in said.items()}
    finally:
        await database.close()


def in_batches(messages: Sequence[Recorded], cuts: Sequence[int]) -> list[Sequence[Recorded]]:
    edges = [0, *sorted({cut for cut in cuts if cut < len(messages)}), len(messages)]
    return [messages[begin:end] for begin, end in pairwise(edges) if begin < end]


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(chosen=st.data())
def test_any_order_and_any_batches_end_the_same(postgres_settings: PostgresSettings, chosen: st.DataObject) -> None:
    silenced = chosen.draw(st.lists(st.tuples(st.integers(0, len(SAID) - 1), st.booleans()), max_size=2))
    messages = [recorded(one, seq) for seq, one in enumerate(SAID, 1)]
    messages += [gone(SAID[at], at + 1, deleted=deleted) for at, deleted in silenced]
    shuffled = chosen.draw(st.permutations([*messages, *chosen.draw(st.lists(st.sampled_from(messages), max_size=3))]))
    cuts = chosen.draw(st.lists(st.integers(1, len(shuffled)), max_size=8))

    expected = asyncio.run(ending(postgres_settings, [messages]))

    assert asyncio.run(ending(postgres_settings, in_batches(shuffled, cuts))) == expected
