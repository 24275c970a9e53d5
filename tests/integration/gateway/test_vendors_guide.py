"""docs/lms-vendors.md is true: its examples run and print what it says, and its tables name every refusal that there is."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
from pathlib import Path
from typing import NamedTuple

import pytest

from services.gateway.domain.credential import OF_AN_ACTIVITY_PROVIDER, Scope
from services.gateway.domain.quirks import Quirk
from shared.settings import PostgresSettings
from shared.xapi.rules import RULES
from tests.support.listening import listening
from tests.support.refusals import rules, statuses

GUIDE = (Path(__file__).parents[3] / "docs" / "lms-vendors.md").read_text(encoding="utf-8")
PROGRAMS = {"sh": ("bash", "-euo", "pipefail", "-c"), "python": ("python3", "-c"), "javascript": ("node", "-e")}
EXAMPLE = re.compile(r"```(sh|python|javascript)\n(.*?)```\n\n```text\n(.*?)```", re.DOTALL)
ROW = re.compile(r"^\| (.*?) \| (.*?) \|", re.MULTILINE)
NODE_MISSING = "the JavaScript of docs/lms-vendors.md is run with Node.js 18 or later: install it (Debian: apt install nodejs)"


class Example(NamedTuple):
    """A program on the page, in which language, and what it prints."""

    language: str
    program: str
    prints: str


EXAMPLES = [Example(*found) for found in EXAMPLE.findall(GUIDE)]


def test_every_example_on_the_page_says_what_it_prints() -> None:
    assert [example.language for example in EXAMPLES] == ["sh", "sh", "sh", "sh", "python", "javascript"]
    assert len(re.findall(r"```(?:sh|python|javascript)\n", GUIDE)) == len(EXAMPLES)


@pytest.mark.parametrize("language", ["sh", "python", "javascript"])
async def test_the_examples_do_what_the_page_says(postgres_settings: PostgresSettings, language: str) -> None:
    program = shutil.which(PROGRAMS[language][0])
    assert program, NODE_MISSING if language == "javascript" else f"{PROGRAMS[language][0]} is missing"
    async with listening(postgres_settings) as gateway:
        told = {
            "SYMPOSIA_URL": gateway.url,
            "SYMPOSIA_TOKEN_URL": gateway.url.removesuffix("/xapi") + "/oauth/token",
            "SYMPOSIA_KEY": gateway.key[0],
            "SYMPOSIA_SECRET": gateway.key[1],
        }

        for example in (each for each in EXAMPLES if each.language == language):
            assert await run(example, told) == example.prints


async def run(example: Example, told: dict[str, str]) -> str:
    """Run an example, and return what it prints."""
    process = await asyncio.create_subprocess_exec(
        *PROGRAMS[example.language],
        example.program,
        env={**os.environ, **told, "NO_COLOR": "1"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == 0, err.decode()
    return out.decode().rstrip("\n") + "\n"


def test_the_page_names_every_rule_and_no_other() -> None:
    named = {rule for cell, _ in ROW.findall(section("### Rules that")) for rule in re.findall(r"`([a-z0-9-]+)`", cell)}

    assert named == rules()


def test_the_page_says_of_each_rule_of_xapi_what_an_answer_says() -> None:
    told = dict(ROW.findall(section("### Rules that a statement")))

    for rule, message in RULES.items():
        assert told[f"`{rule}`"] == message


def test_the_page_names_every_status_of_a_refusal_and_no_other() -> None:
    named = {int(cell) for cell, _ in ROW.findall(section("## The answer to every error")) if cell.isdigit()}

    assert named == statuses()


def test_the_page_names_the_scopes_of_a_key_without_any() -> None:
    sentence = re.search(r"Without `--scope` a key has (.*?)\.", GUIDE, re.DOTALL)

    assert sentence
    assert set(re.findall(r"`(.*?)`", sentence[1])) == set(OF_AN_ACTIVITY_PROVIDER)


def test_the_page_names_every_scope_and_no_other() -> None:
    table = GUIDE.split("| scope | permits |")[1].split("\n\n")[0]

    named = {scope for row in table.splitlines()[2:] for scope in re.findall(r"`([a-z/]+)`", row)}

    assert named == set(Scope)


def test_the_notes_on_senders_name_every_quirk_and_no_other() -> None:
    assert set(re.findall(r"--quirk ([a-z-]+)", section("## Notes on senders"))) == set(Quirk)


def section(title: str) -> str:
    """Return the page from *title* on, as far as the next section of the first rank."""
    return GUIDE[GUIDE.index(title) :].split("\n## ", 2 if title.startswith("## ") else 1)[0]
