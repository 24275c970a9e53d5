"""The pages that people read lead somewhere, and none of them is left out."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
DECISIONS = ROOT / "docs" / "decisions"
PAGES = [path for path in sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]) if path.is_file()]
LASTING = [page for page in PAGES if page.parent != DECISIONS]
"""Those that are rewritten when things change: a decision tells what was there when it was taken."""
LINK = re.compile(r"\]\((?!https?:|mailto:|#)([^)#\s]+)")
ANCHOR = re.compile(r"\]\((?!https?:)([^)#\s]*)#([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
CODE_BLOCKS = re.compile(r"^```\w*\n(.*?)^```", re.DOTALL | re.MULTILINE)
FENCED = re.compile(r"^```.*?^```", re.DOTALL | re.MULTILINE)
CODE = re.compile(r"`([^`\n]+)`")
PATH = re.compile(r"\b(?:services|shared|tests|benchmarks|deploy|docs)/[\w./-]*\w")
MODULE = re.compile(r"\b(?:services|shared|tests|benchmarks)(?:\.\w+)+")
MADE_LATER = "deploy/secrets/"
MAKE = re.compile(r"(?:^|`)make ([a-z]+)\b", re.MULTILINE)
TARGETS = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
SETTING = re.compile(r"\bSYMPOSIA_[A-Z]+__[A-Z_]*[A-Z]\b")
SETTINGS = set(SETTING.findall((ROOT / "docs" / "settings.md").read_text("utf-8")))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_the_links_of_a_page_lead_to_files_that_are_there(page: Path) -> None:
    links = LINK.findall(page.read_text("utf-8"))

    assert [link for link in links if not (page.parent / link).exists()] == []


def anchors(page: Path) -> set[str]:
    """Return the names by which the sections of *page* are linked to, as GitHub makes them of their headings."""
    headings = HEADING.findall(FENCED.sub("", page.read_text("utf-8")))
    return {re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_the_links_to_a_section_lead_to_its_heading(page: Path) -> None:
    links = ANCHOR.findall(page.read_text("utf-8"))

    assert [(file, name) for file, name in links if name not in anchors((page.parent / file) if file else page)] == []


@pytest.mark.parametrize("page", LASTING, ids=lambda page: str(page.relative_to(ROOT)))
def test_the_files_and_modules_that_a_page_names_are_there(page: Path) -> None:
    spans = CODE.findall(page.read_text("utf-8"))
    paths = [path for span in spans for path in PATH.findall(span) if not path.startswith(MADE_LATER)]
    modules = [module for span in spans for module in MODULE.findall(span)]

    assert [path for path in paths if not (ROOT / path).exists()] == []
    assert [module for module in modules if not is_there(module)] == []


@pytest.mark.parametrize("page", LASTING, ids=lambda page: str(page.relative_to(ROOT)))
def test_what_a_page_lets_make_do_can_be_made(page: Path) -> None:
    text = page.read_text("utf-8")
    code = "\n".join([*CODE_BLOCKS.findall(text), *(f"`{span}" for span in CODE.findall(FENCED.sub("", text)))])

    assert set(MAKE.findall(code)) - TARGETS == set()


def is_there(module: str) -> bool:
    """Say whether *module* is a module or a package, or a name in one."""
    path = ROOT / module.replace(".", "/")
    holding = path.parent.with_suffix(".py")
    return path.exists() or path.with_suffix(".py").exists() or (holding.exists() and path.name in holding.read_text("utf-8"))


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
