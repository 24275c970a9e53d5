"""Comments upon the videos of a channel, which have no webhook: the Data API is asked for them.

developers.google.com/youtube/v3/docs/commentThreads/list, developers.google.com/youtube/v3/docs/comments/list
"""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import Final
from urllib.parse import urlencode

from msgspec.structs import replace

from services.ingest.connectors import looking_again
from services.ingest.connectors.connector import Fetch, Poll
from services.ingest.connectors.fields import (
    if_whole,
    member,
    optional_number,
    optional_text,
    optional_time,
    several,
    time,
)
from services.ingest.connectors.parsing import answered
from services.ingest.connectors.youtube import again, names
from services.ingest.domain.asking import Answer, Circumstances, Cursor, Page, Request
from services.ingest.domain.interaction import Event, Interaction, Kind
from services.ingest.domain.reading import Known, Lookup, Reading, Reason, Rule, Undecided, ignored, joined
from services.ingest.domain.source import Source
from services.ingest.domain.text import asks
from shared.xapi.model import JSON

EVERY: Final = timedelta(minutes=10)
SHOWN: Final = 5
"""Replies that a thread shows; the others are asked for."""
LONGEST_KEY: Final = 500
MOST_REMEMBERED: Final = 3000


def _ask(source: Source, cursor: Cursor, circumstances: Circumstances) -> Request | None:
    """Ask for the newest threads upon all videos of the channel."""
    del cursor, circumstances
    channel, most = names.channel_of(source), str(names.LIMIT)
    wanted = {"allThreadsRelatedToChannelId": channel, "order": "time", "maxResults": most, "textFormat": "plainText"}
    return names.asking(source, "commentThreads", part="snippet,replies", **wanted)


def _read(source: Source, cursor: Cursor, answer: Answer) -> Page:
    """Read the newest threads; one comment that cannot be read stops none of the others."""
    before = member(dict(cursor), "told")
    told: dict[str, JSON] = dict(before) if isinstance(before, dict) else {}
    found = [_read_thread(source, each, told) for each in names.items(answered(answer))]
    kept: dict[str, JSON] = dict(list(told.items())[-MOST_REMEMBERED:])
    return Page(joined(found) if found else Reading(), {"told": kept})


def _read_thread(source: Source, thread: JSON, told: dict[str, JSON]) -> Reading:
    first, upon = member(thread, "snippet", "topLevelComment"), names.optional_name(thread, "snippet", "videoId")
    if member(thread, "snippet", "isPublic") is False and not source.policy.private:
        return ignored(Reason.PRIVATE_CHANNEL)
    comments = [first, *several(thread, "replies", "comments", most=names.LIMIT)]
    found = [_once(source, each, upon, told) for each in comments]
    return joined([each for each in (*found, _more(thread, upon, told)) if each != Reading()] or [ignored(Reason.TOLD_ALREADY)])


def _more(thread: JSON, upon: str | None, told: dict[str, JSON]) -> Reading:
    """Return that the replies to a thread are to be asked for, where it has more than it shows, or more than before."""
    count, name = optional_number(thread, "snippet", "totalReplyCount") or 0, names.optional_name(thread, "id")
    counted = f"replies {_mark(name or '')}"
    if name is None or upon is None or count <= SHOWN or told.get(counted) == count:
        return Reading()
    told.pop(counted, None)
    told[counted] = count
    return Reading(lookups=(Lookup(f"{name} {count}", {"parent": name, "video": upon}),))


def _once(source: Source, comment: JSON, upon: str | None, told: dict[str, JSON]) -> Reading:
    """Read a comment that was not told yet, or was edited since."""
    mark, changed = _mark(optional_text(comment, "id") or ""), optional_text(comment, "snippet", "updatedAt")
    before = told.pop(mark, None)
    told[mark] = changed or ""
    if before is not None and before == (changed or ""):
        return Reading()
    return if_whole(_read_edit if before is not None else _read_comment, source, comment, upon)


def _mark(name: str) -> str:
    return hashlib.blake2b(name.encode(errors="replace"), digest_size=6).hexdigest()


def _read_comment(source: Source, comment: JSON, upon: str | None) -> Reading:
    """Read a comment as it stands: one that was edited before is told as made, without its text, and as edited."""
    made = _base(source, comment, upon)
    if isinstance(made, Reason):
        return ignored(made)
    said, edit = _said(comment), _edit(source, made, comment)
    text = None if edit else source.policy.text(said)
    told = _told_as(replace(made, text=text), names.optional_name(comment, "snippet", "parentId"), asking=asks(said) and not edit)
    if made.parent is not None:
        look = again.look_of(source, names.name(comment, "id"), made.parent.native, made.actor)
        told = replace(told, lookups=look)
    return joined((told, Reading(decided=(edit,)))) if edit else told


def _read_edit(source: Source, comment: JSON, upon: str | None) -> Reading:
    """Read that a comment, told before, says something else now."""
    made = _base(source, comment, upon)
    if isinstance(made, Reason):
        return ignored(made)
    edit = _edit(source, made, comment)
    return Reading(decided=(edit,)) if edit else ignored(Reason.UNCHANGED)


def _said(comment: JSON) -> str:
    return optional_text(comment, "snippet", "textOriginal") or optional_text(comment, "snippet", "textDisplay") or ""


def _base(source: Source, comment: JSON, upon: str | None) -> Interaction | Reason:
    """Return that a comment was made, without what it says."""
    snippet, channel = member(comment, "snippet"), names.channel_of(source)
    actor = names.heard(source, channel, names.optional_name(snippet, "authorChannelId", "value"))
    if isinstance(actor, Reason):
        return actor
    video, happened = names.video(upon or names.name(snippet, "videoId")), time(snippet, "publishedAt")
    return Interaction(
        event=Event.CREATED,
        kind=Kind.COMMENT,
        artefact=names.comment(names.name(comment, "id"), video.native),
        actor=actor,
        happened=happened,
        place=names.place(channel),
        parent=video,
    )


def _edit(source: Source, made: Interaction, comment: JSON) -> Interaction | None:
    """Return that a comment was edited, if it was."""
    changed = optional_time(comment, "snippet", "updatedAt")
    if changed is None or changed == made.happened:
        return None
    edit = replace(made, event=Event.EDITED, kind=Kind.EDIT, happened=changed, revision=changed, parent=None)
    return replace(edit, text=source.policy.text(_said(comment)))


def _told_as(made: Interaction, parent: str | None, *, asking: bool) -> Reading:
    """Return that a comment was made: upon the video, where it may ask, or in reply to another comment."""
    if parent is None or made.parent is None:
        asked = replace(made, kind=Kind.ASK) if asking else made
        return Reading(decided=(asked,), known=(Known(made.artefact, made.artefact.native, made.actor, asking, made.happened),))
    above = names.comment(parent, made.parent.native)
    reply = replace(made, kind=Kind.REPLY, parent=above, root=above)
    known = (Known(made.artefact, above.native, made.actor, False, made.happened),)
    return Reading(undecided=(Undecided(Rule.REPLY, above.native, reply),), known=known)


def _ask_more(source: Source, lookup: Lookup, circumstances: Circumstances) -> Request:
    """Ask for a page of replies, or for a comment again."""
    del source, circumstances
    if looking_again.is_look(lookup):
        return again.ask(lookup)
    reference = lookup.reference
    paged = {"pageToken": reference["page"]} if "page" in reference else {}
    wanted = {"part": "snippet", "parentId": reference["parent"], "maxResults": str(names.LIMIT), "textFormat": "plainText"}
    return Request(f"{names.API}/comments?{urlencode({**wanted, **paged})}")


def _read_more(source: Source, lookup: Lookup, answer: Answer) -> Reading:
    return again.read(lookup, answer) if looking_again.is_look(lookup) else _read_replies(source, lookup, answer)


def _read_replies(source: Source, lookup: Lookup, answer: Answer) -> Reading:
    """Read a page of replies, and ask for the next."""
    document = answered(answer)
    found = [_once(source, each, lookup.reference["video"], {}) for each in names.items(document)]
    page = optional_text(document, "nextPageToken")
    if page and page != lookup.reference.get("page"):
        key = f"{lookup.key.partition(' after ')[0]} after {page}"[:LONGEST_KEY]
        found.append(Reading(lookups=(Lookup(key, {**lookup.reference, "page": page}),)))
    return joined(found) if found else ignored(Reason.GONE)


COMMENTS: Final = Poll(EVERY, _ask, _read)
FETCH: Final = Fetch(_ask_more, _read_more)
