"""`symposia up`."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from typing import Annotated, Final

import typer

from services.commands.console import DEFAULT_HOME, HomeOption, err, out, run, table
from services.commands.credential import print_key
from services.commands.replay import unscored
from services.gateway.app import SCHEMA, open_issuer
from services.gateway.domain.credential import Scope, ShownKey
from services.gateway.settings import Settings as GatewaySettings
from services.installation import Home, Installation
from services.tables import open_tables
from services.together import running
from shared.clock import utc_now
from shared.lines import Lines
from shared.service import stop_on_signals
from shared.settings import HttpSettings, ServiceSettings
from shared.telemetry import configure_logs

NAME: Final = "symposia"
FIRST_SCOPES: Final = (Scope.ALL, Scope.IMPACT_READ, Scope.IMPACT_WRITE, Scope.SOURCES_READ)

PortOption = Annotated[
    int,
    typer.Option(
        "--port",
        envvar="SYMPOSIA_HTTP__PORT",
        min=0,
        max=65535,
        help="Port of the gateway; ingest, enrichment and scoring use the next three. 0 chooses free ones.",
    ),
]

DEFAULT_PORT: Final = HttpSettings().port

app = typer.Typer()


@app.command()
def up(home: HomeOption = DEFAULT_HOME, port: PortOption = DEFAULT_PORT) -> None:
    """Run everything in one process, with an embedded PostgreSQL.

    The first start makes the home folder with a master key and a PostgreSQL, and prints a credential once. SIGTERM or Ctrl-C
    drains: requests under way finish. What was acknowledged survives a crash.
    """
    place = Home.at(home)
    place.make()
    with logging_for(place):
        run(_up(place, port))


async def _up(home: Home, port: int) -> None:
    stop = asyncio.Event()
    stop_on_signals(stop)
    async with running(home, port, stop) as (installation, urls):
        _tell(installation, urls, await first_credential(installation))
        if hindered := await unscored(installation):
            err.print(hindered, style="yellow", soft_wrap=True)
        await stop.wait()
        out.print("Draining: requests under way finish, then everything stops.")


@contextmanager
def logging_for(home: Home) -> Iterator[None]:
    """Write logs to standard error or, where a person reads that, to the home."""
    level = ServiceSettings().telemetry.log_level
    if not sys.stderr.isatty():
        configure_logs(NAME, level)
        yield
        return
    with home.log.open("ab") as file, closing(Lines(file.fileno())) as lines:
        configure_logs(NAME, level, lines)
        yield


async def first_credential(installation: Installation) -> ShownKey | None:
    """Issue a credential where there is none yet."""
    async with open_tables(installation, SCHEMA, "up") as database:
        settings = installation.settings(GatewaySettings)
        issuer = open_issuer(settings, database, installation.url("gateway", settings.http))
        return None if await issuer.issued() else await issuer.issue("first", FIRST_SCOPES, utc_now())


def _tell(installation: Installation, urls: Mapping[str, str], key: ShownKey | None) -> None:
    """Print where everything is, and the credential if it is new."""
    gateway, ingest = (installation.url(name, ServiceSettings().http) for name in ("gateway", "ingest"))
    places = table("What", "Where")
    places.add_row("xAPI", f"{gateway}/xapi")
    places.add_row("Impact", f"{gateway}/v1/impact?purpose=development")
    places.add_row("Webhooks", f"{ingest}/hooks/<platform>/<source>   (symposia source add …)")
    places.add_row("Metrics", "  ".join(f"{url}/metrics" for url in urls.values()))
    places.add_row("Home", str(installation.home.path))
    places.add_row(
        "PostgreSQL", f"embedded, in {installation.home.postgres}" if installation.embedded else "as DATABASE_URL says"
    )
    if sys.stderr.isatty():
        places.add_row("Log", str(installation.home.log))
    out.print("Symposia is ready.", style="bold green")
    out.print(places)
    if key is None:
        out.print("Credentials were made before; make another with: symposia credential create NAME --scope all")
        return
    out.print("A credential, which may do everything; its secret is shown this once:")
    print_key(key)
    out.print("Try it:")
    command = f"curl -u {key.key_id}:{key.secret} -H 'X-Experience-API-Version: 1.0.3' {gateway}/xapi/statements"
    out.print(f"  {command}", soft_wrap=True)
