"""`symposia migrate`."""

from __future__ import annotations

from typing import Annotated, Final

import typer

from services.commands.console import DEFAULT_HOME, HomeOption, out, run
from services.counting import counted
from services.gateway.app import SCHEMA, open_keychain
from services.gateway.credentials.recognising import adopt
from services.installation import Found, Home, open_installation
from services.tables import open_tables
from services.targets import TARGETS
from shared.clock import utc_now
from shared.postgres import migrate as apply
from shared.postgres import print_roles

ROTATE: Final = (
    "The master key is adopted. Now `symposia credential rotate` each key, `symposia source rotate` (and `token`) each source, "
    "and `symposia forwarding rotate` each target."
)
app = typer.Typer()


@app.command()
def migrate(
    home: HomeOption = DEFAULT_HOME,
    *,
    roles: Annotated[
        bool, typer.Option("--print-roles", help="Print the SQL that creates the roles, and change nothing.")
    ] = False,
    new_key: Annotated[
        bool,
        typer.Option(
            "--new-master-key", help="Continue with the present master key, or a new one, because the previous one is lost."
        ),
    ] = False,
) -> None:
    """Bring the tables up to date.

    Migrations only go forward; this version and the previous one both work before and after them.
    """
    if roles:
        out.print(print_roles(TARGETS), end="", soft_wrap=True)
        return
    place = Home.at(home)
    if new_key:
        place.make_key()
    run(_migrate(place, new_key=new_key))


async def _migrate(home: Home, *, new_key: bool) -> None:
    async with open_installation(home, Found.MADE) as installation:
        applied = await apply(installation.postgres.url.get_secret_value(), TARGETS, installation.postgres.pooler)
        strange = False
        if new_key:
            async with open_tables(installation, SCHEMA, "migrate") as database:
                strange = await adopt(database, open_keychain(installation.secrets), utc_now())
    for name in applied:
        out.print(name, soft_wrap=True)
    done = counted(len(applied), "migration was", "migrations were")
    out.print(f"{done} applied." if applied else "Everything is up to date.")
    if strange:
        out.print(ROTATE, soft_wrap=True)
    elif new_key:
        out.print("No other master key was in use here: none is lost, and no secret has to be changed.")
