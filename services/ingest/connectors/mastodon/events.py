"""Read a webhook of Mastodon (docs.joinmastodon.org/admin/webhooks); what it tells of accounts and reports is not even read."""

from __future__ import annotations

from services.ingest.connectors.fields import Incomplete, member
from services.ingest.connectors.mastodon.statuses import read_created, read_updated
from services.ingest.domain.reading import Delivery, Reading, Reason, ignored
from services.ingest.domain.source import Source


def read(source: Source, delivery: Delivery) -> Reading:
    """Say what a webhook holds; raise Incomplete where it lacks what it needs."""
    event, status = member(delivery.document, "event"), member(delivery.document, "object")
    if event not in ("status.created", "status.updated"):
        return ignored(Reason.UNMAPPED)
    if not isinstance(status, dict):
        raise Incomplete("object")
    return read_created(source, status) if event == "status.created" else read_updated(source, status)
