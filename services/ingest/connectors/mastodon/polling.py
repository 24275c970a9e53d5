"""Ask Mastodon for a timeline: of a hashtag, of a list, or of all that is public (docs.joinmastodon.org/methods/timelines)."""

from __future__ import annotations

from datetime import timedelta
from typing import Final
from urllib.parse import quote, urlencode

from msgspec.structs import replace

from services.ingest.connectors.connector import Option, Poll
from services.ingest.connectors.fields import Incomplete, if_whole, optional_identifier, optional_text
from services.ingest.connectors.mastodon.again import look_of
from services.ingest.connectors.mastodon.statuses import read_created, read_updated
from services.ingest.connectors.parsing import answered
from services.ingest.domain.asking import Answer, Circumstances, Cursor, Page, Request
from services.ingest.domain.reading import Reading, joined
from services.ingest.domain.source import Source
from shared.xapi.model import JSON

EVERY: Final = timedelta(minutes=2)
LIMIT: Final = 40
OPTIONS: Final = {
    "timeline": Option("what to ask for: tag/NAME, list/ID or public; without it the platform is not asked"),
    "local": Option("yes: of that timeline only what was written on this server"),
}


def ask(source: Source, cursor: Cursor, circumstances: Circumstances) -> Request | None:
    """Ask for what came after the newest status that was read; at first for the newest."""
    del circumstances
    timeline = source.options.get("timeline")
    if not timeline:
        return None
    newest = optional_identifier(dict(cursor), "newest")
    parameters = {"limit": str(LIMIT), **({"min_id": newest} if newest else {})}
    if source.options.get("local") == "yes":
        parameters["local"] = "true"
    return Request(f"{source.workspace}/api/v1/timelines/{quote(timeline)}?{urlencode(parameters)}")


def read(source: Source, cursor: Cursor, answer: Answer) -> Page:
    """Read a page, the newest first; one status that cannot be read stops none of the others."""
    if answer.unchanged:
        return Page(Reading(), cursor)
    statuses = answered(answer)
    if not isinstance(statuses, list):
        raise Incomplete("statuses")
    if not statuses:
        return Page(Reading(), cursor)
    names = [optional_identifier(each, "id") for each in statuses]
    newest = next((each for each in names if each), None)
    if newest is None:
        raise Incomplete("id")
    more = "newest" in cursor and len(statuses) >= LIMIT and newest != cursor["newest"]
    return Page(joined(if_whole(_read, source, each) for each in reversed(statuses)), {"newest": newest}, more=more)


def _read(source: Source, status: JSON) -> Reading:
    """Read a status as it is now: what was edited before we asked is told as made, and as edited."""
    made = read_created(source, status)
    if made.known:
        made = replace(made, lookups=look_of(source, status))
    edited = made.ignored == () and optional_text(status, "edited_at") is not None
    return joined((made, read_updated(source, status))) if edited else made


TIMELINE: Final = Poll(EVERY, ask, read)
