"""Microsoft Teams by Microsoft Graph's change notifications (learn.microsoft.com/graph/teams-changenotifications-chatmessage).

channel messages, replies, reactions, members, call records ──▶ lookups ──▶ questions, posts, replies, answers, acceptances,
reactions, mentions, files, edits, deletes, joins, leaves, attendances
"""

from __future__ import annotations

from datetime import datetime
from typing import Final
from urllib.parse import urlencode

import orjson

from services.ingest.connectors.connector import Connector, Fetch, Hook, Option, Poll, Sample
from services.ingest.connectors.teams import lookups, notifications, places, subscriptions
from services.ingest.domain.asking import Request
from services.ingest.domain.source import Platform, Source
from services.ingest.handshakes import ValidationToken

MOST_BYTES: Final = 8 * 1024 * 1024
"""Graph gathers what happens in a busy tenant, each message sealed with what it holds, and sends it until it is taken."""


def sample(secret: bytes, now: datetime) -> Sample:
    """Return a notification about a subscription that is none of ours, with the word that ours show."""
    del now
    event = {"subscriptionId": "symposia-source-test", "lifecycleEvent": "test"}
    return Sample({}, orjson.dumps({"value": [{**event, "clientState": notifications.client_state(secret)}]}))


def grant(source: Source) -> Request:
    """Ask for an access token by the client credentials of the application (RFC 6749 §4.4)."""
    scope = f"{source.options.get('graph', places.GRAPH).rstrip('/')}/.default"
    asked = {
        "grant_type": "client_credentials",
        "client_id": source.options.get("client", ""),
        "client_secret": (source.token or b"").decode(errors="replace"),
        "scope": scope,
    }
    url = f"{places.login(source)}/{source.options.get('tenant', '')}/oauth2/v2.0/token"
    return Request(url, "POST", {"Content-Type": "application/x-www-form-urlencoded"}, urlencode(asked).encode())


TEAMS: Final = Connector(
    platform=Platform.TEAMS,
    hook=Hook(
        verify=notifications.verify,
        read=notifications.read,
        sample=sample,
        handshake=ValidationToken(),
        once=False,
        most_bytes=MOST_BYTES,
    ),
    fetch=Fetch(lookups.ask, lookups.read),
    polls={"subscriptions": Poll(subscriptions.EVERY, subscriptions.ask, subscriptions.read)},
    options={
        "tenant": Option("The directory (tenant) ID", required=True),
        "client": Option("The application (client) ID", required=True),
        "teams": Option("The ids of the teams that are heard, with blanks between them"),
        "chats": Option("The ids of the chats that are heard, if direct messages are"),
        "calls": Option("yes: who was in calls and meetings"),
        "graph": Option(f"Where Graph is asked, if not {places.GRAPH}", address=True),
        "login": Option(f"Where tokens are granted, if not {places.LOGIN}", address=True),
    },
    grant=grant,
    per_minute=600,
)
