"""ActivityStreams 2.0 from anywhere (w3.org/TR/activitystreams-core), signed by Standard Webhooks (standardwebhooks.com).

Create, Update, Delete, Undo, Like, Announce, Follow, Join … ──▶ questions, posts, replies, polls, shares, likes, RSVPs
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Final

from services.ingest.connectors.activitystreams.events import read
from services.ingest.connectors.connector import Connector, Hook, Sample
from services.ingest.domain.source import Platform
from services.ingest.verifiers import StandardWebhook

VERIFY: Final = StandardWebhook()


def sample(secret: bytes, now: datetime) -> Sample:
    """Return a signed collection that holds nothing."""
    body = b'{"@context":"https://www.w3.org/ns/activitystreams","type":"Collection","totalItems":0,"items":[]}'
    return Sample(signed(secret, body, now), body)


def signed(secret: bytes, body: bytes, now: datetime) -> dict[str, str]:
    """Return the headers by which *body* is signed; its id is its hash, so that the same body is the same message."""
    name, at = f"msg_{hashlib.sha256(body).hexdigest()[:24]}", int(now.timestamp())
    signature = VERIFY.sign(secret, name, at, body).decode()
    return {"webhook-id": name, "webhook-timestamp": str(at), "webhook-signature": signature}


ACTIVITYSTREAMS: Final = Connector(platform=Platform.ACTIVITYSTREAMS, hook=Hook(verify=VERIFY, read=read, sample=sample))
