"""Discourse's webhooks (meta.discourse.org, "Configure webhooks that trigger on Discourse events").

topic, post, like, solved, topic_voting ──▶ questions, topics, replies, answers, acceptances, likes, votes, edits, deletes
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from services.ingest.connectors.connector import Connector, Hook, Sample
from services.ingest.connectors.discourse.events import EVENT_HEADER, read
from services.ingest.domain.source import Platform
from services.ingest.verifiers import BodyHmac

VERIFY: Final = BodyHmac("x-discourse-event-signature")


def sample(secret: bytes, now: datetime) -> Sample:
    """Return a signed ping, as the button of the webhook's page sends it."""
    del now
    body = b'{"ping":"OK"}'
    signature = VERIFY.schemes[0].signature(secret, body)
    return Sample({VERIFY.header: signature.decode(), "x-discourse-event-type": "ping"}, body)


DISCOURSE: Final = Connector(
    platform=Platform.DISCOURSE, hook=Hook(verify=VERIFY, read=read, sample=sample, fingerprint=(EVENT_HEADER,))
)
