"""What a delivery says, once it is read: interactions, knowledge about artefacts, and what is not ours to hear."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Final

import msgspec

from services.ingest.domain.interaction import NOBODY, AccountName, Artefact, ChannelId, Event, Interaction, Kind, NativeId, Place
from shared.xapi.model import JSON


class Reason(StrEnum):
    """Why something genuine does not become a statement: a closed set, the label of a metric."""

    ACTOR_UNKNOWN = "actor_unknown"
    BOT = "bot"
    CHANNEL_NOT_ALLOWED = "channel_not_allowed"
    DIRECT_MESSAGE = "direct_message"
    ENCRYPTED = "encrypted"
    EXCLUDED_ACCOUNT = "excluded_account"
    FORGED = "forged"
    GONE = "gone"
    GUEST = "guest"
    HANDSHAKE = "handshake"
    INCOMPLETE = "incomplete"
    NOT_DELIVERED = "not_delivered"
    NOT_KEPT = "not_kept"
    PAUSED = "paused"
    PRIVATE_CHANNEL = "private_channel"
    RATE_LIMITED = "rate_limited"
    SYSTEM_MESSAGE = "system_message"
    TOLD_ALREADY = "told_already"
    UNCHANGED = "unchanged"
    UNMAPPED = "unmapped"
    WHISPER = "whisper"


class Rule(StrEnum):
    """What an interaction's meaning depends on; see `services.ingest.domain.settlement`."""

    REPLY = "reply"
    COMMENT = "comment"
    ACCEPTING_REACTION = "accepting-reaction"
    SOLUTION = "solution"
    TOPIC_VOTE = "topic-vote"
    BARE_TOPIC = "bare-topic"
    MOVED = "moved"
    FORMER = "former"
    WITHDRAWAL = "withdrawal"
    TAKEN_BACK = "taken-back"
    DELETION = "deletion"
    CHANGE = "change"
    LEAVING = "leaving"
    UPON_NAMED = "upon-named"
    NOTICED = "noticed"
    PRESENCE = "presence"
    DERIVED = "derived"


class Known(msgspec.Struct, frozen=True):
    """What is known for good of an artefact: who made it when, its thread's root, and whether it asks.

    *author* is None for what a bot made; *spoken* says that the artefact itself was delivered, not only its title.
    """

    artefact: Artefact
    root: NativeId
    author: AccountName | None
    question: bool
    happened: str
    spoken: bool = True


class Undecided(msgspec.Struct, frozen=True):
    """An interaction whose meaning depends on *target* and the root of its thread; *interaction* is its plainest meaning."""

    rule: Rule
    target: NativeId
    interaction: Interaction


def withdrawal(
    artefact: Artefact, happened: str, *, kind: Kind = Kind.DELETE, revision: str = "", rule: Rule = Rule.WITHDRAWAL
) -> Undecided:
    """Return that *artefact* was taken back, by nobody who is named: it is told of its author, if it was heard."""
    taken_back = Interaction(
        event=Event.DELETED,
        kind=kind,
        artefact=artefact,
        actor=NOBODY,
        happened=happened,
        place=None,
        revision=revision,
    )
    return Undecided(rule, artefact.native, taken_back)


def first_noticed(reading: Reading, *named: str) -> Reading:
    """Return *reading*, which knows no time but that at which it was noticed: noticed again, it is told at the first one.

    It is known again by how it is *named*, of which no more than a digest is kept: it may name somebody.
    """
    if not reading.decided:
        return reading
    digest = hashlib.blake2b("\0".join(named).encode(errors="replace"), digest_size=16).hexdigest()
    about, name = reading.decided[0], NativeId(f"noticed/{digest}")
    notice = Known(msgspec.structs.replace(about.artefact, native=name), name, None, question=False, happened=about.happened)
    waiting = tuple(Undecided(Rule.NOTICED, name, each) for each in reading.decided)
    return msgspec.structs.replace(reading, decided=(), undecided=(*reading.undecided, *waiting), known=(*reading.known, notice))


class Lookup(msgspec.Struct, frozen=True):
    """Something that the platform named without telling it: to be asked for, once, however often it is named.

    *key* is the same for every repetition; *reference* is what the connector needs in order to ask. *noticed* is when the door
    heard of it, RFC 3339 in UTC; the intake writes it. It is asked for no sooner than *after* so many seconds.
    """

    key: str
    reference: Mapping[str, str]
    noticed: str = ""
    after: int = 0


class Sighting(msgspec.Struct, frozen=True):
    """One end, or both, of a presence in *session*, which the platform calls *name*.

    *actor* is whose it is; whoever tells an end alone may not know. Times are RFC 3339 in UTC.
    """

    session: Artefact
    place: Place | None
    name: str
    actor: AccountName | None = None
    joined: str | None = None
    left: str | None = None


class Ending(msgspec.Struct, frozen=True):
    """That *session* ended, and with it every presence that nobody saw end."""

    session: Artefact
    place: Place | None
    ended: str


class Withdrawn(msgspec.Struct, frozen=True):
    """That the thread of *root* was taken back whole, *at* a time, RFC 3339 in UTC; without one it is never shown again."""

    root: NativeId
    at: str = ""


NOTHING_BELOW: Final = NativeId("")
"""What names a part in which nothing is said."""


class Part(msgspec.Struct, frozen=True):
    """What was said below *root*, at the address *iri*, on a platform that takes a thread back whole with what began it.

    It goes with a thread that was taken back after it *happened*, or, without that time, with any; and what was said in it goes
    with it where it is *native* that holds it.
    """

    root: NativeId
    iri: str
    happened: str = ""
    native: NativeId = NOTHING_BELOW


class Delivery(msgspec.Struct, frozen=True):
    """A genuine delivery: its headers, in lower case, and its parsed body."""

    headers: Mapping[str, str]
    document: JSON


class Reading(msgspec.Struct, frozen=True):
    """What a delivery says.

    *closed* are the channels that it shows to be private, *lookups* what it names without telling it; attendances are derived
    from *sightings* and *endings*. *withdrawn* are threads that were taken back whole, *parts* what may be of one.
    *dissolved* is how the names of all begin that was said in a channel which was deleted, *departed* are accounts that were
    deleted with all that they wrote.
    """

    decided: tuple[Interaction, ...] = ()
    undecided: tuple[Undecided, ...] = ()
    known: tuple[Known, ...] = ()
    closed: tuple[ChannelId, ...] = ()
    ignored: tuple[Reason, ...] = ()
    lookups: tuple[Lookup, ...] = ()
    sightings: tuple[Sighting, ...] = ()
    endings: tuple[Ending, ...] = ()
    withdrawn: tuple[Withdrawn, ...] = ()
    parts: tuple[Part, ...] = ()
    dissolved: tuple[str, ...] = ()
    departed: tuple[AccountName, ...] = ()


def ignored(reason: Reason) -> Reading:
    """Say that a delivery holds nothing for us, and why."""
    return Reading(ignored=(reason,))


def joined(readings: Iterable[Reading]) -> Reading:
    """Return several readings as one; nothing at all is of no kind that we map."""
    found = list(readings)
    if not found:
        return ignored(Reason.UNMAPPED)
    return Reading(
        decided=tuple(each for reading in found for each in reading.decided),
        undecided=tuple(each for reading in found for each in reading.undecided),
        known=tuple(each for reading in found for each in reading.known),
        closed=tuple(each for reading in found for each in reading.closed),
        ignored=tuple(each for reading in found for each in reading.ignored),
        lookups=tuple(each for reading in found for each in reading.lookups),
        sightings=tuple(each for reading in found for each in reading.sightings),
        endings=tuple(each for reading in found for each in reading.endings),
        withdrawn=tuple(each for reading in found for each in reading.withdrawn),
        parts=tuple(each for reading in found for each in reading.parts),
        dissolved=tuple(each for reading in found for each in reading.dissolved),
        departed=tuple(each for reading in found for each in reading.departed),
    )
