"""Read Graph's webhooks of pages: changes of a feed, in entries (developers.facebook.com/docs/graph-api/webhooks)."""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace

from services.ingest.connectors.facebook import names
from services.ingest.connectors.facebook.writing import commented, posted
from services.ingest.connectors.fields import (
    identifier,
    if_whole,
    member,
    optional_identifier,
    optional_text,
    several,
    text,
)
from services.ingest.domain.interaction import AccountName, Artefact, ArtefactType, ChannelId, Event, Interaction, Kind
from services.ingest.domain.reading import Delivery, Reading, Reason, Withdrawn, ignored, joined, withdrawal
from services.ingest.domain.source import Source
from services.ingest.domain.threads import parts_of
from shared.xapi.model import JSON

MOST: Final = 1000
POSTS: Final = frozenset({"post", "status", "photo", "video", "share", "link", "album", "note"})
WRITTEN: Final = POSTS | {"comment"}
REACTIONS: Final = frozenset({"reaction", "like"})
EDITS: Final = frozenset({"edit", "edited"})
REMOVED: Final = frozenset({"remove", "delete"})
HIDDEN: Final = frozenset({"hide"})
EMOJI: Final = {
    "love": "U+2764",
    "care": "U+1F917",
    "haha": "U+1F606",
    "wow": "U+1F62E",
    "sad": "U+1F622",
    "sorry": "U+1F622",
    "angry": "U+1F621",
    "anger": "U+1F621",
}


def read(source: Source, delivery: Delivery) -> Reading:
    """Say what a delivery holds; one change that cannot be read stops none of the others."""
    if member(delivery.document, "object") != "page":
        return ignored(Reason.UNMAPPED)
    return joined(each for entry in several(delivery.document, "entry", most=MOST) for each in _read_entry(source, entry))


def _read_entry(source: Source, entry: JSON) -> list[Reading]:
    direct = [ignored(Reason.DIRECT_MESSAGE) for name in ("messaging", "standby") for _ in several(entry, name, most=MOST)]
    return [*direct, *(if_whole(_read_change, source, entry, change) for change in several(entry, "changes", most=MOST))]


def _read_change(source: Source, entry: JSON, change: JSON) -> Reading:
    value = member(change, "value")
    item, verb = optional_text(value, "item"), optional_text(value, "verb")
    if member(change, "field") != "feed" or item not in WRITTEN | REACTIONS:
        return ignored(Reason.UNMAPPED)
    page = names.page_of(entry, "id")
    if item in WRITTEN and (verb in REMOVED | HIDDEN or _is_narrowed(source, page, value)):
        return _read_removed(entry, value, _written(value, item))
    actor = names.heard(source, page, value)
    return ignored(actor) if isinstance(actor, Reason) else _read_act(source, entry, value, actor)


def _is_narrowed(source: Source, page: ChannelId, value: JSON) -> bool:
    """Say whether what everybody saw was edited so that not everybody does: unpublished, hidden, for some only."""
    return optional_text(value, "verb") in EDITS and names.refusal(source, page, value) is Reason.PRIVATE_CHANNEL


def _read_act(source: Source, entry: JSON, value: JSON, actor: AccountName) -> Reading:
    page, item, verb = names.page_of(entry, "id"), text(value, "item"), optional_text(value, "verb")
    if item in REACTIONS:
        return _read_reaction(page, value, actor)
    if verb in EDITS:
        return _read_edited(source, entry, value, _made(page, value, _written(value, item), actor))
    return _read_added(source, page, value, actor) if verb == "add" else ignored(Reason.UNMAPPED)


def _written(value: JSON, item: str) -> Artefact:
    """Return the post or the comment that *value* is about."""
    if item == "comment":
        return names.comment(identifier(value, "comment_id"))
    return names.post(identifier(value, "post_id"))


def _made(page: ChannelId, value: JSON, artefact: Artefact, actor: AccountName) -> Interaction:
    return Interaction(
        event=Event.CREATED,
        kind=Kind.POST,
        artefact=artefact,
        actor=actor,
        happened=names.moment(value, "created_time"),
        place=names.place(page),
    )


def _read_added(source: Source, page: ChannelId, value: JSON, actor: AccountName) -> Reading:
    said = optional_text(value, "message") or ""
    if member(value, "item") != "comment":
        return posted(source, _made(page, value, _written(value, "post"), actor), said)
    return commented(source, _made(page, value, _written(value, "comment"), actor), said, _thread(value))


def _thread(value: JSON) -> tuple[Artefact, Artefact]:
    """Return what a comment is upon, a post or a comment, and the post."""
    root, upon = names.post(identifier(value, "post_id")), optional_identifier(value, "parent_id")
    return (root if upon is None or upon == root.native else names.comment(upon)), root


def _read_edited(source: Source, entry: JSON, value: JSON, made: Interaction) -> Reading:
    """Read an edit; its time is that of the entry, since the value's is when it was made.

    What was edited may never have been heard before, and goes with what it is upon all the same.
    """
    edited = names.moment(entry, "time")
    said = source.policy.text(optional_text(value, "message"))
    above = _thread(value) if made.artefact.type is ArtefactType.COMMENT and optional_identifier(value, "post_id") else ()
    changed = replace(made, event=Event.EDITED, kind=Kind.EDIT, happened=edited, revision=edited, text=said)
    return Reading(decided=(changed,), parts=parts_of(source, made.artefact, made.happened, above))


def _read_removed(entry: JSON, value: JSON, artefact: Artefact) -> Reading:
    """Read that something was taken back, by its author or from sight: heard wherever it had been.

    What is removed never comes back, what is hidden may. Of what is hidden or edited the value tells when it was made.
    """
    for_good = optional_text(value, "verb") in REMOVED
    told = for_good and member(value, "created_time")
    removed = names.moment(value, "created_time") if told else names.moment(entry, "time")
    withdrawn = (Withdrawn(artefact.native),) if for_good else ()
    return Reading(undecided=(withdrawal(artefact, removed),), withdrawn=withdrawn)


def _read_reaction(page: ChannelId, value: JSON, actor: AccountName) -> Reading:
    """Read a reaction to a post or to a comment upon it; a page that is liked as a whole is none."""
    upon, verb = optional_identifier(value, "comment_id"), optional_text(value, "verb")
    if upon is None and optional_identifier(value, "post_id") is None:
        return ignored(Reason.UNMAPPED)
    target = names.comment(upon) if upon else names.post(identifier(value, "post_id"))
    name, taken_back = optional_text(value, "reaction_type") or "like", verb == "remove"
    meaning = _meaning(name, taken_back=taken_back)
    if meaning is None or verb not in ("add", "edit", "remove"):
        return ignored(Reason.UNMAPPED)
    made = _made(page, value, target, actor)
    revision = f"{actor} {name} {made.happened}"
    return Reading(decided=(replace(made, event=meaning[0], kind=meaning[1], revision=revision, emoji=EMOJI.get(name)),))


def _meaning(name: str, *, taken_back: bool) -> tuple[Event, Kind] | None:
    if name == "like":
        return (Event.UNLIKED, Kind.UNLIKE) if taken_back else (Event.LIKED, Kind.LIKE)
    if name not in EMOJI:
        return None
    return (Event.REACTION_REMOVED, Kind.UNREACT) if taken_back else (Event.REACTION_ADDED, Kind.REACT)
