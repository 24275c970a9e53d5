"""`symposia migrate`."""

from __future__ import annotations

from typing import Annotated

import typer

from services.commands.console import DEFAULT_HOME, HomeOption, out, run
from services.installation import Found, Home, open_installation
from services.targets import TARGETS
from shared.postgres import migrate as apply
from shared.postgres import print_roles

app = typer.Typer()


@app.command()
def migrate(
    home: HomeOption = DEFAULT_HOME,
    *,
    roles: Annotated[bool, typer.Option("--print-roles", help="Print the SQL that makes the roles, and change nothing.")] = False,
) -> None:
    """Bring the tables up to date.

    Migrations go forward only, and services of this version and the one before work on both sides of them.
    """
    if roles:
        out.print(print_roles(TARGETS), end="", soft_wrap=True)
        return
    run(_migrate(Home.at(home)))


async def _migrate(home: Home) -> None:
    async with open_installation(home, Found.MADE) as installation:
        applied = await apply(installation.postgres.url.get_secret_value(), TARGETS)
    for name in applied:
        out.print(name, soft_wrap=True)
    out.print(f"{len(applied)} migrations were applied." if applied else "Everything is up to date.")
