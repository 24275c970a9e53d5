"""Mattermost: its outgoing webhooks, and its WebSocket's events as a plugin or a bot forwards them (developers.mattermost.com).

posted, post_edited, post_deleted, reaction_added, reaction_removed
──▶ questions, posts, replies, answers, acceptances, reactions, files, joins, leaves, edits, deletes
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import orjson

from services.ingest.connectors.connector import Connector, Hook, Sample
from services.ingest.connectors.mattermost.events import read
from services.ingest.connectors.parsing import object_or_form
from services.ingest.domain.source import Platform
from services.ingest.verifiers import Message, SharedToken, bearer, in_body

_IN_BODY: Final = in_body("token")


def shown(message: Message) -> Sequence[str]:
    """Find the token in the body, where Mattermost puts it, or else in the header, where who forwards events does."""
    return _IN_BODY(message) or bearer(message)


VERIFY: Final = SharedToken(shown)


def sample(secret: bytes, now: datetime) -> Sample:
    """Return the greeting that begins a WebSocket, with the token."""
    del now
    body = orjson.dumps({"token": secret.decode(errors="replace"), "event": "hello", "data": {}, "seq": 0})
    return Sample({"content-type": "application/json"}, body)


MATTERMOST: Final = Connector(
    platform=Platform.MATTERMOST, hook=Hook(verify=VERIFY, read=read, sample=sample, parse=object_or_form)
)
