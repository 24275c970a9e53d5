"""Webex's webhooks, which name things by id, and its API, which tells them (developer.webex.com/docs/api/guides/webhooks).

messages, memberships, meetings, meetingParticipants ──▶ lookups ──▶ questions, posts, replies, answers, mentions, files, edits,
deletes, joins, leaves, sessions, attendances
"""

from __future__ import annotations

from datetime import datetime
from typing import Final
from urllib.parse import urlencode

import orjson

from services.ingest.connectors.connector import Connector, Fetch, Hook, Option, Poll, Sample
from services.ingest.connectors.webex import events, places, webhooks
from services.ingest.domain.asking import Request
from services.ingest.domain.source import Platform, Source
from services.ingest.verifiers import BodyHmac, Scheme

VERIFY: Final = BodyHmac("x-spark-signature", (Scheme("", "sha1"),))


def sample(secret: bytes, now: datetime) -> Sample:
    """Return a signed event of a resource that is not heard."""
    del now
    body = orjson.dumps({"name": "symposia-source-test", "resource": "rooms", "event": "updated", "data": {"id": "test"}})
    return Sample({VERIFY.header: VERIFY.schemes[0].signature(secret, body).decode()}, body)


def grant(source: Source) -> Request:
    """Ask for an access token (RFC 6749 §6): the source's token is the client's secret and, after a blank, the refresh token."""
    secret, _, refresh = (source.token or b"").decode(errors="replace").partition(" ")
    asked = {
        "grant_type": "refresh_token",
        "client_id": source.options.get("client", ""),
        "client_secret": secret,
        "refresh_token": refresh.strip(),
    }
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    return Request(f"{places.api(source)}/access_token", "POST", headers, urlencode(asked).encode())


WEBEX: Final = Connector(
    platform=Platform.WEBEX,
    hook=Hook(verify=VERIFY, read=events.read, sample=sample, once=False),
    fetch=Fetch(events.ask, events.read_answer),
    polls={"webhooks": Poll(webhooks.EVERY, webhooks.ask, webhooks.read)},
    options={
        "client": Option("The client ID of the integration or service app", required=True),
        "meetings": Option("yes: meetings, and who attended them"),
        "api": Option(f"Where Webex is asked, if not {places.API}", address=True),
    },
    grant=grant,
    per_minute=300,
)
