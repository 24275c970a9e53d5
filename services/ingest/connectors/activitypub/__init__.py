"""ActivityPub's server-to-server side (w3.org/TR/activitypub): an inbox, to which servers deliver what their people do in public.

Create, Update, Delete, Like, Announce, Undo … ──▶ the sender's key is asked for ──▶ what ActivityStreams 2.0 says
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from services.ingest.connectors.activitypub.following import FOLLOWS, ActorDocument
from services.ingest.connectors.activitypub.inbox import OPTIONS, delivered, read
from services.ingest.connectors.activitypub.keys import FETCH
from services.ingest.connectors.connector import Connector, Hook, Sample
from services.ingest.domain.source import Platform
from services.ingest.verifiers.signing import sample_signature
from services.ingest.verifiers.strangers import SignedByStranger


def sample(secret: bytes, now: datetime) -> Sample:
    """Return an activity of a server that nobody hears, signed in form only."""
    del secret
    body = b'{"type":"View","actor":"https://nobody.invalid/","object":"https://nobody.invalid/1"}'
    return Sample(sample_signature(body, now), body)


ACTIVITYPUB: Final = Connector(
    platform=Platform.ACTIVITYPUB,
    hook=Hook(
        verify=SignedByStranger(),
        read=read,
        sample=sample,
        parse=delivered,
        handshake=ActorDocument(),
        fingerprint=("signature", "signature-input", "date"),
        open=True,
    ),
    fetch=FETCH,
    polls={"follows": FOLLOWS},
    options=OPTIONS,
    per_minute=120,
)
