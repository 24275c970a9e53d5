"""A statement that may become part of the record: what the recorder needs to know of it, read once."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from services.gateway.domain.keys import Key, activity_key
from services.gateway.domain.mentions import Mentions, mentions
from services.gateway.domain.times import has_other_zone, with_times_in_utc
from shared.xapi import extract
from shared.xapi.model import StatementId


class Candidate(NamedTuple):
    """A received statement: *about* names the activity that is its object, *target* the statement that it refers to.

    *timestamp* is None where it says nothing of when it happened.
    """

    id: StatementId
    digest: bytes
    body: bytes
    timestamp: datetime | None
    mentions: Mentions
    about: Key | None
    target: StatementId | None
    voids: bool


def candidate(identifier: StatementId, digest: bytes, body: bytes, statement: extract.AnyStatement) -> Candidate:
    """Read the valid *statement*, which a door has completed and whose bytes are *body*; its times come to stand in UTC."""
    target = statement["object"]
    kind = target.get("objectType", "Activity")
    return Candidate(
        id=identifier,
        digest=digest,
        body=with_times_in_utc(body) if has_other_zone(statement) else body,
        timestamp=extract.timestamp(statement) if "timestamp" in statement else None,
        mentions=mentions(statement),
        about=activity_key(target["id"]) if kind == "Activity" else None,
        target=StatementId(target["id"].lower()) if kind == "StatementRef" else None,
        voids=extract.voided(statement) is not None,
    )
