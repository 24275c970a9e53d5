"""What the demo's LMS says in xAPI: registered, completed, passed, failed."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any, Final
from uuid import UUID, uuid5

from services.demo.cast import Player, content
from services.demo.delivery import moment
from services.demo.play import DAYS
from shared.clock import rfc3339
from shared.xapi.vocabulary import ActivityType

NAMESPACE: Final = UUID("0e8ad0a5-4a25-5b0c-8a36-6f2f5f2a7c10")
COURSES: Final = "https://learn.meridian.example/course/"
VERBS: Final = "http://adlnet.gov/expapi/verbs/"
LESSON: Final = "http://adlnet.gov/expapi/activities/lesson"
JUDGED: Final = {"passed": True, "failed": False}


def statements(cast: Mapping[str, Player], shift: timedelta) -> Iterator[dict[str, Any]]:
    """Return the LMS's statements, moved by *shift*; the same shift gives the same statements again."""
    for number, row in enumerate(csv.DictReader(content("lms.csv").decode().splitlines())):
        yield _statement(row, cast[row["who"]], f"{number} {shift.total_seconds():.0f}", moment_of(row, shift))


def moment_of(row: Mapping[str, str], shift: timedelta) -> str:
    """Return when a row happens, RFC 3339."""
    hour, _, minute = row["time"].partition(":")
    at = timedelta(weeks=int(row["week"]) - 1, days=DAYS[row["day"]], hours=int(hour), minutes=int(minute))
    return rfc3339(moment(at, shift))


def _statement(row: Mapping[str, str], player: Player, name: str, at: str) -> dict[str, Any]:
    course = COURSES + row["course"].lower()
    whole = {"objectType": "Activity", "id": course, "definition": {"type": ActivityType.COURSE}}
    part = {"objectType": "Activity", "id": f"{course}/{row['part']}", "definition": {"type": LESSON}}
    statement: dict[str, Any] = {
        "id": str(uuid5(NAMESPACE, name)),
        "actor": {"objectType": "Agent", "mbox": f"mailto:{player.email}", "name": player.name},
        "verb": {"id": VERBS + row["verb"], "display": {"en": row["verb"]}},
        "object": part if row["part"] else whole,
        "timestamp": at,
    }
    if row["part"]:
        statement["context"] = {"contextActivities": {"parent": [whole]}}
    if row["score"]:
        statement["result"] = {"score": {"scaled": float(row["score"])}, "success": JUDGED[row["verb"]], "completion": True}
    elif row["verb"] == "completed":
        statement["result"] = {"completion": True}
    return statement
