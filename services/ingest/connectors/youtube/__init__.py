"""YouTube: a channel's uploads, which a hub delivers (WebSub), and the comments upon them, which the Data API is asked for.

hub ──▶ videos, edits, removals; commentThreads, comments ──▶ comments, questions, replies, answers, edits
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from services.ingest.connectors.connector import Connector, Hook, Sample
from services.ingest.connectors.youtube.comments import COMMENTS, FETCH
from services.ingest.connectors.youtube.names import OPTIONS
from services.ingest.connectors.youtube.uploads import SUBSCRIPTION, UPLOADS, delivered, read
from services.ingest.domain.source import Platform
from services.ingest.handshakes import HubChallenge, admits_verify_token
from services.ingest.verifiers import BodyHmac
from services.ingest.verifiers.body_hmac import WEBSUB as SCHEMES

VERIFY: Final = BodyHmac("x-hub-signature", SCHEMES)


def sample(secret: bytes, now: datetime) -> Sample:
    """Return a signed feed without entries."""
    del now
    body = b'<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom"><id>tag:symposia,2026:test</id></feed>'
    headers = {VERIFY.header: SCHEMES[0].signature(secret, body).decode(), "content-type": "application/atom+xml"}
    return Sample(headers, body)


YOUTUBE: Final = Connector(
    platform=Platform.YOUTUBE,
    hook=Hook(verify=VERIFY, read=read, sample=sample, parse=delivered, handshake=HubChallenge(admits_verify_token)),
    fetch=FETCH,
    polls={"subscription": SUBSCRIPTION, "uploads": UPLOADS, "comments": COMMENTS},
    options=OPTIONS,
    show=lambda key: {"X-Goog-Api-Key": key.decode()},
)
