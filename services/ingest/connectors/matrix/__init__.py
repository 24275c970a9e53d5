"""Matrix's application service API (spec.matrix.org, "Application Service API"): homeservers push what happens in rooms.

m.room.message, m.reaction, m.room.redaction, m.room.member, m.poll.start, m.poll.response
──▶ questions, posts, replies, answers, acceptances, reactions, files, mentions, edits, deletes, joins, leaves, polls, votes
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from services.ingest.connectors.connector import Connector, Hook, Sample
from services.ingest.connectors.matrix.events import read
from services.ingest.connectors.matrix.transactions import transaction
from services.ingest.domain.source import Platform
from services.ingest.verifiers import Message, SharedToken, bearer, in_query

MOST_BYTES: Final = 8 * 1024 * 1024
"""A transaction has up to 100 events of up to 64 KiB, and is sent until it is taken."""
_IN_QUERY: Final = in_query("access_token")


def shown(message: Message) -> Sequence[str]:
    """Find `hs_token`, in the header or, as older homeservers show it, in the address."""
    return (*bearer(message), *_IN_QUERY(message))


VERIFY: Final = SharedToken(shown)


def sample(secret: bytes, now: datetime) -> Sample:
    """Return a ping (`POST /_matrix/app/v1/ping`)."""
    del now
    headers = {"authorization": f"Bearer {secret.decode(errors='replace')}", "content-type": "application/json"}
    return Sample(headers, b'{"transaction_id":"symposia-source-test"}', "/_matrix/app/v1/ping")


MATRIX: Final = Connector(
    platform=Platform.MATRIX,
    hook=Hook(
        verify=VERIFY,
        read=read,
        sample=sample,
        parse=transaction,
        methods=frozenset({"PUT", "POST"}),
        most_bytes=MOST_BYTES,
    ),
)
