"""BigBlueButton's webhooks (docs.bigbluebutton.org/development/webhooks, bbb-webhooks 3).

meeting-*, user-*, chat-group-message-sent, poll-*, rap-publish-ended
──▶ sessions, joins, leaves, attendances, presentations, raised hands, reactions, questions, posts, polls, recordings
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from urllib.parse import urlencode

from services.ingest.connectors.bigbluebutton.events import parse, read
from services.ingest.connectors.bigbluebutton.places import GUESTS
from services.ingest.connectors.connector import Connector, Hook, Option, Sample
from services.ingest.domain.source import Platform
from services.ingest.verifiers import Message, SharedToken, UrlHash, Verdict, bearer

MOST_BYTES: Final = 8 * 1024 * 1024
"""What is written into shared notes at once, three bytes for each; what is refused holds up all that comes behind it."""
CHECKSUM: Final = UrlHash()
TOKEN: Final = SharedToken(bearer)


def verify(message: Message, secrets: Sequence[bytes], now: datetime) -> Verdict:
    """Judge a delivery by its checksum, or by the secret that it shows where `bbb.auth2_0` is on."""
    verdict = CHECKSUM(message, secrets, now)
    return TOKEN(message, secrets, now) if verdict is Verdict.UNSIGNED else verdict


def sample(secret: bytes, now: datetime) -> Sample:
    """Return an event that means nothing, with the secret: a checksum would need the address that BigBlueButton calls."""
    body = urlencode({"domain": "symposia-source-test", "event": "[]", "timestamp": int(now.timestamp() * 1000)}).encode()
    headers = {"authorization": f"Bearer {secret.decode(errors='replace')}", "content-type": "application/x-www-form-urlencoded"}
    return Sample(headers, body)


BIGBLUEBUTTON: Final = Connector(
    platform=Platform.BIGBLUEBUTTON,
    hook=Hook(verify=verify, read=read, sample=sample, parse=parse, most_bytes=MOST_BYTES),
    options={GUESTS: Option("yes: guests are heard, too, each as an account that lasts for one presence")},
)
