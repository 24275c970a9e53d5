"""`symposia replay`: say the record again, so that what is derived from it is made again."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Sequence
from typing import Annotated

import typer

from services.commands.console import DEFAULT_HOME, HomeOption, err, out, run
from services.commands.progress import Advancing, advancing
from services.counting import counted
from services.enrichment import forgetting
from services.gateway.definitions.store import forget as forget_definitions
from services.gateway.recorder.replay import rehearse
from services.gateway.recorder.replay import replay as append_again
from services.installation import Home, Installation, open_installation
from services.pipeline import Pipeline, StageStanding, open_pipeline
from services.scoring import rules
from services.scoring.app import SCHEMA as IMPACT
from services.tables import open_tables
from shared.contracts import RECORDED

app = typer.Typer()


@app.command()
def replay(
    home: HomeOption = DEFAULT_HOME,
    *,
    rebuild: Annotated[
        bool, typer.Option("--rebuild", help="Empty the projections first; until it is done, impact is incomplete.")
    ] = False,
    wait: Annotated[bool, typer.Option("--wait/--no-wait", help="Wait until the consumers have caught up.")] = True,
) -> None:
    """Rebuild the projections from the record.

    Appends every statement of the record again, in its order; consumers take what they know in their stride. With --rebuild what
    statements say, definitions, facts and sums are emptied before; people, courses, enrolments and objections always stay. The
    services must run, here or elsewhere, for the projections to be made.
    """
    run(_replay(Home.at(home), rebuild=rebuild, wait=wait))


async def _replay(home: Home, *, rebuild: bool, wait: bool) -> None:
    async with open_installation(home) as installation, open_pipeline(installation, "replay") as pipeline:
        await (pipeline.ensure() if wait else pipeline.log.ensure((RECORDED,)))
        if rebuild:
            await rehearse(pipeline.databases["lrs"], pipeline.log)
            await rules.forget(pipeline.databases["impact"])
            await forgetting.forget(pipeline.databases["records"])
            await forget_definitions(pipeline.databases["lrs"])
            err.print("The projections are empty.")
        last = await append_again(pipeline.databases["lrs"], pipeline.log)
        said = counted(last, "statement of the record was", "statements of the record were")
        out.print(f"{said} said again.")
        if wait and await caught_up(installation, pipeline):
            out.print("Every consumer has caught up.")


async def caught_up(installation: Installation, pipeline: Pipeline) -> bool:
    """Wait until every consumer has caught up; where it is known that one cannot, say so instead. Return whether they have."""
    if hindered := await unscored(installation):
        out.print(hindered)
        return False
    if installation.embedded and installation.home.running() is None:
        out.print("Nothing runs here now: consumers catch up once `symposia up` does.")
        return False
    await settle(pipeline)
    return True


async def unscored(installation: Installation) -> str | None:
    """Say why nothing can be scored and which command changes that; None where it can. Raises Unavailable."""
    async with open_tables(installation, IMPACT, "replay") as database:
        reason = await rules.hindrance(database)
    if reason is None:
        return None
    where = f" --home {shlex.quote(str(installation.home.path))}" if installation.embedded else ""
    return (
        f"{reason}. Impact stays as it was, and nothing new is scored, until you make it again from the record, which may be "
        f"done while everything runs:\n  symposia replay --rebuild{where}"
    )


async def settle(pipeline: Pipeline) -> None:
    """Wait until nothing is left to do, showing how much is."""
    with advancing("Consumers catch up") as progress:
        await pipeline.until_settled(_towards_nothing(progress))


def _towards_nothing(progress: Advancing) -> Callable[[Sequence[StageStanding]], None]:
    """Return what shows standings as progress towards nothing left."""
    most = 0

    def tell(standings: Sequence[StageStanding]) -> None:
        nonlocal most
        left = sum(standing.left for standing in standings)
        most = max(most, left)
        progress(most - left, most)

    return tell
