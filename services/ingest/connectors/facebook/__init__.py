"""Facebook Pages (developers.facebook.com): Graph's webhooks of a page's feed, and the feed itself, asked for.

feed: post, comment, reaction; added, edited, removed ──▶ questions, posts, replies, answers, likes, reactions, edits, deletes
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from services.ingest.connectors.connector import Connector, Hook, Sample
from services.ingest.connectors.facebook.changes import read
from services.ingest.connectors.facebook.graph import FEED, OPTIONS
from services.ingest.domain.source import Platform
from services.ingest.handshakes import HubChallenge, admits_verify_token
from services.ingest.verifiers import BodyHmac

VERIFY: Final = BodyHmac("x-hub-signature-256")


def sample(secret: bytes, now: datetime) -> Sample:
    """Return a signed delivery that holds no entry."""
    del now
    body = b'{"object":"page","entry":[]}'
    return Sample({VERIFY.header: VERIFY.schemes[0].signature(secret, body).decode()}, body)


FACEBOOK: Final = Connector(
    platform=Platform.FACEBOOK,
    hook=Hook(verify=VERIFY, read=read, sample=sample, handshake=HubChallenge(admits_verify_token, typed=True)),
    polls={"feed": FEED},
    options=OPTIONS,
)
