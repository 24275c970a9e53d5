"""Open edX's forum: threads, responses to them, comments on those (edx.forum.*).

What a thread asks is known from how it was made; a response to a question that somebody else asked is an answer. Who wrote
anonymously must not be found out by what happens to it later: edits, deletes and acceptances of one's own are told of whoever
is known to have written, and views and follows of what is anonymous of nobody.
"""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace

from services.ingest.connectors.fields import identifier, member, optional_text
from services.ingest.connectors.openedx import happenings
from services.ingest.connectors.openedx.happenings import Happening
from services.ingest.domain.interaction import NOBODY, AccountName, Artefact, ArtefactType, Event, Interaction, Kind, NativeId
from services.ingest.domain.reading import Known, Reading, Reason, Rule, Undecided, ignored
from services.ingest.domain.source import Source
from services.ingest.domain.text import asks, from_html
from shared.xapi.model import JSON

PREFIX: Final = "edx.forum."
THREAD, RESPONSE, COMMENT = "thread", "response", "comment"
LONGEST_TITLE: Final = 500
ACTS: Final = {
    "viewed": (Event.VIEWED, Kind.VIEW),
    "followed": (Event.FOLLOWED, Kind.FOLLOW),
    "unfollowed": (Event.UNFOLLOWED, Kind.UNFOLLOW),
    "reported": (Event.FLAGGED, Kind.FLAG),
}
REVEALING: Final = frozenset({"viewed", "followed", "unfollowed"})
"""What Open edX tells of whoever writes a thread as soon as it is written: it would name who wrote anonymously."""
MARKS: Final = {
    ("mark", "Answer"): (Event.ACCEPTED, Kind.ACCEPT),
    ("unmark", "Answer"): (Event.UNACCEPTED, Kind.UNACCEPT),
    ("mark", "Endorse"): (Event.LIKED, Kind.LIKE),
    ("unmark", "Endorse"): (Event.UNLIKED, Kind.UNLIKE),
}
"""What marking a response means: in a question it is the answer, in a discussion it is endorsed."""


def read_forum(source: Source, happened: Happening) -> Reading:
    """Read what happened in the forum; raise Incomplete where it lacks what it needs."""
    what, _, action = happened.name.removeprefix(PREFIX).partition(".")
    if what not in (THREAD, RESPONSE, COMMENT):
        return ignored(Reason.UNMAPPED)
    refused = happenings.refusal(source, happened)
    if action == "deleted":
        return _deleted(source, happened, what, refused)
    reason = refused or happenings.unheard(source, happened)
    return ignored(reason) if reason else _heard(source, happened, what, action)


def _heard(source: Source, happened: Happening, what: str, action: str) -> Reading:
    match action:
        case "created":
            return _created(source, happened, what)
        case "edited":
            edited = happenings.act(source, happened, _artefact(source, happened, what), Event.EDITED, Kind.EDIT)
            return _own(happened, replace(edited, revision=happened.at))
        case "mark" | "unmark":
            return _marked(source, happened, action)
        case _:
            return _acted(source, happened, what, action)


def _own(happened: Happening, interaction: Interaction) -> Reading:
    """Tell what somebody did to what is his or her own of whoever is known to have written it, anything else as it is."""
    if member(happened.data, "own_content") is False:
        return Reading(decided=(interaction,))
    return Reading(undecided=(Undecided(Rule.WITHDRAWAL, interaction.artefact.native, interaction),))


def _artefact(source: Source, happened: Happening, what: str) -> Artefact:
    """Return what the event is about, under the address that the discussion API and Open edX's own xAPI give it."""
    name = identifier(happened.data, "id")
    return thread(source, name) if what == THREAD else _comment(source, name)


def thread(source: Source, name: str) -> Artefact:
    """Return a thread by its id."""
    iri = f"{source.workspace}/api/discussion/v1/threads/{name}"
    return Artefact(NativeId(f"threads/{name}"), iri, ArtefactType.TOPIC)


def _comment(source: Source, name: str) -> Artefact:
    """Return a response or a comment, which have ids of one kind."""
    iri = f"{source.workspace}/api/discussion/v1/comments/{name}"
    return Artefact(NativeId(f"comments/{name}"), iri, ArtefactType.FORUM_POST)


def _text(source: Source, data: JSON) -> str | None:
    """Return what was written, if the source's policy keeps it: HTML by the newer editor, Markdown by the older."""
    body = optional_text(data, "body") or ""
    return source.policy.text(from_html(body) if body.lstrip().startswith("<") else body)


def _created(source: Source, happened: Happening, what: str) -> Reading:
    data, artefact = happened.data, _artefact(source, happened, what)
    made = happenings.act(source, happened, artefact, Event.CREATED, Kind.REPLY)
    made = replace(made, revision="", text=_text(source, data))
    hidden = member(data, "anonymous") is True or member(data, "anonymous_to_peers") is True
    author = None if hidden else made.actor
    if what == THREAD:
        return _began(source, happened, made, author)
    root = thread(source, identifier(data, "discussion", "id"))
    known = (Known(artefact, root.native, author, False, happened.at),)
    if hidden:
        return Reading(known=known, ignored=(Reason.ACTOR_UNKNOWN,))
    if what == COMMENT:
        parent = _comment(source, identifier(data, "response", "id"))
        return Reading(decided=(replace(made, parent=parent, root=root),), known=known)
    reply = replace(made, parent=root, root=root)
    return Reading(undecided=(Undecided(Rule.REPLY, root.native, reply),), known=known)


def _began(source: Source, happened: Happening, made: Interaction, author: AccountName | None) -> Reading:
    """Read that a thread was begun; who chose to be anonymous is not named, but the thread may ask all the same."""
    data = happened.data
    title = (optional_text(data, "title") or "")[:LONGEST_TITLE] or None
    asking = happened.course in source.policy.question_channels or asks(title or "")
    question = asking or member(data, "thread_type") == "question"
    artefact = Artefact(made.artefact.native, made.artefact.iri, made.artefact.type, title)
    known = (Known(artefact, artefact.native, author, question, happened.at),)
    if author is None:
        return Reading(known=known, ignored=(Reason.ACTOR_UNKNOWN,))
    return Reading(decided=(replace(made, kind=Kind.ASK if question else Kind.POST, artefact=artefact),), known=known)


def _deleted(source: Source, happened: Happening, what: str, refused: Reason | None) -> Reading:
    """Read that something was taken back: heard even where its course no longer is, if it had been."""
    own, unheard = member(happened.data, "own_content") is not False, happenings.unheard(source, happened)
    interaction = Interaction(
        event=Event.DELETED,
        kind=Kind.DELETE if own else Kind.REMOVE,
        artefact=_artefact(source, happened, what),
        actor=NOBODY if unheard else AccountName(happened.user or ""),
        happened=happened.at,
        place=None if refused else happenings.place(source, happened),
    )
    if refused or unheard:
        return Reading(undecided=(Undecided(Rule.WITHDRAWAL, interaction.artefact.native, interaction),))
    return _own(happened, interaction)


def _marked(source: Source, happened: Happening, action: str) -> Reading:
    marked = MARKS.get((action, optional_text(happened.data, "mark_type") or ""))
    if marked is None:
        return ignored(Reason.UNMAPPED)
    root = thread(source, identifier(happened.data, "discussion", "id"))
    interaction = happenings.act(source, happened, _artefact(source, happened, RESPONSE), *marked)
    interaction = replace(interaction, parent=root, root=root)
    if member(happened.data, "is_thread_author") is not True:
        return Reading(decided=(interaction,))
    return Reading(undecided=(Undecided(Rule.SOLUTION, root.native, interaction),))


def _acted(source: Source, happened: Happening, what: str, action: str) -> Reading:
    undone = member(happened.data, "undo_vote") is True
    voted = (Event.UNVOTED, Kind.UNVOTE) if undone else (Event.VOTED, Kind.VOTE)
    meaning = voted if action == "voted" else ACTS.get(action)
    if meaning is None:
        return ignored(Reason.UNMAPPED)
    acted = happenings.act(source, happened, _artefact(source, happened, what), *meaning)
    if what == THREAD and action in REVEALING:
        return Reading(undecided=(Undecided(Rule.UPON_NAMED, acted.artefact.native, acted),))
    return Reading(decided=(acted,))
