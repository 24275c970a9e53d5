"""What a hub delivers: the feed, or what is new in it (w3.org/TR/websub, section 7)."""

from __future__ import annotations

from typing import Final

from services.ingest.connectors.feeds.document import is_xml, parsed
from services.ingest.connectors.feeds.entries import Shelf, read_entries
from services.ingest.connectors.feeds.json_feed import is_json
from services.ingest.connectors.feeds.polling import lookups
from services.ingest.connectors.fields import member
from services.ingest.domain.reading import Delivery, Lookup, Reading, joined
from services.ingest.domain.source import Source
from services.ingest.verifiers import Message
from shared.xapi.guard import Limits, Malformed
from shared.xapi.model import JSON

LARGEST_READ: Final = 64 * 1024
"""A feed that is larger takes too long to be read at the door: it is asked for instead."""


def delivered(message: Message, limits: Limits) -> JSON:
    """Parse a feed; raise Malformed for what is none. One that is large is only noted."""
    del limits
    if not is_json(message.body) and not is_xml(message.body):
        raise Malformed("xml", "A delivery is a feed, RSS or Atom in well-formed XML, or a JSON Feed.")
    if len(message.body) > LARGEST_READ:
        return {"large": True}
    feed = parsed(message.body, "")
    if feed is None:
        raise Malformed("feed", "A delivery is a feed: RSS, Atom or JSON Feed.")
    return feed


def read(source: Source, delivery: Delivery) -> Reading:
    """Say what is new; what was changed since it was published is told as an edit, since what was told before is not known."""
    feed = delivery.document
    if member(feed, "large"):
        topic = source.options.get("feed", "")
        return Reading(lookups=(Lookup(f"{topic} delivered", {"feed": topic}),))
    return joined((read_entries(source, feed, Shelf()), lookups(source, feed, {})))
