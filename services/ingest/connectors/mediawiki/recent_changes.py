"""Ask a wiki's API for its recent changes, oldest first.

User names are not asked for, since those of people without an account are IP addresses.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final
from urllib.parse import urlencode

from services.ingest.connectors.connector import Poll
from services.ingest.connectors.fields import (
    Incomplete,
    identifier,
    if_whole,
    member,
    number,
    optional_identifier,
    optional_number,
    optional_text,
    optional_time,
    text,
    time,
)
from services.ingest.connectors.mediawiki.changes import Change, read_change
from services.ingest.domain.asking import Answer, Circumstances, Cursor, Page, Request
from services.ingest.domain.reading import Reading, joined
from services.ingest.domain.source import Source
from shared.xapi.guard import Limits, Malformed, parse
from shared.xapi.model import JSON
from shared.xapi.timestamps import instant

EVERY: Final = timedelta(minutes=2)
PER_PAGE: Final = 500
MOST_REMEMBERED: Final = 1000
OVERLAP: Final = timedelta(minutes=1)
"""Changes may be listed a little after the time that they have."""
LIMITS: Final = Limits(size=16 * 1024 * 1024, nodes=500_000)


def ask(source: Source, cursor: Cursor, circumstances: Circumstances) -> Request | None:
    """Ask for what changed since, or for the next page of it; nothing of a wiki that is heard by its stream."""
    del circumstances
    if source.options.get("stream"):
        return None
    asked = {
        "action": "query",
        "format": "json",
        "formatversion": "2",
        "list": "recentchanges",
        "rcdir": "newer",
        "rclimit": str(PER_PAGE),
        "rctype": "edit|new|log",
        "rcprop": "title|ids|userid|timestamp|flags|loginfo",
    }
    asked |= {name: value for name in ("rcstart", "rccontinue") if isinstance(value := cursor.get(name), str)}
    return Request(f"{source.options.get('api', f'{source.workspace}/w/api.php')}?{urlencode(asked)}")


def read(source: Source, cursor: Cursor, answer: Answer) -> Page:
    """Say what changed; raise Incomplete where that is not what was answered."""
    try:
        document = parse(answer.body, LIMITS)
    except Malformed as error:
        raise Incomplete("query") from error
    changes = member(document, "query", "recentchanges")
    if not isinstance(changes, list):
        raise Incomplete("query/recentchanges")
    told = member(dict(cursor), "told")
    before = told if isinstance(told, list) else []
    fresh = [each for each in changes if member(each, "rcid") not in before or member(each, "rcid") is None]
    reading = joined(if_whole(_read, source, each) for each in fresh) if fresh else Reading()
    remembered: list[JSON] = [*before, *(found for each in fresh if (found := optional_number(each, "rcid")) is not None)]
    onward: dict[str, JSON] = {"rcstart": _since(cursor, changes), "told": remembered[-MOST_REMEMBERED:]}
    if (continued := optional_text(document, "continue", "rccontinue")) is not None:
        return Page(reading, {**onward, "rcstart": cursor.get("rcstart"), "rccontinue": continued}, more=True)
    return Page(reading, onward)


def _since(cursor: Cursor, changes: list[JSON]) -> JSON:
    """Return the time from which to ask again: a little before the last change."""
    last = next((found for each in reversed(changes) if (found := optional_time(each, "timestamp"))), None)
    try:
        return (instant(last) - OVERLAP).strftime("%Y-%m-%dT%H:%M:%SZ") if last else cursor.get("rcstart")
    except (OverflowError, ValueError):
        return cursor.get("rcstart")


def _read(source: Source, change: JSON) -> Reading:
    return read_change(source, _change(change))


def _change(change: JSON) -> Change:
    kind = text(change, "type")
    log = f"{optional_text(change, 'logtype')}/{optional_text(change, 'logaction')}"
    user = optional_number(change, "userid")
    happened = time(change, "timestamp")
    nobody = any(member(change, each) in (True, "") for each in ("anon", "temp"))
    anonymous = nobody or not user or user < 0
    return Change(
        what=log if kind == "log" else kind,
        title=text(change, "title"),
        namespace=number(change, "ns"),
        user=None if anonymous else str(user),
        number=identifier(change, "logid" if kind == "log" else "revid"),
        happened=happened,
        bot=member(change, "bot") in (True, "") or optional_identifier(change, "bot") == "1",
    )


RECENT_CHANGES: Final = Poll(EVERY, ask, read)
