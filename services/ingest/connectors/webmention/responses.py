"""What a page says of one of ours, once it was fetched (w3.org/TR/webmention, section 3.2.2)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from urllib.parse import urlsplit

from msgspec.structs import replace

from services.ingest.connectors.activitystreams.dialects.mf2 import entries, from_mf2, values
from services.ingest.connectors.activitystreams.events import read_one
from services.ingest.connectors.activitystreams.objects import optional_iri, several
from services.ingest.connectors.fields import Incomplete, member, optional_time, time
from services.ingest.connectors.webmention.mentions import is_ours
from services.ingest.connectors.webmention.pages import LARGEST, microformats, says_gone
from services.ingest.domain.asking import GONE, Answer, Circumstances, Request
from services.ingest.domain.interaction import (
    NOBODY,
    AccountName,
    Artefact,
    ArtefactType,
    ChannelId,
    Event,
    Interaction,
    Kind,
    NativeId,
    Place,
    PlaceType,
)
from services.ingest.domain.reading import Lookup, Reading, Reason, Rule, Undecided, first_noticed, ignored, joined
from services.ingest.domain.source import Source
from services.ingest.verifiers.fetched import named_by
from shared.xapi.model import JSON

ACCEPT: Final = "text/html, application/xhtml+xml;q=0.9"
RESPONDING: Final = ("in-reply-to", "like-of", "repost-of", "bookmark-of", "follow-of")
LINKING: Final = ("h-entry", "h-review", "h-event")
"""What may link to ours without responding to it, the likeliest first."""


def ask(source: Source, lookup: Lookup, circumstances: Circumstances) -> Request:
    """Ask for the page that is said to name ours."""
    del source, circumstances
    return Request(lookup.reference["source"], headers={"Accept": ACCEPT}, shown=False, bears=GONE)


def read_page(source: Source, lookup: Lookup, answer: Answer) -> Reading:
    """Say what a page says of ours; nothing where it does not name it. Raise Incomplete where it lacks what is needed.

    What was said on a page that names none of ours any more was taken back (section 3.2.4).
    """
    page, target = lookup.reference["source"], lookup.reference["target"]
    if answer.status in GONE or says_gone(answer.body):
        return _taken_back(source, page, lookup.noticed)
    if len(answer.body) > LARGEST:
        raise Incomplete(f"an end within {LARGEST // 1024} KiB")
    named = frozenset(named_by(answer.body, answer.headers.get("content-type", "text/html"), page))
    if target not in named:
        forged = ignored(Reason.FORGED)
        ours = any(is_ours(source, each) for each in named)
        return forged if ours else joined((forged, _taken_back(source, page, lookup.noticed)))
    found = entries(microformats(answer.body, page))
    responding = next((each for each in found if _responds(each, target)), None)
    entry = responding or _linking(found)
    if entry is None:
        raise Incomplete("h-entry")
    said = from_mf2(entry)
    document = {**said, "id": page, "url": page} if isinstance(said, dict) else {}
    document["attributedTo"] = document["actor"] = _author(source, document, page)
    timed = optional_time(document, "published") is not None
    if not timed:
        document["published"] = optional_time(document, "updated") or lookup.noticed
    if responding is None:
        told = _mention(source, document, page, target)
    else:
        told = _placed(source, read_one(source, _about(document, target)))
    return told if timed else first_noticed(told, page, target)


def _taken_back(source: Source, page: str, noticed: str) -> Reading:
    """Take back what was said on a page that is there no more: its author says so by mentioning it again."""
    deleted = Interaction(
        event=Event.DELETED,
        kind=Kind.DELETE,
        artefact=Artefact(NativeId(page), page, ArtefactType.NOTE),
        actor=NOBODY,
        happened=noticed,
        place=_place(source),
        revision=noticed,
    )
    return Reading(undecided=(Undecided(Rule.WITHDRAWAL, NativeId(page), deleted),))


def _linking(found: Sequence[JSON]) -> JSON:
    """Return the first of what may link to ours; None where there is nothing."""
    return next((each for kind in LINKING for each in found if kind in several(member(each, "type"))), None)


def _responds(entry: JSON, target: str) -> bool:
    named = (optional_iri(from_mf2(each)) for name in RESPONDING for each in values(entry, name))
    return target in named


def _about(document: dict[str, JSON], target: str) -> JSON:
    """Say it of the one page that was mentioned: each page that it is about is mentioned for itself."""
    article: JSON = {"id": target, "type": "Article"}
    if "inReplyTo" in document:
        return {**document, "inReplyTo": article}
    invited = member(next(iter(several(document.get("object"))), None), "type") == "Event"
    return {**document, "object": {"id": target, "type": "Event"} if invited else article}


def _author(source: Source, document: dict[str, JSON], page: str) -> str:
    """Return who wrote a page: whom it names, if that is on the page's own host, else whoever has that host.

    Anybody can write that a page is another's.
    """
    parts = urlsplit(page)
    named = (optional_iri(each) for each in several(document.get("attributedTo") or document.get("actor")))
    found = next((each for each in named if each), None)
    trusted = parts.hostname in source.options.get("trusted", "").split()
    return found if found and (trusted or _host(found) == parts.hostname) else f"{parts.scheme}://{parts.netloc}/"


def _host(address: str) -> str | None:
    try:
        return urlsplit(address).hostname
    except ValueError:
        return None


def _mention(source: Source, document: JSON, page: str, target: str) -> Reading:
    """Tell that who links to a page, and says no more of it, shares it with whoever reads it there."""
    actor, happened = AccountName(str(member(document, "actor"))), time(document, "published")
    if actor in source.policy.excluded:
        return ignored(Reason.EXCLUDED_ACCOUNT)
    mention = Interaction(
        event=Event.SHARED,
        kind=Kind.SHARE,
        artefact=Artefact(NativeId(target), target, ArtefactType.ARTICLE),
        actor=actor,
        happened=happened,
        place=_place(source),
        revision=page,
    )
    return Reading(decided=(mention,))


def _placed(source: Source, reading: Reading) -> Reading:
    """Return what was said as said upon the blog; whom else and what else a page names is not told."""
    place = _place(source)
    decided = (each for each in reading.decided if each.kind not in (Kind.MENTION, Kind.ATTACH))
    return Reading(
        decided=tuple(replace(each, place=place) for each in decided),
        undecided=tuple(replace(each, interaction=replace(each.interaction, place=place)) for each in reading.undecided),
        known=reading.known,
        ignored=reading.ignored,
    )


def _place(source: Source) -> Place:
    return Place(ChannelId(source.workspace), source.workspace, PlaceType.BLOG)
