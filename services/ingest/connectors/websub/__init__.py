"""Blogs that tell a hub what is new (w3.org/TR/websub): the same feeds, sooner.

hub ──▶ feed of what is new ──▶ posts, comments, edits; the hub is asked each day to go on delivering
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from services.ingest.connectors.connector import Connector, Hook, Option, Sample
from services.ingest.connectors.feeds.polling import FETCH, OPTIONS, POLLS
from services.ingest.connectors.websub.deliveries import delivered, read
from services.ingest.connectors.websub.subscription import SUBSCRIPTION
from services.ingest.domain.source import Platform
from services.ingest.handshakes import HubChallenge, admits_verify_token
from services.ingest.verifiers import BodyHmac
from services.ingest.verifiers.body_hmac import WEBSUB as SCHEMES

VERIFY: Final = BodyHmac("x-hub-signature", SCHEMES)
LOST: Final = timedelta(hours=6)
"""How often the feed itself is asked for, in case that the hub lost something."""


def sample(secret: bytes, now: datetime) -> Sample:
    """Return a signed feed without entries."""
    del now
    body = b'<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom"><id>tag:symposia,2026:test</id></feed>'
    headers = {VERIFY.header: SCHEMES[1].signature(secret, body).decode(), "content-type": "application/atom+xml"}
    return Sample(headers, body)


WEBSUB: Final = Connector(
    platform=Platform.WEBSUB,
    hook=Hook(verify=VERIFY, read=read, sample=sample, parse=delivered, handshake=HubChallenge(admits_verify_token)),
    fetch=FETCH,
    polls={
        "subscription": SUBSCRIPTION,
        "posts": replace(POLLS["posts"], every=LOST),
        "comments": POLLS["comments"],
    },
    options={
        "hub": Option("the address of the hub, which the feed names in a link `hub`", required=True, address=True),
        **OPTIONS,
    },
    show=lambda token: {},  # noqa: ARG005  a token of the blog is none of the hub's business
    per_minute=30,
)
