"""Zoom's webhooks (developers.zoom.us/docs/api/webhooks).

meeting.*, webinar.*, team_chat.channel_*, team_chat.bookmark_*, team_chat.file_downloaded, chat_message.*, chat_channel.*
──▶ sessions, joins, leaves, attendances, presentations; questions, posts, replies, reactions, bookmarks, mentions, edits, deletes
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

import orjson

from services.ingest.connectors.connector import Connector, Hook, Sample
from services.ingest.connectors.zoom.events import read
from services.ingest.domain.source import Platform
from services.ingest.handshakes import ZOOM as CHALLENGE
from services.ingest.verifiers import TimedHmac

WINDOW: Final = timedelta(hours=2)
"""Zoom sends again 85 minutes after the first time, and does not say that it signs anew: what is repeated is harmless."""
VERIFY: Final = TimedHmac("x-zm-signature", "x-zm-request-timestamp", window=WINDOW)


def sample(secret: bytes, now: datetime) -> Sample:
    """Return a signed challenge: Zoom sends it when an address is validated, and again every 72 hours."""
    body = orjson.dumps({"event": "endpoint.url_validation", "payload": {"plainToken": "symposia-source-test"}})
    timestamp = str(int(now.timestamp()))
    return Sample({VERIFY.time: timestamp, VERIFY.signature: VERIFY.sign(secret, timestamp, body).decode()}, body)


ZOOM: Final = Connector(platform=Platform.ZOOM, hook=Hook(verify=VERIFY, read=read, sample=sample, handshake=CHALLENGE))
