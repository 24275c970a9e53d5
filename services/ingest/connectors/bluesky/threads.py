"""Look closer at a post: who replied to it, and who liked it (app.bsky.feed.getPostThread, app.bsky.feed.getLikes)."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final
from urllib.parse import urlencode

from services.ingest.connectors import looking_again
from services.ingest.connectors.bluesky import names
from services.ingest.connectors.bluesky.acts import read_like
from services.ingest.connectors.bluesky.posts import read_view
from services.ingest.connectors.connector import Fetch
from services.ingest.connectors.fields import Incomplete, if_whole, member, optional_number, optional_text, several
from services.ingest.connectors.parsing import answered
from services.ingest.domain.asking import Answer, Circumstances, Request
from services.ingest.domain.reading import Lookup, Reading, Reason, ignored, joined
from services.ingest.domain.source import Source
from shared.xapi.model import JSON

APPVIEW: Final = "https://public.api.bsky.app"
DEEPEST: Final = 20
MOST_REPLIES: Final = 1000
LIKES: Final = 100
"""That one page has."""
LONGEST_KEY: Final = 800
REFUSALS: Final = frozenset({HTTPStatus.BAD_REQUEST})
"""With it Bluesky says that a post is not there, and much else (atproto.com/specs/xrpc, "Error Responses")."""
SHOWN: Final = "app.bsky.feed.defs#threadViewPost"
GONE: Final = "NotFound"
"""The error by which Bluesky says that a post is not there."""
NOT_FOUND: Final = "app.bsky.feed.defs#notFoundPost"
COUNTED: Final = {"thread": "replyCount", "likes": "likeCount"}


def api(source: Source) -> str:
    """Return the address of the AppView that is asked."""
    return source.options.get("api", APPVIEW).rstrip("/")


def lookups_of(source: Source, view: JSON, before: str) -> tuple[Lookup, ...]:
    """Return what is to be looked up of a post: its thread if it has replies, its likes; but for what is named *before*."""
    try:
        post = names.post(view, "uri")
    except Incomplete:
        return ()
    place = names.place(source, member(view, "record"))
    within = {"within": place.id} if place else {}
    found: list[Lookup] = []
    for do, counter in COUNTED.items():
        count = optional_number(view, counter) or 0
        name = f"{do}:{count}"
        if count > 0 and name not in before.split():
            found.append(Lookup(f"{post.native} {name}", {"do": do, "uri": post.native, **within}))
    return tuple(found)


def ask(source: Source, lookup: Lookup, circumstances: Circumstances) -> Request:
    """Ask for the thread of a post, or for a page of its likes."""
    del circumstances
    reference = lookup.reference
    if reference["do"] == "thread":
        depth = 0 if looking_again.is_look(lookup) else DEEPEST
        parameters = {"uri": reference["uri"], "depth": str(depth), "parentHeight": "0"}
        return Request(f"{api(source)}/xrpc/app.bsky.feed.getPostThread?{urlencode(parameters)}", bears=REFUSALS)
    paged = {"cursor": reference["cursor"]} if "cursor" in reference else {}
    parameters = {"uri": reference["uri"], "limit": str(LIKES), **paged}
    return Request(f"{api(source)}/xrpc/app.bsky.feed.getLikes?{urlencode(parameters)}")


def read(source: Source, lookup: Lookup, answer: Answer) -> Reading:
    """Read a thread, or a page of likes; one item that cannot be read stops none of the others."""
    if looking_again.is_look(lookup):
        return _read_again(lookup, answer)
    document = answered(answer)
    if answer.status in REFUSALS:
        return _read_refusal(document)
    if lookup.reference["do"] == "thread":
        return _read_thread(source, member(document, "thread"), lookup.reference.get("within"))
    return _read_likes(source, document, lookup)


def look_of(source: Source, view: JSON) -> tuple[Lookup, ...]:
    """Return that a post is to be looked at again, if its text is kept."""
    post = names.post(view, "uri")
    return looking_again.first_look(source, post.native, {"do": "thread", "uri": post.native}, names.author(view))


def _read_again(lookup: Lookup, answer: Answer) -> Reading:
    return looking_again.read(lookup, names.post(dict(lookup.reference), "uri"), answer, _is_there)


def _is_there(document: JSON) -> bool | None:
    """Say whether a post is there still: Bluesky says that it is not by an error, or by what stands in its place."""
    shown = optional_text(document, "thread", "$type")
    if shown == NOT_FOUND or optional_text(document, "error") == GONE:
        return False
    return shown == SHOWN or None


def _read_refusal(document: JSON) -> Reading:
    """Read why there is no thread: its post was deleted since; raise Incomplete for any other reason."""
    if optional_text(document, "error") != GONE:
        raise Incomplete("thread")
    return ignored(Reason.GONE)


def _read_thread(source: Source, thread: JSON, within: str | None) -> Reading:
    if not isinstance(thread, dict):
        raise Incomplete("thread")
    found: list[Reading] = []
    waiting = several(thread, "replies")
    while waiting and len(found) < MOST_REPLIES:
        reply = waiting.pop(0)
        waiting += several(reply, "replies")
        if isinstance(member(reply, "post"), dict):
            found.append(if_whole(_read_reply, source, member(reply, "post"), within))
    return joined(found) if found else ignored(Reason.GONE)


def _read_reply(source: Source, view: JSON, within: str | None) -> Reading:
    reading = read_view(source, view, within)
    return reading if reading.ignored else joined((reading, Reading(lookups=look_of(source, view))))


def _read_likes(source: Source, document: JSON, lookup: Lookup) -> Reading:
    """Read a page of likes, and ask for the next."""
    post = names.post(dict(lookup.reference), "uri")
    likes = member(document, "likes")
    if not isinstance(likes, list):
        raise Incomplete("likes")
    reading = joined([if_whole(read_like, source, post, each) for each in likes[:LIKES]])
    cursor = optional_text(document, "cursor")
    if not cursor or not likes or cursor == lookup.reference.get("cursor"):
        return reading
    onward = Lookup(f"{lookup.key.partition(' after ')[0]} after {cursor}"[:LONGEST_KEY], {**lookup.reference, "cursor": cursor})
    return joined((reading, Reading(lookups=(onward,))))


FETCH: Final = Fetch(ask, read)
