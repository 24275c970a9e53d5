"""Listen to Wikimedia's stream of recent changes, and go on where it was left; the one door to httpx-sse.

Source: wikitech.wikimedia.org, "EventStreams HTTP Service"; html.spec.whatwg.org, "Server-sent events".
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

import httpx
from httpx_sse import EventSource, ServerSentEvent, SSEError

from services.ingest.connectors.connector import Poll
from services.ingest.connectors.fields import (
    Incomplete,
    identifier,
    if_whole,
    member,
    number,
    optional_number,
    optional_text,
    text,
)
from services.ingest.connectors.fields import optional_time as time_of
from services.ingest.connectors.mediawiki.changes import LONGEST_TITLE, Change, address, is_anonymous, place, read_change, refusal
from services.ingest.domain.asking import Answer, Circumstances, Cursor, Page, Request
from services.ingest.domain.interaction import AccountName, Artefact, ArtefactType, Event, Interaction, Kind, NativeId
from services.ingest.domain.reading import Reading, Reason, ignored, joined
from services.ingest.domain.source import Source
from shared.xapi.guard import Limits, Malformed, parse
from shared.xapi.model import JSON

LISTEN: Final = 20.0
AGAIN: Final = timedelta(seconds=1)
LONGEST_ID: Final = 2000
THANKS: Final = "thanks/thank"
"""What only the stream tells (the extension Thanks publishes it there, and lists it among no recent changes)."""
USERS: Final = 2
"""The namespace of users' pages."""
LIMITS: Final = Limits(size=256 * 1024, nodes=5_000)


def ask(source: Source, cursor: Cursor, circumstances: Circumstances) -> Request | None:
    """Listen for a while, starting after the last event that was heard, or the first time from now on."""
    del circumstances
    address, last = source.options.get("stream"), cursor.get("last")
    if not address:
        return None
    behind = {"Last-Event-ID": last} if isinstance(last, str) else {}
    return Request(address, headers={"Accept": "text/event-stream", **behind}, listen=LISTEN, shown=False)


def read(source: Source, cursor: Cursor, answer: Answer) -> Page:
    """Say what changed in the source's wiki; events of other wikis, which the stream also has, leave no trace."""
    events = _events(answer.body)
    changes = [found for each in events if (found := _ours(source, each)) is not None]
    ids = [each.id for each in events if each.id and len(each.id) <= LONGEST_ID and each.id.isascii() and each.id.isprintable()]
    reading = joined(if_whole(_read, source, each) for each in changes) if changes else Reading()
    return Page(reading, {"last": ids[-1]} if ids else cursor)


def _events(body: bytes) -> list[ServerSentEvent]:
    """Return the whole events that were heard; of one that was cut, nothing."""
    heard = httpx.Response(200, headers={"content-type": "text/event-stream; charset=utf-8"}, content=body)
    try:
        return list(EventSource(heard).iter_sse())
    except SSEError as error:
        raise Incomplete("event") from error


def _ours(source: Source, event: ServerSentEvent) -> JSON:
    """Return the change of which *event* tells, if that was in the source's wiki."""
    try:
        change = parse(event.data.encode(errors="replace"), LIMITS)
    except Malformed:
        return None
    return change if optional_text(change, "server_url") == source.workspace else None


def _read(source: Source, change: JSON) -> Reading:
    told = _change(change)
    return _thanked(source, told) if told.what == THANKS else read_change(source, told)


def _thanked(source: Source, thanks: Change) -> Reading:
    """Read that somebody thanked the user whose page it names; nothing tells for what."""
    _, colon, name = thanks.title.partition(":")
    if thanks.namespace != USERS or not colon or not name.isprintable() or len(name) > LONGEST_TITLE:
        raise Incomplete("title")
    if is_anonymous(name):
        return ignored(Reason.ACTOR_UNKNOWN)
    reason = refusal(source, thanks) or (Reason.EXCLUDED_ACCOUNT if name in source.policy.excluded else None)
    if reason:
        return ignored(reason)
    interaction = Interaction(
        event=Event.PRAISED,
        kind=Kind.PRAISE,
        artefact=Artefact(NativeId(thanks.title), address(source, thanks.title), ArtefactType.PROFILE),
        actor=AccountName(thanks.user or ""),
        happened=thanks.happened,
        place=place(source),
        revision=thanks.number,
        person=AccountName(name),
    )
    return Reading(decided=(interaction,))


def _change(change: JSON) -> Change:
    kind, user = text(change, "type"), text(change, "user")
    log = f"{optional_text(change, 'log_type')}/{optional_text(change, 'log_action')}"
    return Change(
        what=log if kind == "log" else kind,
        title=text(change, "title"),
        namespace=number(change, "namespace"),
        user=None if is_anonymous(user) else user,
        number=identifier(change, "log_id") if kind == "log" else identifier(change, "revision", "new"),
        happened=_happened(change),
        bot=member(change, "bot") is True,
    )


def _happened(change: JSON) -> str:
    """Return when it happened: to the second, as the wiki's own list of changes has it."""
    at = optional_number(change, "timestamp")
    if at is not None and 0 <= at < 2**33:
        return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    found = time_of(change, "meta", "dt")
    if found is None:
        raise Incomplete("timestamp")
    return found


STREAM: Final = Poll(AGAIN, ask, read)
