"""`symposia dlq`: the dead letters, records that a consumer could not use."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final, TypeAlias

import typer
from prometheus_client import CollectorRegistry

from services.commands.console import DEFAULT_HOME, NONE, HomeOption, day, out, run, table
from services.commands.faults import Refused
from services.installation import Home, open_installation
from services.tables import open_tables
from shared.clock import utc_now
from shared.contracts.wire import LAST_ORDINAL
from shared.stream.dead_letters import UNSETTLED, Buried, Content, DeadLetters
from shared.stream.log import Log
from shared.stream.metrics import StreamMetrics
from shared.stream.open import open_log

SCHEMAS: Final = ("ingest", "lrs", "records", "impact")
SHOWN: Final = 4000
"""Characters of a value that are shown unless all are asked for."""


Settling: TypeAlias = Callable[[DeadLetters, int, Log], Awaitable[bool]]
"""Settle one dead letter, and say whether it was unsettled."""


class State(StrEnum):
    """What became of a dead letter."""

    WAITING = "waiting"
    QUARANTINED = "quarantined"
    REPLAYED = "replayed"
    DISCARDED = "discarded"


app = typer.Typer(no_args_is_help=True, help="Look at dead letters, and replay or discard them.")
LetterArgument = Annotated[str, typer.Argument(help="A dead letter as the list names it: lrs-17.", metavar="LETTER")]
LettersArgument = Annotated[
    list[str], typer.Argument(help="Dead letters as the list names them: lrs-17; or `all`.", metavar="LETTER…")
]


@dataclass(frozen=True, slots=True)
class Name:
    """A dead letter's name: whose it is, and its number there."""

    schema: str
    number: int

    @classmethod
    def read(cls, text: str) -> Name:
        """Read `lrs-17`. Raises Refused."""
        schema, _, number = text.partition("-")
        if schema not in SCHEMAS or not number.isdecimal() or int(number) > LAST_ORDINAL:
            raise Refused(f"{text!r} names no dead letter: write lrs-17, as `symposia dlq list` does.")
        return cls(schema, int(number))

    def __str__(self) -> str:
        return f"{self.schema}-{self.number}"


@app.command("list")
def list_(
    home: HomeOption = DEFAULT_HOME,
    *,
    state: Annotated[State, typer.Option(help="Show those in this state.")] = State.WAITING,
    limit: Annotated[int, typer.Option(min=1, help="Show at most this many of each service.")] = 100,
) -> None:
    """List dead letters with their reasons, the oldest first.

    Those in `quarantined` contradict the record: an id that came again with another content. The first content stands. What
    says the same as one of them is counted there (Times).
    """

    async def work() -> list[tuple[Name, Buried]]:
        async with _opened(home) as (books, _):
            return [
                (Name(schema, each.id), each)
                for schema, letters in books.items()
                for each in await letters.list(state=state, limit=limit)
            ]

    found = run(work())
    letters = table("Letter", "Seen first", "Consumer", "Topic", ">Offset", ">Attempts", ">Times", ">Bytes", "Why")
    for name, each in found:
        place = each.partition
        where = (each.group, f"{place.topic}/{place.number}", str(each.offset))
        numbers = (str(each.attempts), str(each.times), str(each.size))
        letters.add_row(str(name), day(each.first_seen), *where, *numbers, each.reason)
    out.print(letters if found else f"No dead letter is {state}.")


@app.command()
def show(
    letter: LetterArgument,
    home: HomeOption = DEFAULT_HOME,
    *,
    whole: Annotated[bool, typer.Option("--whole", help=f"Show all of a value with more than {SHOWN} characters.")] = False,
) -> None:
    """Show one dead letter: why it is one, and what it holds."""
    name = Name.read(letter)

    async def work() -> tuple[Buried, Content]:
        async with _opened(home) as (books, _):
            found = await books[name.schema].show(name.number)
        if found is None:
            raise _unknown(name)
        return found

    buried, content = run(work())
    facts = table("What", "Value")
    for what, value in _facts(buried, content):
        facts.add_row(what, value)
    out.print(facts)
    if buried.state not in UNSETTLED:
        out.print("What it held is gone, since it is settled.")
        return
    text = _readable(content.value)
    out.print(text if whole or len(text) <= SHOWN else f"{text[:SHOWN]} … (--whole shows all)", soft_wrap=True)


@app.command()
def replay(letters: LettersArgument, home: HomeOption = DEFAULT_HOME) -> None:
    """Append dead letters to their topics again, once the cause is fixed."""

    async def one(books: DeadLetters, number: int, log: Log) -> bool:
        return await books.replay(number, log)

    _settle(home, letters, "replayed", one)


@app.command()
def discard(letters: LettersArgument, home: HomeOption = DEFAULT_HOME) -> None:
    """Discard dead letters: their content is deleted; why they were refused is kept for 90 days."""

    async def one(books: DeadLetters, number: int, log: Log) -> bool:
        del log
        return await books.discard(number)

    _settle(home, letters, "discarded", one)


def _settle(home: Path, letters: list[str], done: str, one: Settling) -> None:
    """Settle what *letters* name, say what was done, and exit with 1 where one did not wait (any more).

    What was settled long ago is forgotten then: so the tables grow with what waits, and no further.
    """

    async def work() -> list[tuple[Name, bool]]:
        async with _opened(home) as (books, log):
            names = await _waiting(books) if letters == ["all"] else [Name.read(letter) for letter in letters]
            done = [(name, await one(books[name.schema], name.number, log)) for name in names]
            for each in books.values():
                await each.forget(utc_now())
            return done

    settled = run(work())
    for name, was_waiting in settled:
        out.print(f"{name} is {done}." if was_waiting else f"{name} is not a dead letter that is waiting.")
    if not settled:
        out.print("No dead letter is waiting.")
    if not all(was_waiting for _, was_waiting in settled):
        raise typer.Exit(1)


async def _waiting(books: Mapping[str, DeadLetters]) -> list[Name]:
    """Return all dead letters that wait."""
    names: list[Name] = []
    for schema, letters in books.items():
        after = 0
        while page := await letters.list(after=after):
            names += [Name(schema, each.id) for each in page]
            after = page[-1].id
    return names


@asynccontextmanager
async def _opened(home: Path) -> AsyncIterator[tuple[Mapping[str, DeadLetters], Log]]:
    async with open_installation(Home.at(home)) as installation, AsyncExitStack() as stack:
        books = {
            schema: DeadLetters(await stack.enter_async_context(open_tables(installation, schema, "dlq"))) for schema in SCHEMAS
        }
        metrics = StreamMetrics(CollectorRegistry(), utc_now)
        log = await open_log(installation.client.stream, installation.postgres, application="dlq", metrics=metrics)
        stack.push_async_callback(log.close)
        yield books, log


def _facts(buried: Buried, content: Content) -> list[tuple[str, str]]:
    return [
        ("Why", buried.reason),
        ("State", buried.state),
        ("Consumer", buried.group),
        ("Topic", f"{buried.partition.topic}, partition {buried.partition.number}, offset {buried.offset}"),
        ("Appended", day(buried.appended_at)),
        ("Seen first", day(buried.first_seen)),
        ("Seen last", day(buried.last_seen)),
        ("Times", str(buried.times)),
        ("Attempts", str(buried.attempts)),
        ("Key", NONE if content.key is None else content.key.decode(errors="replace")),
        *((name, value.decode(errors="replace")) for name, value in content.headers),
    ]


def _readable(value: bytes) -> str:
    try:
        return json.dumps(json.loads(value), indent=2, ensure_ascii=False)
    except ValueError:
        return value.decode(errors="backslashreplace")


def _unknown(name: Name) -> Refused:
    return Refused(f"There is no dead letter {name}: `symposia dlq list` shows them.")
