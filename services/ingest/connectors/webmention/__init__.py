"""Webmention (w3.org/TR/webmention): who writes on a page of one's own about a page of ours, and lets us know.

source and target ──▶ the page is fetched ──▶ does it name ours? ──▶ replies, likes, shares, bookmarks, RSVPs, mentions
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from services.ingest.connectors.connector import Connector, Fetch, Hook, Option, Sample
from services.ingest.connectors.webmention.mentions import claimed, read
from services.ingest.connectors.webmention.responses import ask, read_page
from services.ingest.domain.source import Platform
from services.ingest.verifiers.fetched import fetched_back_later


def sample(secret: bytes, now: datetime) -> Sample:
    """Return a mention of what is not ours."""
    del secret, now
    body = b"source=https%3A%2F%2Fsymposia.invalid%2Fsource&target=https%3A%2F%2Fsymposia.invalid%2Ftarget"
    return Sample({"content-type": "application/x-www-form-urlencoded"}, body)


WEBMENTION: Final = Connector(
    platform=Platform.WEBMENTION,
    hook=Hook(verify=fetched_back_later, read=read, sample=sample, parse=claimed, once=False, open=True),
    fetch=Fetch(ask, read_page),
    options={"trusted": Option("hosts that may name authors of other hosts, such as brid.gy, with blanks between them")},
    per_minute=30,
)
