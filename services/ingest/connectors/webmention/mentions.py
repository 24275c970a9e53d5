"""What is claimed at the door: that a page names one of ours (w3.org/TR/webmention, section 3.2.1)."""

from __future__ import annotations

from urllib.parse import urlsplit

from services.ingest.connectors.fields import fits, text
from services.ingest.connectors.parsing import form
from services.ingest.domain.reading import Delivery, Lookup, Reading, Reason, ignored
from services.ingest.domain.source import Source
from services.ingest.verifiers import Message
from shared.xapi.guard import Limits, Malformed
from shared.xapi.model import JSON
from shared.xapi.validation import is_iri

LONGEST = 800


def claimed(message: Message, limits: Limits) -> JSON:
    """Parse a form with two different addresses; raise Malformed where there is none."""
    fields = form(message, limits)
    named = [fields.get(name) if isinstance(fields, dict) else None for name in ("source", "target")]
    if not all(isinstance(each, str) and _is_address(each) for each in named) or named[0] == named[1]:
        raise Malformed("webmention", "A webmention is a form with two different addresses, source and target.")
    return {"source": named[0], "target": named[1]}


def read(source: Source, delivery: Delivery) -> Reading:
    """Ask for the page, if what it is said to name is ours to hear of."""
    page, target = text(delivery.document, "source"), text(delivery.document, "target")
    if not is_ours(source, target):
        return ignored(Reason.UNMAPPED)
    channels = source.policy.channels
    if channels and not any(target.startswith(each) for each in channels):
        return ignored(Reason.CHANNEL_NOT_ALLOWED)
    return Reading(lookups=(Lookup(f"{page} {target}", {"source": page, "target": target}),))


def is_ours(source: Source, address: str) -> bool:
    """Say whether *address* is that of the blog, or below it."""
    return address == source.workspace or address.startswith(
        (f"{source.workspace}/", f"{source.workspace}?", f"{source.workspace}#")
    )


def _is_address(said: str) -> bool:
    try:
        parts = urlsplit(said)
    except ValueError:
        return False
    return (
        fits(said, LONGEST) and said.isprintable() and parts.scheme in ("http", "https") and bool(parts.hostname) and is_iri(said)
    )
