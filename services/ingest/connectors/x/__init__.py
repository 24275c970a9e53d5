"""X, once Twitter: its Account Activity API, and posts of the X Activity API that follows it (docs.x.com).

tweet_create_events, favorite_events, follow_events, tweet_delete_events; post.create, post.delete
──▶ questions, posts, replies, answers, reposts, quotations, mentions, likes, follows, files, deletes
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from services.ingest.connectors.connector import Connector, Hook, Sample
from services.ingest.connectors.x.events import read
from services.ingest.domain.source import Platform
from services.ingest.handshakes import X as CRC
from services.ingest.verifiers import BodyHmac, Encoding, Scheme

VERIFY: Final = BodyHmac("x-twitter-webhooks-signature", (Scheme(encoding=Encoding.BASE64),))


def sample(secret: bytes, now: datetime) -> Sample:
    """Return a signed delivery that holds no event."""
    del now
    body = b'{"for_user_id":"0","tweet_create_events":[]}'
    return Sample({VERIFY.header: VERIFY.schemes[0].signature(secret, body).decode()}, body)


X: Final = Connector(platform=Platform.X, hook=Hook(verify=VERIFY, read=read, sample=sample, handshake=CRC))
