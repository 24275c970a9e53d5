"""The pages that people read lead somewhere, and none of them is left out."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
DECISIONS = ROOT / "docs" / "decisions"
PAGES = [path for path in sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]) if path.is_file()]
LINK = re.compile(r"\]\((?!https?:|mailto:|#)([^)#\s]+)")
SETTING = re.compile(r"\bSYMPOSIA_[A-Z]+__[A-Z_]*[A-Z]\b")
SETTINGS = set(SETTING.findall((ROOT / "docs" / "settings.md").read_text("utf-8")))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_the_links_of_a_page_lead_to_files_that_are_there(page: Path) -> None:
    links = LINK.findall(page.read_text("utf-8"))

    assert [link for link in links if not (page.parent / link).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_the_settings_that_a_page_names_are_those_that_there_are(page: Path) -> None:
    named = {name.removesuffix("_FILE") for name in SETTING.findall(page.read_text("utf-8"))}

    assert named - SETTINGS == set()


def test_the_index_names_every_decision_by_its_title_and_in_order() -> None:
    titles = {
        path.name: re.findall(r"^# (.+)$", path.read_text("utf-8"), re.MULTILINE)[0]
        for path in sorted(DECISIONS.glob("[0-9]*.md"))
    }

    listed = re.findall(r"^\| (\d+) \| \[(.+)\]\((.+)\) \|$", (DECISIONS / "README.md").read_text("utf-8"), re.MULTILINE)

    assert [(name, title) for _, title, name in listed] == list(titles.items())
    assert [int(number) for number, _, _ in listed] == [int(name[:4]) for name in titles]


def test_no_two_decisions_have_one_number() -> None:
    numbers = [path.name[:4] for path in DECISIONS.glob("[0-9]*.md")]

    assert len(numbers) == len(set(numbers))
