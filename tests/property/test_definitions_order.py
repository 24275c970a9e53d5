"""Definitions end in the same table byte for byte, however news is shuffled, repeated, batched, and mixed with recording."""

from __future__ import annotations

import asyncio
from typing import Any, NamedTuple

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.settings import PostgresSettings
from shared.stream import Outgoing
from tests.support.definitions import expected, hear_in, table
from tests.support.lrs import Lrs, open_lrs
from tests.support.received import id_of, request, statement, voiding

EMPTY: Any = "TRUNCATE statement, statement_mention, statement_reference, redaction, definition"
THINGS = ("https://x.org/1", "https://x.org/2", "https://x.org/3")
LANGUAGES = ("en", "de")


class Said(NamedTuple):
    """One step of the play: a statement that defines activities, or one that voids or redacts."""

    about: str
    definition: dict[str, Any]
    other: str
    voids: int | None = None
    redacts: bool = False
    defines: bool = True


definitions = st.fixed_dictionaries(
    {},
    optional={
        "name": st.dictionaries(st.sampled_from(LANGUAGES), st.sampled_from("abc"), max_size=2),
        "type": st.sampled_from(("https://x.org/t", "https://x.org/u")),
        "extensions": st.dictionaries(st.sampled_from(("https://x.org/e", "https://x.org/f")), st.integers(0, 3), max_size=2),
    },
)
things = st.sampled_from(THINGS)
steps = st.builds(
    Said,
    things,
    definitions,
    things,
    st.none() | st.integers(0, 8),
    st.booleans(),
    st.sampled_from((True, True, False)),
)


def speak(number: int, said: Said) -> dict[str, Any]:
    """Return statement *number* of the play."""
    if said.voids is not None:
        return voiding(number, target=said.voids)
    other = {"id": said.other, "definition": {"description": {"en": f"{number}"}}}
    return statement(
        number,
        object={"id": said.about, "definition": said.definition},
        context={"contextActivities": {"other": [other]}},
    )


async def play(lrs: Lrs, steps_: list[Said], data: st.DataObject) -> None:
    """Record the steps; hear some of the news between them, and in the end all of it, in any order, some of it again."""
    await lrs.database.execute(EMPTY)
    news: list[Outgoing] = []
    sizes = data.draw(st.lists(st.integers(1, 6), min_size=1, max_size=4))
    for number, said in enumerate(steps_):
        redacts = (said.about,) if said.redacts and said.voids is None else ()
        news += (await lrs.take(request(speak(number, said), redacts=redacts, defines=said.defines))).outgoing
        if data.draw(st.booleans()):
            await hear_in(lrs.database, data.draw(st.lists(st.sampled_from(news), max_size=3)) if news else [], sizes)
    await hear_in(lrs.database, data.draw(st.permutations(news + news[:3])), sizes)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(steps_=st.lists(steps, min_size=2, max_size=9), data=st.data())
def test_any_order_of_news_ends_in_the_same_definitions(
    postgres_settings: PostgresSettings, steps_: list[Said], data: st.DataObject
) -> None:
    async def run() -> None:
        async with open_lrs(postgres_settings) as lrs:
            await play(lrs, steps_, data)
            assert await table(lrs.database) == await expected(lrs.database), id_of(0)

    asyncio.run(run())
