"""Mastodon, and what speaks its API: an administrator's webhooks, and timelines that are asked for (docs.joinmastodon.org).

status.created, status.updated; timelines of hashtags and lists
──▶ questions, posts, replies, answers, boosts, polls, files, edits; what is missing when it is looked at again is deleted
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from services.ingest.connectors.connector import Connector, Hook, Sample
from services.ingest.connectors.mastodon.again import FETCH
from services.ingest.connectors.mastodon.events import read
from services.ingest.connectors.mastodon.polling import OPTIONS, TIMELINE
from services.ingest.domain.source import Platform
from services.ingest.verifiers import BodyHmac

VERIFY: Final = BodyHmac("x-hub-signature")


def sample(secret: bytes, now: datetime) -> Sample:
    """Return a signed event that says nothing to us."""
    del now
    body = b'{"event":"account.created","object":{}}'
    return Sample({VERIFY.header: VERIFY.schemes[0].signature(secret, body).decode()}, body)


MASTODON: Final = Connector(
    platform=Platform.MASTODON,
    hook=Hook(verify=VERIFY, read=read, sample=sample),
    polls={"timeline": TIMELINE},
    fetch=FETCH,
    options=OPTIONS,
)
