"""Who plays: the people of the imports, and those whom no import knows: a contractor, bots, a service account."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Final

SLACK: Final = "https://meridian.slack.example"
FORUM: Final = "https://forum.meridian.example"
GITHUB: Final = "https://github.meridian.example"
MATTERMOST: Final = "https://chat.meridian.example"
SOCIAL: Final = "https://social.meridian.example"
CAMPUS: Final = "https://campus.meridian.example"


@dataclass(frozen=True, slots=True)
class Player:
    """One of the cast: *accounts* by workspace, where there are any; *external_id* is HR's, for people of the imports."""

    handle: str
    name: str
    slack: str
    discourse: int
    external_id: str | None = None
    email: str | None = None
    is_bot: bool = False
    accounts: Mapping[str, str] = field(default_factory=dict)


def content(name: str) -> bytes:
    """Return a file of the demo's data."""
    return files(__package__).joinpath("data", name).read_bytes()


def load_cast() -> Mapping[str, Player]:
    """Return the cast by their names in the plays."""
    people = [_person(row) for row in _rows("people.csv")]
    others = [
        Player(row["handle"], row["handle"], row["slack"], int(row["discourse"] or 0), is_bot=row["kind"] == "bot")
        for row in _rows("cast.csv")
    ]
    return {player.handle: player for player in (*people, *others)}


def excluded_accounts() -> frozenset[str]:
    """Return the service accounts that both sources leave out, by their native ids."""
    found = [row for row in _rows("cast.csv") if row["kind"] == "excluded"]
    return frozenset(row[platform] for row in found for platform in ("slack", "discourse") if row[platform])


def _rows(name: str) -> list[dict[str, str]]:
    return list(csv.DictReader(content(name).decode().splitlines()))


def _person(row: Mapping[str, str]) -> Player:
    accounts = {home_page: name for name, _, home_page in (text.rpartition("@") for text in row["accounts"].split("|"))}
    return Player(
        handle=row["email"].partition("@")[0],
        name=row["name"],
        slack=accounts.get(SLACK, ""),
        discourse=int(accounts.get(FORUM, 0)),
        external_id=row["external_id"],
        email=row["email"],
        accounts=accounts,
    )
