"""Open edX's tracking events (docs.openedx.org, "Events in the tracking logs"), as they are logged or as they are routed.

edx.forum.*, edx.team.*, polls, peer assessments, bookmarks, videos, enrolments
──▶ questions, posts, answers, acceptances, replies, votes, views, follows, flags, joins, leaves, ratings, edits, deletes
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from services.ingest.connectors.connector import Connector, Hook, Sample
from services.ingest.connectors.openedx.events import read
from services.ingest.connectors.parsing import json_objects_or_lines
from services.ingest.domain.source import Platform
from services.ingest.verifiers import Message, SharedToken, basic, bearer


def shown(message: Message) -> Sequence[str]:
    """Find the secret as a bearer token, or as a password whoever's it is said to be."""
    return bearer(message) or basic(message)


VERIFY: Final = SharedToken(shown)


def sample(secret: bytes, now: datetime) -> Sample:
    """Return a batch without an event."""
    del now
    return Sample({"content-type": "application/json", "authorization": f"Bearer {secret.decode(errors='replace')}"}, b"[]")


OPENEDX: Final = Connector(
    platform=Platform.OPENEDX, hook=Hook(verify=VERIFY, read=read, sample=sample, parse=json_objects_or_lines)
)
