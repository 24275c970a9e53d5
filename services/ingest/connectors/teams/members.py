"""Who joins a team of Microsoft Teams, and who leaves it: a membership's id, in base64, ends with the person's.

Graph names no time of it. A notification names when its subscription ends, and we let it end a fixed time after we renewed it: so
a join is told at the time of that renewal, some minutes before it happened, and at the same time however often it is notified.
"""

from __future__ import annotations

import base64
import binascii
from datetime import timedelta
from typing import Final

from services.ingest.connectors.fields import Incomplete, Unheard, time
from services.ingest.connectors.teams import places
from services.ingest.connectors.teams.places import GUID
from services.ingest.domain.interaction import Artefact, ArtefactType, Event, Interaction, Kind, NativeId
from services.ingest.domain.reading import Reading, Reason, ignored
from services.ingest.domain.source import Source
from shared.clock import rfc3339
from shared.xapi.model import JSON
from shared.xapi.timestamps import instant

LIFETIME: Final = timedelta(minutes=55)
"""How long a subscription lives: Graph allows an hour for messages."""
CHANGES: Final = {"created": (Event.JOINED, Kind.JOIN), "deleted": (Event.LEFT, Kind.LEAVE)}


def renewed(notification: JSON) -> str:
    """Return when the subscription of a notification was renewed: whatever is notified happened later."""
    ends = instant(time(notification, "subscriptionExpirationDateTime"))
    try:
        return rfc3339(ends - LIFETIME)
    except OverflowError as error:
        raise Incomplete("subscriptionExpirationDateTime") from error


def read_membership(source: Source, named: dict[str, str], change: str, notification: JSON) -> Reading:
    """Read that somebody joined or left a team; who takes part in a chat is not told."""
    if "chats" in named:
        return ignored(Reason.UNMAPPED if source.policy.direct else Reason.DIRECT_MESSAGE)
    if change not in CHANGES:
        return ignored(Reason.UNMAPPED)
    if not GUID.fullmatch(named.get("teams", "")):
        raise Incomplete("resource")
    team = places.team(source, named["teams"])
    if source.policy.channels and team.id not in source.policy.channels:
        return ignored(Reason.CHANNEL_NOT_ALLOWED)
    try:
        actor = places.account(source, _person(named["members"]))
    except Unheard as unheard:
        return ignored(unheard.reason)
    (event, kind), happened = CHANGES[change], renewed(notification)
    interaction = Interaction(
        event=event,
        kind=kind,
        artefact=Artefact(NativeId(team.id), team.iri, ArtefactType.GROUP),
        actor=actor,
        happened=happened,
        place=team,
        revision=f"{actor} {happened}",
    )
    return Reading(decided=(interaction,))


def _person(membership: str) -> str:
    try:
        return base64.b64decode(membership + "=" * (-len(membership) % 4), validate=True).decode().rpartition("##")[2]
    except (binascii.Error, UnicodeDecodeError, ValueError) as error:
        raise Incomplete("resource") from error
