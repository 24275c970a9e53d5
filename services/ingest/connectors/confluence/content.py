"""What Confluence says of something that it named (`/rest/api/content/{id}`): what it is, where, who made it when."""

from __future__ import annotations

from typing import Final
from urllib.parse import quote

from msgspec.structs import replace

from services.ingest.connectors.confluence import places
from services.ingest.connectors.connector import Fetch
from services.ingest.connectors.fields import Incomplete, member, optional_identifier, optional_text, text, time
from services.ingest.domain.asking import Answer, Circumstances, Request
from services.ingest.domain.interaction import NOBODY, AccountName, Artefact, ArtefactType, Event, Interaction, Kind
from services.ingest.domain.reading import Known, Lookup, Part, Reading, Reason, Rule, Undecided, ignored
from services.ingest.domain.source import Keeps, Source
from services.ingest.domain.text import from_html
from services.ingest.domain.threads import parts_of
from shared.xapi.guard import Limits, Malformed, parse
from shared.xapi.model import JSON

EXPANDED: Final = "version,space,ancestors,history,container"
LIMITS: Final = Limits(size=8 * 1024 * 1024, nodes=200_000)
LONGEST_TITLE: Final = 500
LONGEST_TEXT: Final = 200_000
MAKING: Final = {"page": Kind.CREATE, "blog": Kind.CREATE, "comment": Kind.COMMENT, "attachment": Kind.ATTACH}
CHANGING: Final = {"updated": (Event.EDITED, Kind.EDIT), "restored": (Event.RESTORED, Kind.RESTORE)}


def ask(source: Source, lookup: Lookup, circumstances: Circumstances) -> Request:
    """Ask for a thing; for its text only where that is kept."""
    del circumstances
    expanded = f"{EXPANDED},body.view" if source.policy.keeps is Keeps.TEXT else EXPANDED
    address = f"{source.workspace}/rest/api/content/{quote(lookup.reference['id'], safe='')}?expand={expanded}"
    return Request(address, headers={"Accept": "application/json"})


def read(source: Source, lookup: Lookup, answer: Answer) -> Reading:
    """Say what happened to a thing; raise Incomplete where the answer lacks what is needed."""
    reference = lookup.reference
    try:
        content = parse(answer.body, LIMITS)
    except Malformed as error:
        raise Incomplete("content") from error
    thing = places.CONTENT_TYPES.get(text(content, "type"))
    if thing != reference["thing"] or optional_identifier(content, "id") != reference["id"]:
        raise Incomplete("id")
    space = places.place(source, content)
    if reason := places.refusal(source, content, space):
        return ignored(reason)
    made = _made(source, thing, content)
    author = places.heard(source, member(content, "history", "createdBy"))
    known = Known(made.artefact, made.artefact.native, None if isinstance(author, Reason) else author, False, made.happened)
    in_space = places.part_of_space(source, made.artefact, space.id, made.happened)
    parts = (*parts_of(source, made.artefact, made.happened, (made.root,)), in_space)
    told = replace(made, place=space, actor=NOBODY if isinstance(author, Reason) else author)
    if reference["happened"] == "created":
        return _told(told, known, author, parts)
    event, kind = CHANGING[reference["happened"]]
    actor = places.heard_by_key(source, reference["user"], content)
    changed = replace(told, event=event, kind=kind, happened=reference["at"], revision=reference["at"], parent=None, root=None)
    by_another = None if isinstance(author, Reason) or author == actor else author
    named = replace(changed, actor=NOBODY if isinstance(actor, Reason) else actor, author=by_another)
    return _told(named, known, actor, parts)


def _told(told: Interaction, known: Known, actor: AccountName | Reason, parts: tuple[Part, ...]) -> Reading:
    """Tell what *actor* did; what was changed may never have been heard before, and goes with what it is upon all the same."""
    if isinstance(actor, Reason):
        return Reading(known=(known,), ignored=(actor,))
    if told.kind is Kind.COMMENT and told.parent is not None:
        return Reading(undecided=(Undecided(Rule.COMMENT, told.parent.native, told),), known=(known,), parts=parts)
    return Reading(decided=(told,), known=(known,), parts=parts)


def _made(source: Source, thing: str, content: JSON) -> Interaction:
    happened = time(content, "history", "createdDate")
    title = None if thing == "comment" else optional_text(content, "title")
    artefact = places.artefact(source, thing, text(content, "id"), title[:LONGEST_TITLE] if title else None)
    container = _container(source, content) if thing in ("comment", "attachment") else None
    above = _above(source, content) if thing == "comment" else None
    said = from_html((optional_text(content, "body", "view", "value") or "")[:LONGEST_TEXT])
    return Interaction(
        event=Event.CREATED,
        kind=MAKING[thing],
        artefact=artefact,
        actor=NOBODY,
        happened=happened,
        place=None,
        text=source.policy.text(said) if artefact.type is not ArtefactType.FILE else None,
        parent=above or container,
        root=container,
    )


def _container(source: Source, content: JSON) -> Artefact:
    """Return the page, or the blog post, that a comment or a file belongs to; raise Incomplete where none is named."""
    container = member(content, "container")
    thing = places.CONTENT_TYPES.get(text(container, "type"))
    name = optional_identifier(container, "id")
    if thing is None or name is None:
        raise Incomplete("container")
    return places.artefact(source, thing, name)


def _above(source: Source, content: JSON) -> Artefact | None:
    """Return the comment that a comment is upon, if it is upon one: the last of those above it."""
    ancestors = member(content, "ancestors")
    above = ancestors[-1] if isinstance(ancestors, list) and ancestors else None
    name = optional_identifier(above, "id")
    return places.artefact(source, "comment", name) if name and member(above, "type") == "comment" else None


FETCH: Final = Fetch(ask, read)
