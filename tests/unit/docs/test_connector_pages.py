"""The pages for who connects a platform: one for each, with every reason for which something is not heard, and every option."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest

from services.ingest.connectors.bluesky import polling as bluesky
from services.ingest.connectors.facebook import graph as facebook
from services.ingest.connectors.feeds import polling as feeds
from services.ingest.connectors.mastodon import polling as mastodon
from services.ingest.connectors.mediawiki import recent_changes as mediawiki
from services.ingest.connectors.registry import CONNECTORS
from services.ingest.connectors.teams import subscriptions as teams
from services.ingest.connectors.wordpress import polling as wordpress
from services.ingest.connectors.youtube import comments as youtube
from services.ingest.domain.reading import Reason
from services.ingest.domain.source import Platform
from services.ingest.metrics import Refusal

ROOT = Path(__file__).parents[3]
PAGES = ROOT / "docs" / "connectors"
CODE = ROOT / "services" / "ingest" / "connectors"
FOLDERS = {Platform.FEED: "feeds"}
ELSEWHERE = {Platform.WEBSUB: Platform.FEED}
"""Whose page says of what is not heard that it is as on another."""
HEARD = sorted(CONNECTORS)
FILED = sorted(set(Platform) - set(CONNECTORS))
REASONS = re.compile(r"^\| reason \|.*\n\|---.*\n((?:\|.*\n)+)", re.MULTILINE)
OPTION = re.compile(r"--option \"?([\w-]+)=")
ANSWERS = re.compile(r"^\| answer \|.*\n\|---.*\n((?:\|.*\n)+)", re.MULTILINE)
HOOKS = {platform: connector.hook for platform, connector in sorted(CONNECTORS.items()) if connector.hook}
ASKED = {
    Platform.BLUESKY: bluesky.EVERY,
    Platform.FACEBOOK: facebook.EVERY,
    Platform.FEED: feeds.EVERY,
    Platform.MASTODON: mastodon.EVERY,
    Platform.MEDIAWIKI: mediawiki.EVERY,
    Platform.TEAMS: teams.EVERY,
    Platform.WORDPRESS: wordpress.EVERY,
    Platform.YOUTUBE: youtube.EVERY,
}
NUMBERS = {"two": 2, "five": 5, "ten": 10, "fifteen": 15}
OF_EVERY_DOOR = {"200", "400", "404", "413", "415", "503"}


def page_of(platform: Platform) -> str:
    return (PAGES / f"{platform}.md").read_text("utf-8")


def told(platform: Platform) -> set[str]:
    """Return the reasons that the code of *platform* gives; of each platform something may lack what its statement needs."""
    modules = (CODE / FOLDERS.get(platform, platform)).glob("**/*.py")
    given = {Reason[name] for path in modules for name in re.findall(r"\bReason\.([A-Z_]+)\b", path.read_text("utf-8"))}
    return given | {Reason.INCOMPLETE}


def named(page: str) -> set[str]:
    """Return the reasons in the tables of *page*."""
    rows = [row for table in REASONS.findall(page) for row in table.splitlines()]
    return {reason for row in rows for reason in re.findall(r"`(\w+)`", row.split("|")[1])}


@pytest.mark.parametrize("platform", HEARD)
def test_a_page_names_the_reasons_that_its_platform_is_not_heard_for(platform: Platform) -> None:
    reasons = named(page_of(ELSEWHERE.get(platform, platform)))

    assert told(platform) - reasons == set()
    assert reasons - set(Reason) == set()


@pytest.mark.parametrize("platform", HEARD)
def test_a_page_names_the_options_of_its_platform_and_no_others(platform: Platform) -> None:
    page, options = page_of(platform), set(CONNECTORS[platform].options)

    assert {option for option in options if f"`{option}`" not in page and option not in OPTION.findall(page)} == set()
    assert set(OPTION.findall(page)) - options == set()


@pytest.mark.parametrize("platform", HOOKS)
def test_a_page_names_the_answers_of_its_door_and_whether_it_is_ever_crowded(platform: Platform) -> None:
    table = ANSWERS.search(page_of(platform))

    assert table
    answers = {answer for row in table[1].splitlines() for answer in re.findall(r"\b\d{3}\b", row.split("|")[1])}
    assert answers - {"401", "405"} == OF_EVERY_DOOR | ({"429"} if HOOKS[platform].open else set())


@pytest.mark.parametrize("platform", ASKED)
def test_a_page_says_how_often_its_platform_is_asked(platform: Platform) -> None:
    said = re.search(r"\bevery (\w+) minutes\b", page_of(platform), re.IGNORECASE)

    assert said
    assert timedelta(minutes=NUMBERS.get(said[1]) or int(said[1])) == ASKED[platform]


@pytest.mark.parametrize("platform", FILED)
def test_a_platform_that_is_heard_from_files_has_a_section_of_its_own(platform: Platform) -> None:
    assert f"\n## {platform}\n" in (PAGES / "files.md").read_text("utf-8")


def test_the_index_names_every_page() -> None:
    listed = set(re.findall(r"\]\((\w+\.md)\)", (PAGES / "README.md").read_text("utf-8")))

    assert listed == {path.name for path in PAGES.glob("*.md")} - {"README.md"}


def test_the_guide_of_operators_names_every_reason_for_which_a_delivery_is_refused() -> None:
    row = re.search(
        r"^\| `symposia_ingest_refused_total` .*$", (ROOT / "docs" / "operations.md").read_text("utf-8"), re.MULTILINE
    )

    assert row
    assert set(Refusal) <= set(re.findall(r"`(\w+)`", row[0]))
