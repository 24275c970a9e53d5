"""Ask Graph for a page's feed (developers.facebook.com/docs/graph-api/reference/page/feed): what webhooks did not bring."""

from __future__ import annotations

from datetime import timedelta
from typing import Final
from urllib.parse import quote, urlencode

from services.ingest.connectors.connector import Option, Poll
from services.ingest.connectors.facebook import names
from services.ingest.connectors.facebook.writing import commented, posted
from services.ingest.connectors.fields import Incomplete, identifier, if_whole, member, optional_identifier, optional_text, time
from services.ingest.connectors.parsing import answered
from services.ingest.domain.asking import Answer, Circumstances, Cursor, Page, Request
from services.ingest.domain.interaction import Artefact, ChannelId, Event, Interaction, Kind
from services.ingest.domain.reading import Reading, Reason, ignored, joined
from services.ingest.domain.source import Source
from shared.xapi.model import JSON

EVERY: Final = timedelta(minutes=15)
LIMIT: Final = 50
MOST_REMEMBERED: Final = 3000
WRITTEN: Final = "id,from,message,created_time,is_hidden"
FIELDS: Final = f"{WRITTEN},privacy,comments.limit(100).filter(stream){{{WRITTEN},parent{{id}}}}"
OPTIONS: Final = {
    "page": Option("the id of a page whose feed is asked for, too; needs the page's token"),
    "version": Option("the version of Graph that is asked, where it is not v24.0"),
}


def ask(source: Source, cursor: Cursor, circumstances: Circumstances) -> Request | None:
    """Ask for the newest posts with their comments."""
    del cursor, circumstances
    page = source.options.get("page")
    if not page:
        return None
    version = quote(source.options.get("version", "v24.0"), safe="")
    parameters = urlencode({"fields": FIELDS, "limit": str(LIMIT)})
    return Request(f"https://graph.facebook.com/{version}/{quote(page, safe='')}/feed?{parameters}")


def read(source: Source, cursor: Cursor, answer: Answer) -> Page:
    """Read a feed; one post or comment that cannot be read stops none of the others."""
    posts = member(answered(answer), "data")
    if not isinstance(posts, list):
        raise Incomplete("data")
    before = cursor.get("told")
    told = dict.fromkeys(before if isinstance(before, list) else [])
    page = ChannelId(source.options.get("page", ""))
    reading = joined([_once(source, page, each, told) for each in posts[:LIMIT]])
    return Page(reading, {"told": list(told)[-MOST_REMEMBERED:]})


def _once(source: Source, page: ChannelId, post: JSON, told: dict[JSON, None]) -> Reading:
    """Read of a post and its comments what was not told yet."""
    comments = member(post, "comments", "data")
    found: list[Reading] = []
    for item in (post, *(comments if isinstance(comments, list) else ())):
        name = optional_identifier(item, "id")
        fresh = name not in told
        told.pop(name, None)
        told[name] = None
        if fresh:
            found.append(if_whole(_read, source, page, post, item))
    return joined(found) if found else ignored(Reason.TOLD_ALREADY)


def _read(source: Source, page: ChannelId, post: JSON, item: JSON) -> Reading:
    return read_post(source, page, post) if item is post else read_comment(source, page, post, item)


def read_post(source: Source, page: ChannelId, post: JSON) -> Reading:
    """Read a post; raise Incomplete where it lacks what it needs."""
    made = _made(source, page, post, names.post(identifier(post, "id")))
    return ignored(made) if isinstance(made, Reason) else posted(source, made, optional_text(post, "message") or "")


def read_comment(source: Source, page: ChannelId, post: JSON, comment: JSON) -> Reading:
    """Read a comment upon *post*; raise Incomplete where it lacks what it needs."""
    if reason := names.refusal(source, page, post):
        return ignored(reason)
    made = _made(source, page, comment, names.comment(identifier(comment, "id")))
    if isinstance(made, Reason):
        return ignored(made)
    root, upon = names.post(identifier(post, "id")), optional_identifier(comment, "parent", "id")
    return commented(source, made, optional_text(comment, "message") or "", (names.comment(upon) if upon else root, root))


def _made(source: Source, page: ChannelId, item: JSON, artefact: Artefact) -> Interaction | Reason:
    actor = names.heard(source, page, item)
    if isinstance(actor, Reason):
        return actor
    return Interaction(
        event=Event.CREATED,
        kind=Kind.POST,
        artefact=artefact,
        actor=actor,
        happened=time(item, "created_time"),
        place=names.place(page),
    )


FEED: Final = Poll(EVERY, ask, read)
