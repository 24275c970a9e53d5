"""Matrix's messages: said, replied, in threads, with files, edited (spec.matrix.org, Client-Server API, "Instant Messaging")."""

from __future__ import annotations

import re
from typing import Final

from msgspec.structs import replace

from services.ingest.connectors.fields import member, optional_text
from services.ingest.connectors.matrix import places
from services.ingest.connectors.matrix.edits import RELATES, is_edit, new_content, read_edit
from services.ingest.connectors.matrix.mentions import mentions
from services.ingest.domain.interaction import Artefact, ArtefactType, Event, Interaction, Kind, NativeId
from services.ingest.domain.reading import Known, Reading, Reason, Rule, Undecided, ignored
from services.ingest.domain.source import Source
from services.ingest.domain.text import asks
from shared.xapi.model import JSON
from shared.xapi.validation import is_iri

WORDS: Final = frozenset({"m.text", "m.emote"})
FILES: Final = frozenset({"m.file", "m.image", "m.video", "m.audio"})
QUOTATION: Final = re.compile(r"> (?:\* )?<@")
"""How the quotation begins that older clients put before a reply: by whom it quotes."""
LONGEST_ADDRESS: Final = 500


def read_message(source: Source, event: JSON) -> Reading:
    """Read an `m.room.message`; raise Incomplete where it lacks what it needs."""
    content = member(event, "content")
    kind = optional_text(content, "msgtype")
    if content == {} or member(event, "unsigned", "redacted_because") is not None:
        return ignored(Reason.GONE)
    if kind not in WORDS | FILES:
        return ignored(Reason.UNMAPPED)
    if is_edit(content):
        return read_edit(source, event, ArtefactType.CHAT_MESSAGE, said(new_content(content)))
    return _read_said(source, event)


def said(content: JSON) -> str:
    """Return what a message says: of a file its caption, of a reply no word of what it replies to."""
    body = optional_text(content, "body") or ""
    if optional_text(content, "msgtype") in FILES:
        name = optional_text(content, "filename")
        return body if name is not None and name != body else ""
    return _without_quotation(body) if _replied_to(content) else body


def _without_quotation(body: str) -> str:
    """Drop the quotation that older clients put before a reply: lines that begin with `> `, then an empty one.

    What people quote themselves stays.
    """
    if not QUOTATION.match(body):
        return body
    lines = body.split("\n")
    quoted = next((index for index, line in enumerate(lines) if not line.startswith("> ")), len(lines))
    return "\n".join(lines[quoted:]).removeprefix("\n")


def _replied_to(content: JSON) -> str | None:
    """Return the event that a message replies to; of a thread's message not the one that older clients are shown."""
    relation = member(content, RELATES)
    if member(relation, "rel_type") == "m.thread" and member(relation, "is_falling_back") is True:
        return None
    return places.optional_named(relation, "$", "m.in_reply_to", "event_id")


def _thread(content: JSON) -> str | None:
    relation = member(content, RELATES)
    return places.named(relation, "$", "event_id") if member(relation, "rel_type") == "m.thread" else None


def _read_said(source: Source, event: JSON) -> Reading:
    content, channel, name = member(event, "content"), places.room(event), places.event_id(event)
    thread, replied = _thread(content), _replied_to(content)
    words = said(content)
    begins = thread is None and replied is None
    question = begins and (asks(words) or channel in source.policy.question_channels)
    made = Interaction(
        event=Event.CREATED,
        kind=Kind.ASK if question else Kind.POST,
        artefact=places.message(channel, name),
        actor=places.sender(event),
        happened=places.moment(event),
        place=places.place(channel),
        text=source.policy.text(words),
    )
    known = (Known(made.artefact, NativeId(thread or replied or name), made.actor, question, made.happened),)
    beside = (*mentions(source, content, made, replies=replied is not None), *_files(content, made))
    if begins:
        return Reading(decided=(made, *beside), known=known)
    parent, root = places.message(channel, replied or thread or ""), places.message(channel, thread or replied or "")
    reply = replace(made, kind=Kind.REPLY, parent=parent, root=root)
    return Reading(decided=beside, undecided=(Undecided(Rule.REPLY, root.native, reply),), known=known)


def _files(content: JSON, made: Interaction) -> tuple[Interaction, ...]:
    """Return that a file came with a message; one without a plain address is none."""
    address = optional_text(content, "url") or ""
    if optional_text(content, "msgtype") not in FILES or len(address) > LONGEST_ADDRESS or not is_iri(address):
        return ()
    file = Artefact(NativeId(f"{made.artefact.native} file"), address, ArtefactType.FILE)
    return (replace(made, kind=Kind.ATTACH, artefact=file, parent=made.artefact, text=None),)
