"""What Confluence delivers: an event, when, by whom, and the id of what it is about.

Source: confluence.atlassian.com, "Managing webhooks".
"""

from __future__ import annotations

from typing import Final

from services.ingest.connectors.confluence.places import artefact, heard_by_key
from services.ingest.connectors.fields import identifier, member, moment, optional_identifier, text
from services.ingest.domain.interaction import NOBODY, Event, Interaction, Kind
from services.ingest.domain.reading import Delivery, Lookup, Reading, Reason, Rule, Undecided, ignored, joined
from services.ingest.domain.source import Source
from shared.xapi.model import JSON

THINGS: Final = ("page", "blog", "comment", "attachment")
TOLD: Final = frozenset({"created", "updated", "restored"})
TAKEN_BACK: Final = frozenset({"trashed", "removed"})
MOST: Final = 50


def read(source: Source, delivery: Delivery) -> Reading:
    """Say what is to be asked for, or what was taken back; raise Incomplete where the delivery lacks what it needs."""
    document = delivery.document
    if member(document, "test") is True:
        return ignored(Reason.HANDSHAKE)
    thing, _, happened = text(document, "event").partition("_")
    if thing not in THINGS or happened not in TOLD | TAKEN_BACK:
        return ignored(Reason.UNMAPPED)
    user, at, names = optional_identifier(document, "userKey"), moment(document, "timestamp"), _names(document, thing)
    if happened in TAKEN_BACK:
        return joined(_taken_back(source, thing, name, user, at) for name in names)
    if user is None:
        return ignored(Reason.ACTOR_UNKNOWN)
    return Reading(lookups=tuple(_lookup(thing, happened, name, user, at) for name in names))


def _names(document: JSON, thing: str) -> list[str]:
    """Return the ids of what an event is about; several files may come at once."""
    several = member(document, f"{thing}s")
    if isinstance(several, list) and several:
        return [identifier(each, "id") for each in several[:MOST]]
    return [identifier(document, thing, "id")]


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
