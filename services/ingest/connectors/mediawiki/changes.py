"""What a change of a wiki means: a page was made, edited, removed or restored, a file came."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final
from urllib.parse import quote

from msgspec.structs import replace

from services.ingest.connectors.fields import Incomplete
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
from services.ingest.domain.reading import Known, Reading, Reason, Rule, Undecided, ignored
from services.ingest.domain.source import Source

LONGEST_TITLE: Final = 255
TEMPORARY: Final = "~"
"""With it begin the names that MediaWiki gives to those who have no account."""
OF_USERS: Final = frozenset({2, 3})
"""The namespaces of users' pages, and of what is said to users."""
MEANINGS: Final = {
    "new": (Event.CREATED, Kind.CREATE, ArtefactType.PAGE),
    "edit": (Event.EDITED, Kind.EDIT, ArtefactType.PAGE),
    "delete/delete": (Event.DELETED, Kind.REMOVE, ArtefactType.PAGE),
    "delete/restore": (Event.RESTORED, Kind.RESTORE, ArtefactType.PAGE),
    "upload/upload": (Event.CREATED, Kind.ATTACH, ArtefactType.FILE),
    "upload/overwrite": (Event.EDITED, Kind.EDIT, ArtefactType.FILE),
}


@dataclass(frozen=True, slots=True)
class Change:
    """A change: *what* it was (`new`, `edit`, or log and action), by whom, None for who has no account.

    *number* tells changes of one page apart: a revision, or an entry of a log.
    """

    what: str
    title: str
    namespace: int
    user: str | None
    number: str
    happened: str
    bot: bool = False


def read_change(source: Source, change: Change) -> Reading:
    """Say what *change* means; raise Incomplete where it lacks what it needs."""
    meaning = MEANINGS.get(change.what)
    if meaning is None:
        return ignored(Reason.UNMAPPED)
    if not 0 < len(change.title) <= LONGEST_TITLE or not change.title.isprintable():
        raise Incomplete("title")
    if _names_nobody(change):
        return ignored(Reason.ACTOR_UNKNOWN)
    event, kind, type_ = meaning
    made = event is Event.CREATED
    artefact = Artefact(NativeId(change.title), address(source, change.title), type_, change.title if made else None)
    reason = refusal(source, change)
    interaction = Interaction(
        event=event,
        kind=kind,
        artefact=artefact,
        actor=AccountName(change.user or ""),
        happened=change.happened,
        place=place(source),
        revision="" if made else change.number,
    )
    if reason and kind is Kind.REMOVE:
        told = replace(interaction, kind=Kind.DELETE, actor=NOBODY)
        return Reading(undecided=(Undecided(Rule.WITHDRAWAL, artefact.native, told),))
    author = None if reason else interaction.actor
    known = (Known(artefact, artefact.native, author, question=False, happened=change.happened),) if made else ()
    return Reading(known=known, ignored=(reason,)) if reason else Reading(decided=(interaction,), known=known)


def place(source: Source) -> Place:
    """Return the wiki."""
    return Place(ChannelId(source.workspace), source.workspace, PlaceType.SPACE)


def is_anonymous(name: str) -> bool:
    """Say whether a user's name is that of nobody: an IP address, whole or cut, or a temporary one."""
    if name.startswith(TEMPORARY):
        return True
    parts = name.split(".")
    if len(parts) == 4 and all(each.isdecimal() or each == "xxx" for each in parts):  # noqa: PLR2004  as old wikis cut addresses
        return True
    try:
        ip_address(name.partition("/")[0].strip("[]"))
    except ValueError:
        return False
    return True


def _names_nobody(change: Change) -> bool:
    """Say whether a page is that of somebody without an account: its very title is an IP address."""
    owner = change.title.partition(":")[2].partition("/")[0]
    return change.namespace in OF_USERS and is_anonymous(owner)


def refusal(source: Source, change: Change) -> Reason | None:
    """Say why a change is not heard (elsewhere in the wiki, by a bot, without an account), or None if it is."""
    channels = source.policy.channels
    if channels and channels.isdisjoint({ChannelId(str(change.namespace)), ChannelId(change.title)}):
        return Reason.CHANNEL_NOT_ALLOWED
    if change.bot:
        return Reason.BOT
    if change.user is None:
        return Reason.ACTOR_UNKNOWN
    return Reason.EXCLUDED_ACCOUNT if change.user in source.policy.excluded else None


def address(source: Source, title: str) -> str:
    """Return where the page called *title* stands."""
    before = source.options.get("pages", "/wiki/")
    return f"{source.workspace}{before}{quote(title.replace(' ', '_'), safe='/:,;@()!*')}"
