"""The front door: `symposia …`. It knows the commands by name alone; what one needs is loaded when it is asked for."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from importlib import import_module
from io import TextIOWrapper
from typing import Annotated, Any, Final

import typer
from typer.core import TyperCommand, TyperGroup

RUN, SET_UP, OPERATE = "Run", "Set up", "Operate"
INTERRUPTED: Final = 130
FRONT_DOOR_ONLY: Final = frozenset({"install_completion", "show_completion"})
"""Options that Typer gives every application, and that are about all commands."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A command: where its Typer application stands (`module:name`), what it does in one sentence, and its panel in the help."""

    where: str
    sentence: str
    panel: str


COMMANDS: Final = {
    "up": Entry("services.commands.up:app", "Run everything in one process, with an embedded PostgreSQL.", RUN),
    "demo": Entry("services.commands.demo:app", "Play a recorded community through the doors, and show who helped whom.", RUN),
    "gateway": Entry("services.commands.alone:gateway", "Run the gateway alone, configured by the environment.", RUN),
    "ingest": Entry("services.commands.alone:ingest", "Run ingest alone, configured by the environment.", RUN),
    "enrichment": Entry("services.commands.alone:enrichment", "Run enrichment alone, configured by the environment.", RUN),
    "scoring": Entry("services.commands.alone:scoring", "Run scoring alone, configured by the environment.", RUN),
    "migrate": Entry("services.commands.migrate:app", "Bring the tables up to date.", SET_UP),
    "settings": Entry("services.commands.settings:app", "Print every setting, its default and what it means.", SET_UP),
    "import": Entry("services.commands.imports:app", "Import people, courses or enrolments from CSV.", SET_UP),
    "credential": Entry(
        "services.commands.credential:app", "Create, list, rotate and revoke the keys of senders and readers.", SET_UP
    ),
    "source": Entry(
        "services.commands.source:app",
        "Add, show, permit, test, import, pause, rotate and remove the platforms we hear.",
        SET_UP,
    ),
    "forwarding": Entry(
        "services.commands.forwarding:app", "Add, list, test, pause, resume, remove and replay the LRSs we forward to.", SET_UP
    ),
    "statements": Entry(
        "services.commands.statements:app", "Export statements to files, and import them from files or another LRS.", OPERATE
    ),
    "lrs": Entry("services.commands.lrs:app", "Examine an LRS, ours or another, as an independent client.", OPERATE),
    "doctor": Entry("services.commands.doctor:app", "Say in words what is wrong with this installation.", OPERATE),
    "dlq": Entry("services.commands.dlq:app", "Look at dead letters, and replay or discard them.", OPERATE),
    "person": Entry("services.commands.person:app", "Export, or erase, everything that is held on a person.", OPERATE),
    "replay": Entry("services.commands.replay:app", "Rebuild the projections from the record.", OPERATE),
}


class Commands(TyperGroup):
    """The commands, each loaded when it is called; the list of them loads none."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Return the names in the order in which they are shown."""
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Return what the list shows of a command."""
        del ctx
        entry = COMMANDS.get(cmd_name)
        return entry and TyperCommand(cmd_name, help=entry.sentence, rich_help_panel=entry.panel)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Load the command that was asked for."""
        if args and args[0] in COMMANDS:
            return args[0], load(args[0]), args[1:]
        self.commands = dict.fromkeys(COMMANDS, TyperCommand(None))  # what a misspelt name is compared with
        return super().resolve_command(ctx, args)


def load(name: str) -> Any:
    """Return the command called *name*, with its options."""
    module, _, attribute = COMMANDS[name].where.partition(":")
    command = typer.main.get_command(getattr(import_module(module), attribute))
    command.name = name
    command.params = [each for each in command.params if each.name not in FRONT_DOOR_ONLY]
    return command


def _version(*, asked: bool) -> None:
    if asked:
        from importlib.metadata import version  # noqa: PLC0415  a command starts without it

        typer.echo(version("symposia"))
        raise typer.Exit


app = typer.Typer(
    cls=Commands, no_args_is_help=True, pretty_exceptions_enable=False, context_settings={"help_option_names": ["-h", "--help"]}
)


@app.callback()
def root(
    *,
    version: Annotated[
        bool, typer.Option("--version", callback=lambda asked: _version(asked=asked), is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Symposia: a learning record system for social learning."""
    del version


def main() -> None:
    """Run the command that the arguments name; an operator's error is one sentence and an exit status, never a traceback."""
    _open_streams()
    try:
        app()
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    except BaseException as error:
        from services.commands.console import err  # noqa: PLC0415  a command that works needs none of it
        from services.commands.faults import sentence_of  # noqa: PLC0415  likewise

        said = sentence_of(error)
        if said is None:
            raise
        err.print(f"symposia: {said}", style="red", soft_wrap=True)
        sys.exit(1)


def _open_streams() -> None:
    """Open what our caller closed of standard input, output and error: the next file or socket would take its place.

    What is written there can be written whatever the locale's encoding: characters that it lacks are escaped.
    """
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
