"""Where the play is given: databases in which the house has come to a certain point, each a template to crash copies of."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import count
from pathlib import Path
from typing import Final

from services.enrichment.imports import Importer, Kind
from services.gateway.recorder import RecorderStep
from services.pipeline import Pipeline
from services.targets import TARGETS
from shared.postgres import Query, migrate
from shared.stream import Outgoing
from shared.stream.steps import Step
from tests.faults.crash import member
from tests.faults.crash.checker import Verdict, check
from tests.faults.crash.script import COURSE, ENROLLED, ENROLLED_LATER, HOME, PEOPLE, Play
from tests.support.crash import Child, Digests, Nursery, digests, open_books, settled
from tests.support.postgres import blocking, settings_for, statement, with_database

HOUSE: Final = ("gateway", "enrichment", "scoring")
PATIENCE: Final = 60.0
_GROUPS: Final = Query("SELECT count(*) FROM consumer_offset")
AT_ONCE: Final = 2
OPENING: Final = "crash_opening"
_NUMBERS = count(1)


@dataclass(frozen=True, slots=True)
class Act:
    """Who is killed (*victim*), at which steps; what those before him have to say is said by then (*done* have run)."""

    name: str
    victim: str
    done: tuple[str, ...]
    steps: tuple[StrEnum, ...]

    @property
    def services(self) -> tuple[str, ...]:
        """Return the services of the house, the victim first."""
        return (self.victim, *(name for name in HOUSE if name != self.victim))


SCHEMAS: Final = {"gateway": "lrs", "enrichment": "records", "scoring": "impact"}
"""Whose books are where."""

ACTS: Final = (
    Act("recorder", "gateway", (), (*Step, *RecorderStep)),
    Act("enrichment", "enrichment", ("gateway",), tuple(Step)),
    Act("scoring", "scoring", ("gateway", "enrichment"), tuple(Step)),
    Act("relinking", "enrichment", HOUSE, (Step.PUBLISHING, Step.PUBLISHED, Step.OUTBOX_DELETED)),
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a crash at the *passage*-th time of *step*."""

    act: str
    step: str
    passage: int
    of: int
    verdict: Verdict


@dataclass
class Theatre:
    """The templates of the acts, how often each step is passed in each, and the tables of a run that nothing disturbed."""

    dsn: str
    nursery: Nursery
    play: Play
    templates: dict[str, str] = field(default_factory=dict)
    passages: dict[str, Counter[str]] = field(default_factory=dict)
    undisturbed: Digests | None = None

    @asynccontextmanager
    async def database(self, template: str, *, keep: str = "") -> AsyncIterator[str]:
        """Copy *template*, under the name *keep* for good, or else until the end of the block; yield its URI."""
        name = keep or f"crash_{next(_NUMBERS)}"
        await statement(self.dsn, f"CREATE DATABASE {name} TEMPLATE {template}")
        yield with_database(self.dsn, name)
        if not keep:
            await statement(self.dsn, f"DROP DATABASE {name} WITH (FORCE)")

    def start(self, url: str, services: Sequence[str], crash_at: str = "", counts: str = "", kafka: str = "") -> Child:
        """Start a process that runs *services*."""
        return self.nursery.start(member.main, member.Order(url, tuple(services), crash_at, kafka, counts))


async def rehearse(theatre: Theatre, directory: Path) -> None:
    """Make the templates, count the passages of each act, and play once undisturbed."""
    template = OPENING
    async with theatre.database("template1", keep=template) as url:
        await migrate(url, TARGETS)
        await _open(theatre, url)
    for place, act in enumerate(ACTS):
        if act.done:
            async with theatre.database(template, keep=f"crash_act_{place}") as url:
                await _until_done(theatre, url, act)
            template = f"crash_act_{place}"
        theatre.templates[act.name] = template
    for act in ACTS:
        theatre.passages[act.name] = await _count(theatre, act, directory / f"{act.name}.json")
    async with (
        theatre.database(OPENING) as url,
        theatre.start(url, HOUSE) as house,
        open_books(settings_for(url), member.stream_settings()) as books,
    ):
        await house.while_alive(_finish(books, theatre.play), PATIENCE)
        theatre.undisturbed = await digests(books)


def another(theatre: Theatre, template: str, play: Play, change: Callable[[str], Awaitable[None]]) -> Theatre:
    """Return a theatre for another *play*, with a *template* in which it begins, *change*d."""
    made = Theatre(theatre.dsn, theatre.nursery, play)

    async def prepare() -> None:
        async with made.database("template1", keep=template) as url:
            await migrate(url, TARGETS)
            await change(url)
            await _open(made, url)

    blocking(prepare())
    return made


async def survive(theatre: Theatre, template: str, services: Sequence[str], crash_at: str = "") -> Verdict:
    """Kill the house there, if anywhere, start it again, let the rest of the play arrive meanwhile, and look what it comes to."""
    async with theatre.database(template) as url:
        if crash_at:
            async with theatre.start(url, services, crash_at) as house:
                assert await house.killed(PATIENCE), f"{services[0]} never came to {crash_at}"
        async with theatre.start(url, services) as house, open_books(settings_for(url), member.stream_settings()) as books:
            await house.while_alive(_finish(books, theatre.play), PATIENCE)
            return await check(books, theatre.play, theatre.undisturbed)


async def crash(theatre: Theatre, act: Act, step: str, passage: int) -> Outcome:
    """Kill the victim of *act* at the *passage*-th time of *step*."""
    verdict = await survive(theatre, theatre.templates[act.name], act.services, f"{step}:{passage}")
    return Outcome(act.name, step, passage, theatre.passages[act.name][step], verdict)


async def crash_all(theatre: Theatre, act: Act, places: Iterable[tuple[str, int]]) -> list[Outcome]:
    """Crash at each of *places*, a step and its passage, two houses at once."""
    turnstile = asyncio.Semaphore(AT_ONCE)

    async def one(step: str, passage: int) -> Outcome:
        async with turnstile:
            return await crash(theatre, act, step, passage)

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(one(step, passage)) for step, passage in places]
    return [task.result() for task in tasks]


def places_of(theatre: Theatre, act: Act, *, everywhere: bool) -> list[tuple[str, int]]:
    """Return where to crash: at the first, a middle and the last passage of every step of *act*.

    Less than *everywhere*, the consumers share the steps of the loop: one is killed at the first passage of a step, one at a
    middle one and one at the last. What only one of them passes is crashed at all three.
    """
    found = []
    for turn, step in enumerate(act.steps, start=ACTS.index(act)):
        there = list(passages(theatre.passages[act.name][step.value]))
        shared = isinstance(step, Step) and not everywhere
        chosen = there[turn % len(there) :][:1] if there and shared else there
        found += [(step.value, passage) for passage in chosen]
    return found


def passages(number: int) -> Iterator[int]:
    """Yield the first, a middle and the last of *number* passages, each once."""
    yield from sorted({1, (number + 1) // 2, number} - {0})


def table(outcomes: Sequence[Outcome]) -> str:
    """Write the outcomes down, a line each."""
    lines = [f"{'killed':<15}{'at the step':<28}{'passage':>9}{'lost':>6}{'doubled':>9}{'wrong':>7}"]
    lines += [
        f"{each.act:<15}{each.step:<28}{f'{each.passage}/{each.of}':>9}"
        f"{each.verdict.lost:>6}{each.verdict.doubled:>9}{each.verdict.wrong:>7}  {' '.join(each.verdict.differ)}"
        for each in outcomes
    ]
    return "\n".join(lines)


async def _open(theatre: Theatre, url: str) -> None:
    """Let the house see the people and courses, and append the first part of the play."""
    async with open_books(settings_for(url), member.stream_settings()) as books:
        await take(books, people())
        house = theatre.start(url, HOUSE)
        async with house:
            await house.while_alive(_settled_with_topics(books), PATIENCE)
            await house.stop()
        await append(books, theatre.play.before)


async def _settled_with_topics(books: Pipeline) -> None:
    """Wait until the topics are there, and the job that the import left is done."""
    while not await books.databases["lrs"].fetchval(_GROUPS):  # noqa: ASYNC110  another process's work
        await asyncio.sleep(0.05)
    await settled(books)


async def _until_done(theatre: Theatre, url: str, act: Act) -> None:
    """Run the services before the victim until they have nothing left; before relinking, import what makes them relink."""
    async with open_books(settings_for(url), member.stream_settings()) as books, theatre.start(url, act.done[-1:]) as done:
        await done.while_alive(_stages_settled(books, frozenset(SCHEMAS[name] for name in act.done if name in SCHEMAS)), PATIENCE)
        await done.stop()
        if len(act.done) == len(HOUSE):
            await take(books, later())


async def _stages_settled(books: Pipeline, schemas: frozenset[str]) -> None:
    """Wait until the stages whose books are in *schemas* have nothing left to do; nobody has begun with the others."""
    while any(each.left for each in await books.standings() if each.stage.schema in schemas):  # noqa: ASYNC110  another's work
        await asyncio.sleep(0.05)


async def _count(theatre: Theatre, act: Act, file: Path) -> Counter[str]:
    """Count how often the victim passes each step when nothing happens to it."""
    async with theatre.database(theatre.templates[act.name]) as url:
        house = theatre.start(url, act.services, counts=str(file))
        async with house, open_books(settings_for(url), member.stream_settings()) as books:
            await house.while_alive(settled(books), PATIENCE)
            await house.stop()
    return Counter(member.read_counts(file))


async def _finish(books: Pipeline, play: Play) -> None:
    """Append the rest of the play, import who is enrolled later, and wait until nothing is left to do."""
    await append(books, play.later)
    await take(books, later())
    await settled(books)


async def append(books: Pipeline, records: Sequence[Outgoing]) -> None:
    """Append *records* one by one: each is acknowledged."""
    for record in records:
        await books.log.append([record])


async def take(books: Pipeline, files: Mapping[Kind, str]) -> None:
    """Import *files*."""
    importer = Importer(books.databases["records"])
    for kind, content in files.items():
        report = await importer.take(kind, content.encode())
        assert not report.faults


def people() -> dict[Kind, str]:
    """Return the files that are imported before the play begins."""
    persons = [f"HR-{number},{number},,U{number}@{HOME}" for number in PEOPLE]
    return {
        Kind.PEOPLE: "\n".join(("external_id,name,email,accounts", *persons)),
        Kind.COURSES: f"iri,title,urls\n{COURSE},Python,{COURSE}",
        Kind.ENROLMENTS: "\n".join(("external_id,course", *(f"HR-{number},{COURSE}" for number in sorted(ENROLLED)))),
    }


def later() -> dict[Kind, str]:
    """Return the file that is imported while the house is at work."""
    return {Kind.ENROLMENTS: f"external_id,course\nHR-{ENROLLED_LATER},{COURSE}"}
