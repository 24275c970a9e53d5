"""Canvas Live Events over HTTPS (developerdocs.instructure.com, "Live Events"), signed as JSON Web Tokens or with a token shown.

discussion_topic_*, discussion_entry_*, wiki_page_*, attachment_*, group_membership_*, enrollment_*, asset_accessed
──▶ questions, posts, replies, answers, pages, files, views, joins, leaves, edits, deletes
"""

from __future__ import annotations

from datetime import datetime
from typing import Final
from urllib.parse import quote

import orjson

from services.ingest.connectors.canvas.events import read
from services.ingest.connectors.canvas.signing import SignedOrShown, claims_or_object, holds_key
from services.ingest.connectors.connector import Connector, Hook, Option, Sample, Unsignable
from services.ingest.domain.source import Platform

VERIFY: Final = SignedOrShown()


def sample(secret: bytes, now: datetime) -> Sample:
    """Return an event that ingest ignores, with the token in the address; raise Unsignable where only Canvas could sign it."""
    if holds_key(secret):
        raise Unsignable("only Canvas can sign a delivery: do something that it tells, and look at what is received")
    metadata = {"event_name": "logged_out", "event_time": now.isoformat(timespec="milliseconds"), "producer": "canvas"}
    body = orjson.dumps({"metadata": metadata, "body": {}})
    return Sample({"content-type": "application/json"}, body, f"?token={quote(secret.decode(errors='replace'), safe='')}")


CANVAS: Final = Connector(
    platform=Platform.CANVAS,
    hook=Hook(verify=VERIFY, read=read, sample=sample, parse=claims_or_object),
    options={"account": Option("the root account whose events are heard: its root_account_uuid or root_account_id")},
)
