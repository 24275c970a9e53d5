"""Microsoft Teams' messages as Graph shows them (learn.microsoft.com/graph/api/resources/chatmessage).

What is shown is how a message stands: said, edited since, reacted to, taken back, blocked. All of that is read each time, under
the same ids. Once a message was edited, what it first said is not shown any more: then its making is told without text; of what
begins a thread only if it was not heard before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from msgspec.structs import replace

from services.ingest.connectors.fields import Incomplete, Unheard, if_whole, member, optional_text, optional_time, several, time
from services.ingest.connectors.teams import places
from services.ingest.connectors.teams.places import Named
from services.ingest.connectors.teams.reactions import Upon, read_reactions
from services.ingest.domain.interaction import NOBODY, AccountName, Artefact, ArtefactType, Event, Interaction, Kind, NativeId
from services.ingest.domain.reading import Known, Reading, Reason, Rule, Undecided, ignored, joined
from services.ingest.domain.source import Source
from services.ingest.domain.text import asks, from_html
from shared.xapi.model import JSON

LONGEST_TITLE: Final = 500
MOST_NAMED: Final = 100
BLOCKED: Final = "blockaccess"


@dataclass(frozen=True, slots=True)
class Shown:
    """A message as Graph shows it, under its name."""

    source: Source
    named: Named
    document: JSON

    @property
    def artefact(self) -> Artefact:
        """Return the message, with the title of a post."""
        title = (optional_text(self.document, "subject") or "")[:LONGEST_TITLE] or None
        return places.artefact(self.source, self.named, title)

    @property
    def said(self) -> str:
        """Return what it says."""
        body = optional_text(self.document, "body", "content") or ""
        return body if member(self.document, "body", "contentType") == "text" else from_html(body)

    @property
    def kept(self) -> str | None:
        """Return the text that the source's policy keeps: never that of a chat."""
        return None if self.named.thread.is_chat else self.source.policy.text(self.said)


def read_message(source: Source, document: JSON, path: str | None = None) -> Reading:
    """Read how a message stands, which *path* names, or its own members; raise Incomplete where it lacks what it needs."""
    return _read(source, document, path, lambda shown: [_made(shown), *_acts(shown)])


def read_change(source: Source, document: JSON, path: str) -> Reading:
    """Read what was done to a message that was made before; raise Incomplete where it lacks what it needs."""
    return _read(source, document, path, lambda shown: _acts(shown) or [ignored(Reason.UNCHANGED)])


def _read(source: Source, document: JSON, path: str | None, read: Callable[[Shown], Iterable[Reading]]) -> Reading:
    shown = Shown(source, _within(_named(document, path), document), document)
    refused = places.refusal(source, shown.named.thread)
    if optional_time(document, "deletedDateTime"):
        return _deleted(shown, refused)
    if _is_blocked(document):
        return _blocked(shown, refused)
    if refused:
        return ignored(refused)
    if member(document, "messageType") != "message":
        return ignored(Reason.SYSTEM_MESSAGE)
    return joined(read(shown))


def _acts(shown: Shown) -> list[Reading]:
    """Return what was done to a message: it was edited, reacted to."""
    author = places.heard(shown.source, member(shown.document, "from"))
    upon = Upon(shown.artefact, places.place(shown.source, shown.named.thread.id), author)
    return [*_edited(shown), *read_reactions(shown.source, upon, shown.document)]


def read_withdrawn(source: Source, path: str, noticed: str) -> Reading:
    """Read that a message was taken back, of which Graph tells no more than its *path*: no sooner than it was *noticed*."""
    named = places.named_message(path)
    refused = places.refusal(source, named.thread)
    return _withdrawn(source, named, None, places.later(noticed, places.sent(named.message)), refused)


def _named(document: JSON, path: str | None) -> Named:
    """Return the name of a message: each message says its own, but for what it replies to in a chat."""
    if path is not None:
        return places.named_message(path)
    chat, message = optional_text(document, "chatId"), optional_text(document, "id") or ""
    team = optional_text(document, "channelIdentity", "teamId")
    channel = optional_text(document, "channelIdentity", "channelId")
    root = optional_text(document, "replyToId") or message
    begin = f"chats('{chat}')" if chat else f"teams('{team}')/channels('{channel}')"
    return places.named_message(f"{begin}/messages('{root}')/replies('{message}')")


def _within(named: Named, document: JSON) -> Named:
    """Return *named* as a reply to what it quotes, where it is said in a chat, which has no threads but by quoting."""
    if not named.thread.is_chat:
        return named
    attached = several(document, "attachments", most=MOST_NAMED)
    quoted = (optional_text(each, "id") or "" for each in attached if member(each, "contentType") == "messageReference")
    root = next((each for each in quoted if places.MESSAGE.fullmatch(each) and each != named.message), named.root)
    return Named(named.thread, named.message, root)


def _deleted(shown: Shown, refused: Reason | None) -> Reading:
    author = None if refused else places.heard(shown.source, member(shown.document, "from"))
    return _withdrawn(shown.source, shown.named, author, time(shown.document, "deletedDateTime"), refused)


def _is_blocked(document: JSON) -> bool:
    """Say whether a policy against the loss of data keeps readers from a message, and its author did not overrule that.

    Source: learn.microsoft.com/graph/api/resources/chatmessagepolicyviolation
    """
    violation = member(document, "policyViolation")
    actions = (optional_text(violation, "dlpAction") or "").lower().replace(" ", "").split(",")
    return BLOCKED in actions and (optional_text(violation, "userAction") or "none").lower() == "none"


def _blocked(shown: Shown, refused: Reason | None) -> Reading:
    """Read that nobody may read a message any more: removed, by nobody in particular, at no time but its own."""
    source, named = shown.source, shown.named
    withdrawn = _withdrawn(source, named, None, places.sent(named.message), refused)
    if refused:
        return withdrawn
    (waiting,) = withdrawn.undecided
    author = places.heard(source, member(shown.document, "from"))
    removed = replace(waiting.interaction, kind=Kind.REMOVE, author=author, revision=BLOCKED)
    return Reading(decided=(removed,))


def _withdrawn(source: Source, named: Named, author: AccountName | None, at: str, refused: Reason | None) -> Reading:
    interaction = Interaction(
        event=Event.DELETED,
        kind=Kind.DELETE,
        artefact=places.artefact(source, named),
        actor=author or NOBODY,
        happened=at,
        place=None if refused else places.place(source, named.thread.id),
        revision=at,
    )
    if author is None:
        return Reading(undecided=(Undecided(Rule.WITHDRAWAL, interaction.artefact.native, interaction),))
    return Reading(decided=(interaction,))


def _made(shown: Shown) -> Reading:
    """Read that a message was said; once it was edited, without what it first said."""
    named, edited = shown.named, bool(optional_time(shown.document, "lastEditedDateTime"))
    root, happened = NativeId(f"{named.thread.id}/{named.root}"), places.sent(named.message)
    try:
        actor = places.person(shown.source, member(shown.document, "from"))
    except Unheard as unheard:
        return Reading(known=(Known(shown.artefact, root, None, False, happened, not edited),), ignored=(unheard.reason,))
    interaction = _said(shown, actor)
    known = (Known(shown.artefact, root, actor, interaction.kind is Kind.ASK, happened, not edited),)
    beside = () if edited else (*_mentions(shown, interaction), *_files(shown, interaction))
    interaction = replace(interaction, text=None) if edited else interaction
    if interaction.root is not None:
        return Reading(decided=beside, undecided=(Undecided(Rule.REPLY, root, interaction),), known=known)
    if edited:
        return Reading(undecided=(Undecided(Rule.BARE_TOPIC, interaction.artefact.native, interaction),), known=known)
    return Reading(decided=(interaction, *beside), known=known)


def _said(shown: Shown, actor: AccountName) -> Interaction:
    source, named = shown.source, shown.named
    begins = named.message == named.root
    above = None if begins else places.artefact(source, Named(named.thread, named.root, named.root))
    kind = Kind.ASK if _asks(shown) else Kind.POST
    return Interaction(
        event=Event.CREATED,
        kind=kind if begins else Kind.REPLY,
        artefact=shown.artefact,
        actor=actor,
        happened=places.sent(named.message),
        place=places.place(source, named.thread.id),
        parent=above,
        root=above,
        text=shown.kept,
    )


def _asks(shown: Shown) -> bool:
    return shown.named.thread.id in shown.source.policy.question_channels or asks(f"{shown.artefact.title or ''} {shown.said}")


def _edited(shown: Shown) -> list[Reading]:
    """Return that a message was edited, if it was, last by its author: nobody else can."""
    edited, author = (
        optional_time(shown.document, "lastEditedDateTime"),
        places.heard(shown.source, member(shown.document, "from")),
    )
    if edited is None or author is None:
        return []
    interaction = Interaction(
        event=Event.EDITED,
        kind=Kind.EDIT,
        artefact=shown.artefact,
        actor=author,
        happened=edited,
        place=places.place(shown.source, shown.named.thread.id),
        revision=edited,
        text=shown.kept,
    )
    return [Reading(decided=(interaction,))]


def _mentions(shown: Shown, made: Interaction) -> tuple[Interaction, ...]:
    """Return whom a message mentions: channels, tags and apps are nobody."""
    found = several(shown.document, "mentions", most=MOST_NAMED)
    people = dict.fromkeys(places.heard(shown.source, member(each, "mentioned")) for each in found)
    bare = replace(made, text=None)
    return tuple(
        replace(bare, event=Event.MENTIONED, kind=Kind.MENTION, person=each, revision=each)
        for each in people
        if each and each != made.actor
    )


def _files(shown: Shown, made: Interaction) -> tuple[Interaction, ...]:
    """Return that files came with a message: what is shown of them beside is an attachment of another kind."""
    attached = several(shown.document, "attachments", most=MOST_NAMED)
    found = [each for each in attached if member(each, "contentType") == "reference"]
    names = dict.fromkeys(name for each in found if places.GUID.fullmatch(name := optional_text(each, "id") or ""))
    beside = replace(made, kind=Kind.ATTACH, parent=made.artefact, text=None)
    return tuple(replace(beside, artefact=_file(made.artefact, each)) for each in names)


def _file(message: Artefact, name: str) -> Artefact:
    return Artefact(NativeId(f"{message.native}/files/{name}"), f"{message.iri}#file-{name}", ArtefactType.FILE)


def read_messages(source: Source, document: JSON) -> Reading:
    """Read a page of messages, each with the replies that it shows; raise Incomplete where it is none."""
    found = member(document, "value")
    if not isinstance(found, list):
        raise Incomplete("value")
    readings = []
    for message in found:
        replies = member(message, "replies")
        readings += [if_whole(read_message, source, each) for each in (message, *(replies if isinstance(replies, list) else ()))]
    return joined(readings) if readings else Reading()
