"""Confluence Data Center's webhooks, which name things by id alone, and its REST API, which says what they are.

page, blog, comment, attachment: created, updated, restored ──▶ /rest/api/content ──▶ pages, posts, comments, files, edits
page, blog, comment, attachment: trashed, removed; space: removed ──▶ deletes
Confluence Cloud's, which say what they are ──▶ the same, without text
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from services.ingest.connectors.confluence.content import FETCH
from services.ingest.connectors.confluence.events import read
from services.ingest.connectors.connector import Connector, Hook, Sample
from services.ingest.domain.source import Platform
from services.ingest.verifiers import BodyHmac

VERIFY: Final = BodyHmac("x-hub-signature")


def sample(secret: bytes, now: datetime) -> Sample:
    """Return a signed test, as the button of the webhook's page sends it."""
    del now
    body = b'{"test":true}'
    return Sample({VERIFY.header: VERIFY.schemes[0].signature(secret, body).decode()}, body)


CONFLUENCE: Final = Connector(
    platform=Platform.CONFLUENCE, hook=Hook(verify=VERIFY, read=read, sample=sample), fetch=FETCH, per_minute=120
)
