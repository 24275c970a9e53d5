"""Mastodon's statuses: written, boosted, quoted, edited (docs.joinmastodon.org/entities/Status)."""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace

from services.ingest.connectors.fields import (
    Incomplete,
    fits,
    identifier,
    member,
    optional_identifier,
    optional_text,
    optional_time,
    several,
    time,
)
from services.ingest.connectors.mastodon import places
from services.ingest.domain.interaction import AccountName, Artefact, ArtefactType, Choice, Event, Interaction, Kind, NativeId
from services.ingest.domain.reading import Known, Reading, Reason, Rule, Undecided, ignored
from services.ingest.domain.source import Source
from services.ingest.domain.text import asks, from_html
from shared.xapi.model import JSON
from shared.xapi.validation import is_iri

LONGEST_HTML: Final = 200_000
LONGEST_ADDRESS: Final = 800


def read_created(source: Source, status: JSON) -> Reading:
    """Read that a status was made; raise Incomplete where it lacks what it needs."""
    if reason := places.refusal(source, status) or places.unheard(source, status):
        return ignored(reason)
    boosted = member(status, "reblog")
    if isinstance(boosted, dict):
        return _read_boost(source, status, boosted)
    made = _made(source, status)
    artefact, replied = made.artefact, optional_identifier(status, "in_reply_to_id")
    root = NativeId(replied or artefact.native)
    known = (Known(artefact, root, made.actor, made.kind is Kind.ASK, made.happened),)
    beside = (*_mentions(source, status, made), *_files(status, made), *_quotes(source, status, made))
    if replied is None:
        return Reading(decided=(made, *beside), known=known)
    parent = places.status(source, replied)
    reply = replace(made, kind=Kind.REPLY, parent=parent, root=parent, author=_answered(source, status, made.actor))
    return Reading(decided=beside, undecided=(Undecided(Rule.REPLY, parent.native, reply),), known=known)


def read_updated(source: Source, status: JSON) -> Reading:
    """Read that a status was edited; raise Incomplete where it lacks what it needs."""
    if reason := places.refusal(source, status) or places.unheard(source, status):
        return ignored(reason)
    edited = optional_time(status, "edited_at")
    if edited is None:
        return ignored(Reason.UNCHANGED)
    interaction = Interaction(
        event=Event.EDITED,
        kind=Kind.EDIT,
        artefact=places.named(source, status),
        actor=places.account(status),
        happened=edited,
        place=places.place(source, status),
        revision=edited,
        text=_kept(source, status),
    )
    return Reading(decided=(interaction,))


def _made(source: Source, status: JSON) -> Interaction:
    artefact, place = places.named(source, status), places.place(source, status)
    poll, replies = artefact.type is ArtefactType.POLL, member(status, "in_reply_to_id") is not None
    kind = Kind.ASK if not replies and asks(_said(status)) else Kind.POST
    return Interaction(
        event=Event.CREATED,
        kind=Kind.OPEN_POLL if poll else kind,
        artefact=artefact,
        actor=places.account(status),
        happened=time(status, "created_at"),
        place=place,
        text=_kept(source, status),
        tags=tuple(each for each in places.hashtags(status) if _kept(source, status) and (not place or each != place.id)),
        choices=_choices(source, status) if poll else (),
    )


def _said(status: JSON) -> str:
    return from_html((optional_text(status, "content") or "")[:LONGEST_HTML])


def _kept(source: Source, status: JSON) -> str | None:
    """Return what *status* says, if the source's policy keeps it: never that of a direct message."""
    return None if member(status, "visibility") == "direct" else source.policy.text(_said(status))


def _choices(source: Source, status: JSON) -> tuple[Choice, ...]:
    titles = [optional_text(each, "title") for each in several(status, "poll", "options")]
    return tuple(Choice(str(number), source.policy.text(title)) for number, title in enumerate(titles))


def _answered(source: Source, status: JSON, actor: AccountName) -> AccountName | None:
    """Return whose status was replied to, if that is another who is heard."""
    found = optional_identifier(status, "in_reply_to_account_id")
    return AccountName(found) if found and found != actor and found not in source.policy.excluded else None


def _read_boost(source: Source, status: JSON, boosted: JSON) -> Reading:
    """Read that a status was boosted, unless that is none that we may hear."""
    if reason := places.refusal(source, boosted):
        return ignored(reason)
    return Reading(decided=(_share(source, status, boosted),))


def _share(source: Source, status: JSON, shared: JSON) -> Interaction:
    return Interaction(
        event=Event.SHARED,
        kind=Kind.SHARE,
        artefact=places.named(source, shared),
        actor=places.account(status),
        happened=time(status, "created_at"),
        place=places.place(source, shared),
        revision=identifier(status, "id"),
        author=places.heard(source, shared),
    )


def _quotes(source: Source, status: JSON, made: Interaction) -> tuple[Interaction, ...]:
    """Return that *status* shares what it quotes, if that may be heard (docs.joinmastodon.org/entities/Quote)."""
    quoted = member(status, "quote", "quoted_status")
    if not isinstance(quoted, dict) or places.refusal(source, quoted):
        return ()
    try:
        return (replace(_share(source, status, quoted), happened=made.happened),)
    except Incomplete:
        return ()


def _mentions(source: Source, status: JSON, made: Interaction) -> tuple[Interaction, ...]:
    found = (optional_identifier(each, "id") for each in several(status, "mentions"))
    people = dict.fromkeys(AccountName(each) for each in found if each)
    bare = replace(made, text=None, tags=(), choices=())
    return tuple(
        replace(bare, event=Event.MENTIONED, kind=Kind.MENTION, person=each, revision=each)
        for each in people
        if each != made.actor and each not in source.policy.excluded
    )


def _files(status: JSON, made: Interaction) -> tuple[Interaction, ...]:
    """Return the files that came with a status, named by where they stand."""
    bare = replace(made, kind=Kind.ATTACH, text=None, tags=(), choices=(), parent=made.artefact)
    addresses = (optional_text(each, "url") or "" for each in several(status, "media_attachments"))
    return tuple(
        replace(bare, artefact=Artefact(NativeId(f"{made.artefact.native} {address}"), address, ArtefactType.FILE))
        for address in dict.fromkeys(addresses)
        if address and fits(address, LONGEST_ADDRESS) and is_iri(address)
    )
