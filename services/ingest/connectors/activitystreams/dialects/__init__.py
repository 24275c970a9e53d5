"""Other ways to write what ActivityStreams 2.0 says, turned into it: ActivityStreams 1.0 and microformats2.

One interaction is so one statement, whichever way it was written.
"""

from __future__ import annotations

from services.ingest.connectors.activitystreams.dialects.as1 import from_as1, is_as1
from services.ingest.connectors.activitystreams.dialects.mf2 import entries, from_mf2, is_mf2
from services.ingest.connectors.activitystreams.objects import several
from services.ingest.connectors.fields import member
from shared.xapi.model import JSON

__all__ = ["in_as2"]


def in_as2(document: JSON) -> JSON:
    """Return *document* in ActivityStreams 2.0; what is in no dialect is returned as it is."""
    if is_mf2(document) and "h-feed" not in several(member(document, "type")):
        return from_mf2(document)
    if found := _within(document):
        return {"type": "Collection", "items": found}
    return from_as1(document) if is_as1(document) else document


def _within(document: JSON) -> list[JSON]:
    """Return the entries of a page or a feed of microformats2, none where it is no such thing."""
    named = member(document, "type")
    return entries(document) if named is None or "h-feed" in several(named) else []
