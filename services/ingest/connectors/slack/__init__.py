"""Slack's Events API (docs.slack.dev/apis/events-api).

message, reaction_added, reaction_removed ──▶ questions, posts, replies, acceptances, reactions, edits, deletes
"""

from __future__ import annotations

import hashlib
import hmac
from datetime import datetime
from typing import Final

import orjson

from services.ingest.connectors.connector import Connector, Sample
from services.ingest.connectors.slack.events import read
from services.ingest.domain.source import Platform
from services.ingest.verifiers import slack


def sample(secret: bytes, now: datetime) -> Sample:
    """Return a signed handshake: Slack sends it when the address of an app is entered."""
    body = orjson.dumps({"type": "url_verification", "challenge": "symposia-source-test"})
    timestamp = str(int(now.timestamp()))
    signature = hmac.new(secret, b"v0:" + timestamp.encode() + b":" + body, hashlib.sha256).hexdigest()
    return Sample({"x-slack-request-timestamp": timestamp, "x-slack-signature": f"v0={signature}"}, body)


SLACK: Final = Connector(
    platform=Platform.SLACK,
    verify=slack,
    read=read,
    sample=sample,
    refusal_headers=(("X-Slack-No-Retry", "1"),),
)
