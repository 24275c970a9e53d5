"""`symposia person`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from typing import Annotated, Final, NamedTuple

import typer

from services.commands.archive import write_archive
from services.commands.asking import agree
from services.commands.console import DEFAULT_HOME, NONE, HomeOption, err, out, run, table
from services.commands.faults import writing
from services.commands.progress import advancing
from services.commands.replay import caught_up
from services.counting import counted
from services.enrichment import erasing as records
from services.gateway.app import open_keychain
from services.gateway.credentials.recognising import recognise
from services.gateway.persons import erasing as lrs
from services.gateway.persons import letters
from services.gateway.persons.naming import Meant, find
from services.gateway.persons.person import FORMS, Person
from services.ingest import erasing as ingest
from services.ingest.forgotten import Forgotten
from services.installation import Home, Installation, open_installation
from services.pipeline import Pipeline, open_pipeline
from services.scoring import erasing as impact
from shared.clock import utc_now
from shared.contracts import ENRICHED, RECORDED
from shared.settings import SecretSettings
from shared.stream.dead_letters import DeadLetters

app = typer.Typer(no_args_is_help=True, help="Export, or erase, everything that is held on a person.")
WhoArgument = Annotated[
    list[str],
    typer.Argument(help=f"The person, by one or more names: {FORMS}. A learner stands for all their accounts.", metavar="WHO…"),
]
PARTS: Final = ("record", "links", "impact", "ingest", "profile")
"""What is done, in this order."""
ReasonOption = Annotated[str, typer.Option("--reason", help="Why, for the audit: the number of a ticket, not a name.")]


class _Opened(NamedTuple):
    """An installation, and its pipeline with the tables of every service."""

    installation: Installation
    pipeline: Pipeline


@app.command()
def erase(
    who: WhoArgument,
    home: HomeOption = DEFAULT_HOME,
    *,
    reason: ReasonOption = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would be erased, and change nothing.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask for confirmation.")] = False,
    wait: Annotated[bool, typer.Option("--wait/--no-wait", help="Wait until the consumers have caught up.")] = True,
) -> None:
    """Erase a person: their words, and their name wherever it occurs. This cannot be undone.

    Interrupted, run it again: it goes on. What the person does from now on is new. What remains, and for how long, is said in
    docs/erasure.md.
    """
    run(_erase(Home.at(home), who, reason, _Steps(dry_run=dry_run, yes=yes, wait=wait)))


@app.command()
def export(
    who: WhoArgument,
    to: Annotated[Path, typer.Option("--to", help="A new folder, or a new file that ends in .tar.gz.")],
    home: HomeOption = DEFAULT_HOME,
    *,
    reason: ReasonOption = "",
) -> None:
    """Export what is held on a person: statements, documents, attachments, profile, links, and impact with its explanation."""
    with writing(to):
        run(_export(Home.at(home), who, to, reason))


class _Steps(NamedTuple):
    dry_run: bool
    yes: bool
    wait: bool


async def _erase(home: Home, who: Sequence[str], reason: str, steps: _Steps) -> None:
    async with _opened(home) as opened:
        meant = await find(opened.pipeline.databases["lrs"], who)
        await _show(opened, meant)
        if steps.dry_run:
            return
        if not steps.yes:
            agree("Erase all of it for good?")
        await recognise(opened.pipeline.databases["lrs"], open_keychain(opened.installation.secrets), utc_now())
        await lrs.refuse_vouching(opened.pipeline.databases["lrs"], meant.person)
        await opened.pipeline.log.ensure((RECORDED, ENRICHED))
        with _telling_how_far() as tell:
            await erase_person(opened.pipeline, opened.installation.secrets, meant, reason, tell)
        settled = steps.wait and await caught_up(opened.installation, opened.pipeline)
        if settled:
            await empty_late(opened.pipeline, meant.person)
        out.print("The person is erased." if settled else "The person is erased; what was scored follows.")


@contextmanager
def _telling_how_far() -> Iterator[Callable[[str], None]]:
    """Yield what is told each part that is done; say how far it came where the block does not come to its end."""
    left = list(PARTS)
    try:
        yield left.remove
    except BaseException:
        done = [part for part in PARTS if part not in left]
        err.print(
            f"The person is erased in part. Done: {', '.join(done) or NONE}. Not done, or not as a whole: {', '.join(left)}. "
            "Run the same command again once nothing is in its way: it goes on."
        )
        raise


async def erase_person(
    pipeline: Pipeline, secrets: SecretSettings, meant: Meant, reason: str, tell: Callable[[str], None]
) -> None:
    """Erase whom is *meant* in every service, the record before those who ask it what still stands. Raises Unavailable.

    Ingest forgets first, so that it tells nothing of theirs as new meanwhile, and again for what it heard until the record had.
    Who they are is forgotten last: whoever does it again, since it was interrupted, finds them by the same names. It is to *tell*
    what is done.
    """
    person, databases, keychain = meant.person, pipeline.databases, open_keychain(secrets)
    identities, learners, forgotten = sorted(person.identities), sorted(person.learners), Forgotten.of(secrets)
    await ingest.erase(databases["ingest"], forgotten, identities, person.stands_in)
    held = await lrs.survey(databases["lrs"], person)
    with advancing("Statements are overwritten") as progress:
        done = 0

        def advance(count: int) -> None:
            nonlocal done
            done += count
            progress(done, max(held.statements, done))

        begun = await lrs.Erasing(databases["lrs"], pipeline.log, keychain).erase(person, reason, advance)
    tell("record")
    projections = records.Erasing(databases["records"], pipeline.log)
    await projections.erase(identities, begun.through_seq, person.stands_in)
    tell("links")
    await impact.erase(databases["impact"], learners, person.stands_in)
    tell("impact")
    await ingest.erase(databases["ingest"], forgotten, identities, person.stands_in)
    tell("ingest")
    await projections.forget(identities, learners)
    tell("profile")


async def empty_late(pipeline: Pipeline, person: Person) -> None:
    """Empty the dead letters of what was said before the erasure, and came to who could not use it while consumers caught up.

    Twice is once. Raises Unavailable.
    """
    await letters.erase_waiting(pipeline.databases["lrs"], person)
    await impact.erase(pipeline.databases["impact"], sorted(person.learners), person.stands_in)
    await ingest.empty_letters(pipeline.databases["ingest"], sorted(person.identities), person.stands_in)
    await DeadLetters(pipeline.databases["records"]).empty(person.stands_in)


async def _show(opened: _Opened, meant: Meant) -> None:
    """Say what is held, and what is not meant though it is the same learner's."""
    person, databases = meant.person, opened.pipeline.databases
    record = await lrs.survey(databases["lrs"], person)
    known = await records.survey(databases["records"], sorted(person.identities), sorted(person.learners))
    held = table("Where", "What", ">How many", title="Held on the person")
    counts = (
        ("record", "statements of theirs", record.acted),
        ("record", "statements of others that name them", record.statements - record.acted),
        ("record", "documents", record.documents),
        ("record", "dead letters", record.letters),
        ("record", "rows of the outbox", record.outbox_rows),
        ("projections", "identifiers", known.identities),
        ("projections", "profiles", known.learners),
        ("projections", "enrolments", known.enrolments),
        ("projections", "interactions", known.interactions),
        ("ingest", "messages, posts and sessions", await ingest.survey(databases["ingest"], person.identities)),
        ("ingest", "dead letters", await ingest.count_letters(databases["ingest"], person.identities, person.stands_in)),
    )
    for where, what, count in counts:
        held.add_row(where, what, str(count))
    out.print(held)
    _tell_of_nobody(count for _, _, count in counts)
    _tell_of_others(meant)


def _tell_of_nobody(counts: Iterable[int]) -> None:
    """Ask whether the names are right where nothing at all is held."""
    if not any(counts):
        err.print("Nothing is held on whom you named: are the names right?")


def _tell_of_others(meant: Meant) -> None:
    """Say which learners have more identifiers than were named."""
    for learner, others in meant.others.items():
        more = counted(len(others), "more identifier, which is", "more identifiers, which are")
        err.print(f"The learner {learner} has {more} not meant: name learner:{learner} for all.")


async def _export(home: Home, who: Sequence[str], to: Path, reason: str) -> None:
    async with _opened(home) as opened:
        meant = await find(opened.pipeline.databases["lrs"], who)
        parts = await write_archive(to, opened.pipeline.databases, meant.person, utc_now(), reason)
    out.print(f"{to} holds {', '.join(counted(count, what.removesuffix('s')) for what, count in parts.items())}.")
    _tell_of_nobody(parts.values())
    _tell_of_others(meant)


@asynccontextmanager
async def _opened(home: Home) -> AsyncIterator[_Opened]:
    async with AsyncExitStack() as stack:
        installation = await stack.enter_async_context(open_installation(home))
        pipeline = await stack.enter_async_context(open_pipeline(installation, "person"))
        yield _Opened(installation, pipeline)
