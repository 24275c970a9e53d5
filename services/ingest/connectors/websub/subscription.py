"""Ask a hub to go on delivering (w3.org/TR/websub, section 5.1): well before a lease of ten days ends."""

from __future__ import annotations

from datetime import timedelta
from typing import Final
from urllib.parse import urlencode

from services.ingest.connectors.connector import Poll
from services.ingest.domain.asking import Answer, Circumstances, Cursor, Page, Request
from services.ingest.domain.reading import Reading
from services.ingest.domain.source import Source
from services.ingest.handshakes import verify_token

LEASE: Final = timedelta(days=10)
EVERY: Final = timedelta(days=1)
"""A hub may grant a shorter lease than it is asked for; asked again, it replaces the one before."""


def ask(source: Source, cursor: Cursor, circumstances: Circumstances) -> Request:
    """Ask for what the feed tells."""
    del cursor
    return subscribing(source, source.options.get("hub", ""), source.options.get("feed", ""), circumstances)


def subscribing(source: Source, hub: str, topic: str, circumstances: Circumstances) -> Request:
    """Ask *hub* to deliver *topic* at an address that only the hub knows: it has to keep the parameters of it."""
    secret = source.secrets[0]
    form = {
        "hub.mode": "subscribe",
        "hub.topic": topic,
        "hub.callback": f"{circumstances.hook}?{urlencode({'hub.verify_token': verify_token(secret)})}",
        "hub.lease_seconds": str(int(LEASE.total_seconds())),
        "hub.secret": secret.decode(errors="replace"),
    }
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    return Request(hub, "POST", headers, urlencode(form).encode(), shown=False)


def read(source: Source, cursor: Cursor, answer: Answer) -> Page:
    """Take any success for a promise: the hub asks back at the door whether we want it."""
    del source, answer
    return Page(Reading(), cursor)


SUBSCRIPTION: Final = Poll(EVERY, ask, read)
