"""What a feed says to be there no more (RFC 6721, "The Atom deleted-entry Element").

Only elements count: whoever writes a comment can write into its text what looks like one.
"""

from __future__ import annotations

from typing import Final
from xml.parsers import expat

from services.ingest.connectors.fields import Incomplete, fits, member, text, time
from services.ingest.domain.interaction import Artefact, ArtefactType, NativeId
from services.ingest.domain.reading import Reading, Rule, withdrawal
from shared.xapi.model import JSON
from shared.xapi.validation import is_iri

NAME: Final = "deleted-entry"
ELEMENT: Final = f"http://purl.org/atompub/tombstones/1.0 {NAME}"
MOST: Final = 300
LONGEST: Final = 800


def tombstones(body: bytes) -> list[JSON]:
    """Return the id of each entry that is deleted, and when it was; none where the feed is no well-formed XML."""
    if NAME.encode() not in body:
        return []
    found: list[JSON] = []

    def begin(name: str, attributes: dict[str, str]) -> None:
        if name == ELEMENT and len(found) < MOST:
            found.append({"id": attributes.get("ref"), "deleted": attributes.get("when")})

    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartElementHandler = begin
    try:
        parser.Parse(body, True)
    except (expat.ExpatError, ValueError, LookupError):
        return []
    return found


def read_tombstone(tombstone: JSON) -> Reading:
    """Read that an entry was deleted: told of its author, if it was heard. Raise Incomplete where it lacks what it needs."""
    native, deleted = text(tombstone, "id"), time(tombstone, "deleted")
    if not fits(native, LONGEST) or not is_iri(native):
        raise Incomplete("ref")
    entry = Artefact(NativeId(native), native, ArtefactType.ARTICLE)
    return Reading(undecided=(withdrawal(entry, deleted, revision=deleted, rule=Rule.TAKEN_BACK),))


def gone(feed: JSON) -> list[JSON]:
    """Return the tombstones in a *feed* that was parsed."""
    found = member(feed, "gone")
    return found if isinstance(found, list) else []


def mark(tombstone: JSON) -> NativeId:
    """Return the name by which it is remembered that an entry was told to be deleted."""
    return NativeId(f"deleted {member(tombstone, 'id')} {member(tombstone, 'deleted')}")
