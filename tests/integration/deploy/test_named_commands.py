"""The commands that the pages for operators name: they are there, with the options that are named."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from typer.core import TyperCommand, TyperGroup

from services.cli import COMMANDS, load

DOCS = Path(__file__).parents[3] / "docs"
NAMED = re.compile(r"\bsymposia (?P<line>[a-z][^`\n;|#]*)")
LINES = sorted(
    {
        found["line"].strip()
        for page in (
            DOCS.parent / "README.md",
            *DOCS.glob("*.md"),
            *(DOCS / "runbooks").glob("*.md"),
            *(DOCS / "connectors").glob("*.md"),
        )
        for code in re.findall(r"```.*?```|`[^`\n]+`", page.read_text("utf-8"), re.DOTALL)
        for found in NAMED.finditer(re.sub(r"\\\n\s*", " ", code))
        if not re.search(r"-[UdF]\b|psql|pg_", found.group())
    }
)


def options_of(words: list[str]) -> set[str]:
    """Return the options of the command that *words* begin with."""
    command: object = load(words[0])
    if isinstance(command, TyperGroup):
        command = command.commands[words[1]]
    assert isinstance(command, TyperCommand)
    return {option for parameter in command.params for option in parameter.opts}


@pytest.mark.parametrize("line", LINES)
def test_a_command_that_is_named_is_there(line: str) -> None:
    words = line.split()

    assert words[0] in COMMANDS
    assert {word for word in words if word.startswith("--")} <= options_of(words)
