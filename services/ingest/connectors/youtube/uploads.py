"""A channel's videos: uploaded, renamed, removed, as its hub delivers them, or as the Data API lists them.

developers.google.com/youtube/v3/guides/push_notifications, developers.google.com/youtube/v3/docs/playlistItems/list
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Final

from services.ingest.connectors.connector import Poll
from services.ingest.connectors.feeds.document import is_xml, parsed
from services.ingest.connectors.fields import if_whole, member, optional_text, optional_time, time
from services.ingest.connectors.parsing import answered
from services.ingest.connectors.websub.subscription import EVERY, subscribing
from services.ingest.connectors.websub.subscription import read as promised
from services.ingest.connectors.youtube import names
from services.ingest.domain.asking import Answer, Circumstances, Cursor, Page, Request
from services.ingest.domain.interaction import Event, Interaction, Kind
from services.ingest.domain.reading import Delivery, Known, Reading, Reason, ignored, joined, withdrawal
from services.ingest.domain.source import Source
from services.ingest.verifiers import Message
from shared.xapi.guard import Limits, Malformed
from shared.xapi.model import JSON
from shared.xapi.timestamps import instant

HUB: Final = "https://pubsubhubbub.appspot.com/subscribe"
TOPIC: Final = "https://www.youtube.com/xml/feeds/videos.xml?channel_id="
VIDEO: Final = "yt:video:"
DELETED: Final = re.compile(r"<at:deleted-entry\s([^<>]{1,500})>")
REFERENCE: Final = re.compile(r'\bref="yt:video:([A-Za-z0-9_-]{1,100})"')
WHEN: Final = re.compile(r'\bwhen="([^"<>]{1,60})"')
LARGEST: Final = 64 * 1024
AT_ONCE: Final = timedelta(hours=1)
"""A video that was changed no later than this after it was published is told as new: its hub is late, or it was scheduled."""
LOST: Final = timedelta(hours=6)
MOST_REMEMBERED: Final = 500


def delivered(message: Message, limits: Limits) -> JSON:
    """Parse what the hub delivers: a feed with one video, or the tombstone of one (RFC 6721); raise Malformed for all else."""
    if len(message.body) > min(limits.size, LARGEST) or not is_xml(message.body):
        raise Malformed("xml", "A delivery is a small feed in well-formed XML.")
    gone = [
        {"id": reference[1], "deleted": when[1]}
        for found in DELETED.finditer(message.body.decode(errors="replace"))
        if (reference := REFERENCE.search(found[1])) and (when := WHEN.search(found[1]))
    ]
    feed = parsed(message.body, "")
    if feed is None:
        raise Malformed("feed", "A delivery is a feed, in Atom.")
    return {"entries": member(feed, "entries"), "gone": gone}


def read(source: Source, delivery: Delivery) -> Reading:
    """Say what the hub delivered; one entry that cannot be read stops none of the others."""
    entries, gone = member(delivery.document, "entries"), member(delivery.document, "gone")
    found = [if_whole(_read_entry, source, each) for each in (entries if isinstance(entries, list) else [])]
    found += [_read_gone(each) for each in (gone if isinstance(gone, list) else [])]
    return joined(found) if found else Reading()


def _read_entry(source: Source, entry: JSON) -> Reading:
    """Read that a video was published, or that it was renamed since."""
    native = (optional_text(entry, "id") or "").removeprefix(VIDEO)
    channel = (optional_text(entry, "author", "uri") or "").rpartition("/")[2]
    published, updated = optional_time(entry, "published"), optional_time(entry, "updated")
    item = {"video": native, "channel": channel, "title": optional_text(entry, "title"), "published": published}
    if not published or not updated or instant(updated) - instant(published) <= AT_ONCE:
        return read_video(source, item)
    made = _made(source, item)
    if isinstance(made, Reason):
        return ignored(made)
    return Reading(decided=(_edited(made, updated),))


def _edited(made: Interaction, updated: str) -> Interaction:
    return Interaction(
        event=Event.EDITED,
        kind=Kind.EDIT,
        artefact=made.artefact,
        actor=made.actor,
        happened=updated,
        place=made.place,
        revision=updated,
    )


def read_video(source: Source, item: JSON) -> Reading:
    """Read that a video was published; raise Incomplete where *item* lacks what its statement needs."""
    made = _made(source, item)
    if isinstance(made, Reason):
        return ignored(made)
    return Reading(decided=(made,), known=(Known(made.artefact, made.artefact.native, made.actor, False, made.happened),))


def _made(source: Source, item: JSON) -> Interaction | Reason:
    channel = names.name(item, "channel")
    actor = names.heard(source, channel, channel)
    if isinstance(actor, Reason):
        return actor
    happened = time(item, "published")
    return Interaction(
        event=Event.CREATED,
        kind=Kind.POST,
        artefact=names.video(names.name(item, "video"), optional_text(item, "title")),
        actor=actor,
        happened=happened,
        place=names.place(channel),
    )


def _read_gone(item: JSON) -> Reading:
    """Read that a video is gone: heard if it had been."""
    artefact, happened = names.video(names.name(item, "id")), optional_time(item, "deleted")
    if happened is None:
        return ignored(Reason.INCOMPLETE)
    return Reading(undecided=(withdrawal(artefact, happened, revision=happened),))


def _subscribe(source: Source, cursor: Cursor, circumstances: Circumstances) -> Request:
    del cursor
    return subscribing(source, HUB, f"{TOPIC}{names.channel_of(source)}", circumstances)


def _ask_uploads(source: Source, cursor: Cursor, circumstances: Circumstances) -> Request | None:
    """Ask for the newest uploads, which stand in a playlist that is named after the channel."""
    del cursor, circumstances
    playlist = f"UU{names.channel_of(source).removeprefix('UC')}"
    return names.asking(source, "playlistItems", part="snippet,contentDetails", playlistId=playlist, maxResults="50")


def _read_uploads(source: Source, cursor: Cursor, answer: Answer) -> Page:
    """Read the list of uploads; one that cannot be read stops none of the others."""
    before = cursor.get("told")
    told = dict.fromkeys(before if isinstance(before, list) else [])
    found = [_read_listed(source, each, told) for each in names.items(answered(answer))]
    return Page(joined(found) if found else Reading(), {"told": list(told)[-MOST_REMEMBERED:]})


def _read_listed(source: Source, item: JSON, told: dict[JSON, None]) -> Reading:
    native = names.optional_name(item, "contentDetails", "videoId")
    if native in told:
        return ignored(Reason.TOLD_ALREADY)
    told[native] = None
    snippet = member(item, "snippet")
    video = {
        "video": native,
        "channel": names.optional_name(snippet, "videoOwnerChannelId") or names.optional_name(snippet, "channelId"),
        "title": optional_text(snippet, "title"),
        "published": optional_text(item, "contentDetails", "videoPublishedAt"),
    }
    return if_whole(read_video, source, video)


SUBSCRIPTION: Final = Poll(EVERY, _subscribe, promised)
UPLOADS: Final = Poll(LOST, _ask_uploads, _read_uploads)
