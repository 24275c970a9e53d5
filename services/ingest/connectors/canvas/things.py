"""What else people share in Canvas: pages, files, what they look at; and what they say to each other in private."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from msgspec.structs import replace

from services.ingest.connectors.canvas import places
from services.ingest.connectors.canvas.places import Happening
from services.ingest.connectors.fields import Incomplete, member, optional_time
from services.ingest.domain.interaction import Artefact, ArtefactType, Event, Interaction, Kind, NativeId
from services.ingest.domain.reading import Known, Reading, Reason, Rule, Undecided, ignored
from services.ingest.domain.source import Source

PAGES: Final = {
    "wiki_page_created": (Event.CREATED, Kind.CREATE),
    "wiki_page_updated": (Event.EDITED, Kind.EDIT),
    "wiki_page_deleted": (Event.DELETED, Kind.DELETE),
}
FILES: Final = {
    "attachment_created": (Event.CREATED, Kind.ATTACH),
    "attachment_deleted": (Event.DELETED, Kind.DELETE),
}
VIEWED: Final[dict[str, Callable[[str, str], Artefact]]] = {
    "discussion_topic": places.topic,
    "wiki_page": places.page,
    "attachment": places.file,
}
"""What is looked at that others made; quizzes, grades and lists are no such thing."""


def read_page(source: Source, happened: Happening) -> Reading:
    """Read what happened to a page."""
    where, name = places.place(source, happened), places.required(happened, "wiki_page_id")
    making = happened.name == "wiki_page_created"
    page = places.page(places.base(source, where), name, places.title(happened.body) if making else None)
    return _changed(source, happened, page, PAGES[happened.name], places.text(source, happened.body, "body"))


def read_file(source: Source, happened: Happening) -> Reading:
    """Read that a file was put into a course or a group, or taken away."""
    name = places.required(happened, "attachment_id")
    file = places.file(places.base(source, places.place(source, happened)), name)
    return _changed(source, happened, file, FILES[happened.name], None)


def _changed(source: Source, happened: Happening, thing: Artefact, meaning: tuple[Event, Kind], said: str | None) -> Reading:
    event, kind = meaning
    owner = ("user_id",) if event is Event.CREATED else ()
    where, user = places.place(source, happened), places.actor(happened, *owner)
    reason = places.refusal(source, where) or places.unheard(source, happened, user)
    changed = places.act(happened, user or "", thing, None if reason else where, meaning)
    if kind is Kind.DELETE:
        waiting = Reading(undecided=(Undecided(Rule.WITHDRAWAL, thing.native, changed),))
        return waiting if reason else Reading(decided=(changed,))
    if reason:
        return ignored(reason)
    if kind is Kind.EDIT:
        return Reading(decided=(replace(changed, revision=happened.at, text=said),))
    known = (Known(thing, thing.native, changed.actor, False, happened.at),)
    return Reading(decided=(replace(changed, text=said),), known=known)


def read_view(source: Source, happened: Happening) -> Reading:
    """Read that somebody looked at something that others made."""
    kind = member(happened.body, "asset_type")
    made = VIEWED.get(kind) if isinstance(kind, str) else None
    if made is None or member(happened.body, "asset_subtype") is not None:
        return ignored(Reason.UNMAPPED)
    where, user = places.place(source, happened), places.actor(happened)
    if reason := places.refusal(source, where) or places.unheard(source, happened, user):
        return ignored(reason)
    thing = made(places.base(source, where), places.required(happened, "asset_id"))
    return Reading(decided=(places.act(happened, user or "", thing, where, (Event.VIEWED, Kind.VIEW)),))


def read_private(source: Source, happened: Happening) -> Reading:
    """Read what two people say to each other about a submission, or in their inbox: never its text."""
    if not source.policy.direct:
        return ignored(Reason.DIRECT_MESSAGE)
    user = places.actor(happened, "user_id", "author_id")
    if reason := places.unheard(source, happened, user):
        return ignored(reason)
    if user is None:
        raise Incomplete("body/user_id")
    return Reading(decided=(_said_in_private(source, happened, user),))


def _said_in_private(source: Source, happened: Happening, user: str) -> Interaction:
    at = optional_time(happened.body, "created_at") or happened.at
    if happened.name == "conversation_message_created":
        name, conversation = places.required(happened, "message_id"), places.required(happened, "conversation_id")
        iri = f"{source.workspace}/conversations/{conversation}#message-{name}"
        said = Artefact(NativeId(f"messages/{name}"), iri, ArtefactType.CHAT_MESSAGE)
        return replace(places.act(happened, user, said, None, (Event.CREATED, Kind.POST)), happened=at)
    where = places.place(source, happened)
    name, about = places.required(happened, "submission_comment_id"), places.required(happened, "submission_id")
    iri = f"{places.base(source, where)}/submissions/{about}"
    submission = Artefact(NativeId(f"submissions/{about}"), iri, ArtefactType.NOTE)
    said = Artefact(NativeId(f"comments/{name}"), f"{iri}#comment-{name}", ArtefactType.COMMENT)
    return replace(places.act(happened, user, said, where, (Event.CREATED, Kind.COMMENT)), happened=at, parent=submission)
