"""GitHub's webhooks (docs.github.com, "Webhook events and payloads").

discussions, issues, pull requests, commits and what is said of them, gollum, star, member, membership, organization
──▶ questions, posts, replies, answers, acceptances, comments, pages, bookmarks, joins, leaves, edits, deletes
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

import orjson

from services.ingest.connectors.connector import Connector, Hook, Sample
from services.ingest.connectors.github.events import EVENT_HEADER, read
from services.ingest.connectors.github.places import DELIVERY_HEADER
from services.ingest.connectors.parsing import object_or_payload
from services.ingest.domain.source import Platform
from services.ingest.verifiers import BodyHmac

VERIFY: Final = BodyHmac("x-hub-signature-256")


def sample(secret: bytes, now: datetime) -> Sample:
    """Return a signed ping: GitHub sends it when a webhook is made."""
    del now
    body = orjson.dumps({"zen": "Speak like a human.", "hook_id": 1, "hook": {"type": "Repository"}})
    return Sample({VERIFY.header: VERIFY.schemes[0].signature(secret, body).decode(), EVENT_HEADER: "ping"}, body)


GITHUB: Final = Connector(
    platform=Platform.GITHUB,
    hook=Hook(verify=VERIFY, read=read, sample=sample, parse=object_or_payload, fingerprint=(EVENT_HEADER, DELIVERY_HEADER)),
)
