"""What Confluence delivers: an event, when, by whom, and the id of what it is about.

Source: confluence.atlassian.com, "Managing webhooks".
"""

from __future__ import annotations

from typing import Final

from services.ingest.connectors.confluence import cloud
from services.ingest.connectors.confluence.content import CHANGING as MEANINGS
from services.ingest.connectors.confluence.content import MAKING
from services.ingest.connectors.confluence.places import LONGEST_KEY, artefact, heard_by_key, whole_space
from services.ingest.connectors.fields import (
    identifier,
    member,
    moment,
    optional_identifier,
    optional_opaque,
    optional_text,
    text,
)
from services.ingest.domain.interaction import NOBODY, Event, Interaction, Kind
from services.ingest.domain.reading import Delivery, Lookup, Reading, Reason, Rule, Undecided, Withdrawn, ignored, joined
from services.ingest.domain.source import Source
from shared.xapi.model import JSON

THINGS: Final = ("page", "blog", "comment", "attachment")
TOLD: Final = frozenset({"created", "updated", "restored"})
TAKEN_BACK: Final = frozenset({"trashed", "removed"})
REMOVED_SPACE: Final = ("space", "removed")
MOST: Final = 50


def read(source: Source, delivery: Delivery) -> Reading:
    """Say what is to be asked for, or what was taken back; raise Incomplete where the delivery lacks what it needs."""
    document = delivery.document
    if member(document, "test") is True:
        return ignored(Reason.HANDSHAKE)
    thing, _, happened = text(document, "event").partition("_")
    if (thing, happened) == REMOVED_SPACE:
        return _removed_space(document)
    if thing not in THINGS or happened not in TOLD | TAKEN_BACK:
        return ignored(Reason.UNMAPPED)
    user = optional_identifier(document, "userKey") or optional_opaque(document, "userAccountId")
    if happened in TAKEN_BACK:
        at = moment(document, "timestamp")
        return joined(_taken_back(source, thing, name, user, at) for name in _names(document, thing))
    return _told(source, document, (thing, happened), user)


def _told(source: Source, document: JSON, what: tuple[str, str], user: str | None) -> Reading:
    """Read that something was made or changed: what is not told is asked for."""
    (thing, happened), at = what, moment(document, "timestamp")
    told = _things(document, thing)
    if told and all(cloud.is_whole(document, each) for each in told):
        meaning = MEANINGS.get(happened) or (Event.CREATED, MAKING[thing])
        return joined(cloud.read(source, document, (thing, each), meaning) for each in told)
    if user is None:
        return ignored(Reason.ACTOR_UNKNOWN)
    return Reading(lookups=tuple(_lookup(thing, happened, name, user, at) for name in _names(document, thing)))


def _names(document: JSON, thing: str) -> list[str]:
    """Return the ids of what an event is about; several files may come at once."""
    return [identifier(each, "id") for each in _things(document, thing)] or [identifier(document, thing, "id")]


def _things(document: JSON, thing: str) -> list[JSON]:
    """Return what an event is about, as far as it tells it."""
    several = member(document, f"{thing}s")
    if isinstance(several, list) and several:
        return several[:MOST]
    return [found] if isinstance(found := member(document, thing), dict) else []


def _removed_space(document: JSON) -> Reading:
    """Read that a space was removed: what was heard there goes with it, and Confluence tells it of none of it."""
    key, at = optional_text(document, "space", "key") or optional_text(document, "spaceKey"), moment(document, "timestamp")
    if key is None:
        return ignored(Reason.UNMAPPED)
    return Reading(ignored=(Reason.GONE,), withdrawn=(Withdrawn(whole_space(key[:LONGEST_KEY]), at),))


def _lookup(thing: str, happened: str, name: str, user: str, at: str) -> Lookup:
    """Ask for a thing: what was created is one for good, what was changed is another each time."""
    key = f"{thing} {name} {happened}" + ("" if happened == "created" else f" {at}")
    return Lookup(key, {"thing": thing, "happened": happened, "id": name, "user": user, "at": at})


def _taken_back(source: Source, thing: str, name: str, user: str | None, at: str) -> Reading:
    """Say that *user* took something back, if that is somebody who is heard: heard of what was told, wherever it stood."""
    taken_back = artefact(source, thing, name)
    actor = heard_by_key(source, user, None) if user else NOBODY
    interaction = Interaction(
        event=Event.DELETED,
        kind=Kind.DELETE,
        artefact=taken_back,
        actor=NOBODY if isinstance(actor, Reason) else actor,
        happened=at,
        place=None,
        revision=at,
    )
    return Reading(undecided=(Undecided(Rule.TAKEN_BACK, taken_back.native, interaction),))
