from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from services import cli
from services.cli import COMMANDS, load
from services.commands.settings import document
from shared.errors import SymposiaError

HEAVY = ("fastapi", "asyncpg", "pydantic", "httpx", "uvicorn", "aiokafka", "prometheus_client")


@pytest.mark.parametrize("name", COMMANDS)
def test_the_list_says_of_each_command_what_its_own_help_says(name: str) -> None:
    command = load(name)

    first = (command.help or "").strip().splitlines()[0]
    assert first == COMMANDS[name].sentence


def test_the_list_of_commands_loads_none_of_them() -> None:
    code = "import sys, services.cli; print([name for name in sys.argv[1:] if name in sys.modules])"

    answer = subprocess.run([sys.executable, "-c", code, *HEAVY], capture_output=True, text=True, check=True)

    assert answer.stdout.strip() == "[]"


def test_what_another_server_said_gives_no_orders_to_the_terminal_where_a_command_ends_by_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def end() -> None:
        raise SymposiaError("The other LRS says: \x1b]0;title\x07[red]no[/red]")

    monkeypatch.setattr(cli, "app", end)

    with pytest.raises(SystemExit, match="1"):
        cli.main()

    assert capsys.readouterr().err == "symposia: The other LRS says: \ufffd]0;title\ufffd[red]no[/red]\n"


def test_the_page_of_settings_is_current() -> None:
    page = Path(__file__).parents[3] / "docs" / "settings.md"

    assert page.read_text(encoding="utf-8") == document(), "run: symposia settings > docs/settings.md"


def options(command: Any) -> set[str]:
    return {option for parameter in command.params for option in parameter.opts}


@pytest.mark.parametrize("name", ["up", "demo", "migrate", "import", "doctor", "replay"])
def test_every_command_on_an_installation_takes_its_home(name: str) -> None:
    assert "--home" in options(load(name))


@pytest.mark.parametrize("group", ["credential", "source", "dlq"])
def test_every_command_of_a_group_takes_its_home(group: str) -> None:
    assert all("--home" in options(command) for command in load(group).commands.values())


def test_a_command_works_whose_caller_closed_standard_output() -> None:
    closing = "import os, sys, services.cli; os.close(1); sys.argv = ['symposia', '--version']\n"
    code = f"{closing}try: services.cli.main()\nfinally: os.fstat(1)"

    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)

    assert answer.returncode == 0, answer.stderr


@pytest.mark.parametrize("name", COMMANDS)
def test_what_is_about_all_commands_stands_at_the_front_door_alone(name: str) -> None:
    assert not {"--install-completion", "--show-completion"} & options(load(name))


def test_what_an_encoding_lacks_is_escaped() -> None:
    code = "import sys, services.cli; sys.argv = ['symposia', 'settings']; services.cli.main()"

    answer = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, check=False, env={**os.environ, "PYTHONIOENCODING": "ascii"}
    )

    assert answer.returncode == 0, answer.stderr
    assert b"\\xb7" in answer.stdout
