"""What Confluence Cloud delivers: the thing itself beside its id, and accounts of Atlassian instead of keys.

Source: developer.atlassian.com/cloud/confluence/modules/webhook. It tells no text.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from msgspec.structs import replace

from services.ingest.connectors.confluence import places
from services.ingest.connectors.fields import (
    member,
    moment,
    optional_identifier,
    optional_moment,
    optional_opaque,
    optional_text,
)
from services.ingest.domain.interaction import AccountName, Artefact, Event, Interaction, Kind
from services.ingest.domain.reading import Known, Reading, Reason, Rule, Undecided, ignored
from services.ingest.domain.source import Source
from services.ingest.domain.threads import parts_of
from shared.xapi.model import JSON

LONGEST_TITLE: Final = 500


@dataclass(frozen=True, slots=True)
class Made:
    """A thing, when it was made, the *page* that it belongs to, and the comment *above*, where it is upon one."""

    artefact: Artefact
    at: str
    page: Artefact | None
    above: Artefact | None


def is_whole(document: JSON, thing: JSON) -> bool:
    """Say whether a delivery tells the *thing* that it names, so that nothing need be asked for."""
    return optional_opaque(document, "userAccountId") is not None and _space(document, thing) is not None


def read(source: Source, document: JSON, named: tuple[str, JSON], happening: tuple[Event, Kind]) -> Reading:
    """Read what happened to the thing that is *named* by its kind and told; raise Incomplete where it lacks what it needs."""
    kind, thing = named
    key = (_space(document, thing) or "")[: places.LONGEST_KEY]
    space, user = places.space(source, key), optional_opaque(document, "userAccountId")
    if reason := places.refusal(source, {}, space):
        return ignored(reason)
    at = moment(document, "timestamp")
    made = Made(_artefact(source, kind, thing), optional_moment(thing, "creationDate") or at, *_above(source, document, named))
    creator = optional_opaque(thing, "creatorAccountId") or (user if happening[0] is Event.CREATED else None)
    author = places.heard_account(source, creator)
    by = author if happening[0] is Event.CREATED else places.heard_account(source, user)
    known = Known(made.artefact, made.artefact.native, _person(author), question=False, happened=made.at)
    if isinstance(by, Reason):
        return Reading(known=(known,), ignored=(by,))
    parts = (*parts_of(source, made.artefact, made.at, (made.page,)), places.part_of_space(source, made.artefact, key, made.at))
    told = Interaction(
        event=happening[0],
        kind=happening[1],
        artefact=made.artefact,
        actor=by,
        happened=made.at,
        place=space,
        parent=made.above or made.page,
        root=made.page,
    )
    if told.event is not Event.CREATED:
        by_another = None if author == by else _person(author)
        changed = replace(told, happened=at, revision=at, author=by_another, parent=None, root=None)
        return Reading(decided=(changed,), known=(known,), parts=parts)
    if told.kind is Kind.COMMENT and told.parent is not None:
        return Reading(undecided=(Undecided(Rule.COMMENT, told.parent.native, told),), known=(known,), parts=parts)
    return Reading(decided=(told,), known=(known,), parts=parts)


def _person(account: AccountName | Reason) -> AccountName | None:
    return None if isinstance(account, Reason) else account


def _space(document: JSON, thing: JSON) -> str | None:
    """Return the key of the space of *thing*, or of the page that it belongs to."""
    pages = (thing, member(thing, "parent"), member(thing, "container"), member(document, "attachedTo"))
    found = (optional_text(each, "spaceKey") or optional_text(each, "space", "key") for each in pages)
    return next((each for each in found if each), None)


def _artefact(source: Source, kind: str, thing: JSON) -> Artefact:
    title = None if kind == "comment" else optional_text(thing, "title") or optional_text(thing, "fileName")
    return places.artefact(source, kind, places.name_of(thing), title[:LONGEST_TITLE] if title else None)


def _above(source: Source, document: JSON, named: tuple[str, JSON]) -> tuple[Artefact | None, Artefact | None]:
    """Return the page, or the post, that a comment or a file belongs to, and the comment that a comment is upon."""
    kind, thing = named
    if kind not in ("comment", "attachment"):
        return None, None
    pages = (member(thing, "parent"), member(thing, "container"), member(document, "attachedTo"))
    found = next((each for each in pages if optional_identifier(each, "id")), None)
    holding = places.CONTENT_TYPES.get(optional_text(found, "contentType") or "page", "page")
    page = places.artefact(source, holding, places.name_of(found)) if found is not None else None
    name = optional_identifier(thing, "inReplyTo", "id")
    return page, places.artefact(source, "comment", name) if name else None
