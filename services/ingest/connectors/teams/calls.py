"""Who was in a call or meeting, by its call record (learn.microsoft.com/graph/api/resources/callrecords-callrecord).

A record comes some minutes after the end, and may come again with more sessions. Each session is one presence of its caller; in
a call between two, of both.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote

from services.ingest.connectors import sessions
from services.ingest.connectors.fields import Incomplete, Unheard, identifier, member, optional_text, optional_time, several, time
from services.ingest.connectors.sessions import Seat
from services.ingest.connectors.teams import places
from services.ingest.domain.interaction import Artefact, ArtefactType, ChannelId, NativeId, Place, PlaceType
from services.ingest.domain.reading import Ending, Lookup, Reading, Reason, ignored, joined
from services.ingest.domain.source import Source
from shared.xapi.model import JSON

MEETING_THREAD: Final = re.compile(r"/meetup-join/(19:[A-Za-z0-9_.@-]{1,200})/")
OF_CHANNEL: Final = re.compile(r"@thread\.(?:tacv2|skype)$")
MOST: Final = 5000


@dataclass(frozen=True, slots=True)
class Call:
    """A call, and the channel or chat that its meeting belongs to, if any."""

    source: Source
    name: str
    thread: ChannelId | None

    @property
    def session(self) -> Artefact:
        """Return the call as a session, named by its record."""
        iri = f"{places.GRAPH}/v1.0/communications/callRecords/{self.name}"
        return Artefact(NativeId(f"calls/{self.name}"), iri, ArtefactType.SESSION)

    @property
    def place(self) -> Place:
        """Return where it took place; a call that belongs to no channel is a place of its own."""
        if self.thread:
            return places.place(self.source, self.thread)
        return Place(ChannelId(self.session.native), self.session.iri, PlaceType.SESSION)


def read_call(source: Source, document: JSON) -> Reading:
    """Read who was in a call, from its record; what did not fit into it is looked up."""
    call = Call(source, identifier(document, "id"), _thread(document))
    if reason := _refusal(source, call.thread):
        return ignored(reason)
    ended = optional_time(document, "endDateTime")
    endings = (Ending(call.session, call.place, ended),) if ended else ()
    present = read_sessions(call, member(document, "sessions"), optional_text(document, "sessions@odata.nextLink"))
    return joined([Reading(endings=endings), present])


def read_sessions(call: Call, found: JSON, onward: str | None) -> Reading:
    """Read the sessions of a call, which go on at the address *onward*, if there is one."""
    readings = [each for session in several(found, most=MOST) for each in _presences(call, session)]
    if onward:
        reference = {"do": "sessions", "url": onward, "call": call.name, "thread": call.thread or ""}
        key = f"sessions {hashlib.sha256(onward.encode()).hexdigest()}"
        readings.append(Reading(lookups=(Lookup(key, reference),)))
    return joined(readings) if readings else Reading()


def _refusal(source: Source, thread: ChannelId | None) -> Reason | None:
    """Say why a call is not ours to hear: in a channel only if that is on the allow-list, since calls do not tell who sees it."""
    policy = source.policy
    if thread is None or not OF_CHANNEL.search(thread):
        return None if policy.direct else Reason.DIRECT_MESSAGE
    if thread in source.closed and not policy.private:
        return Reason.PRIVATE_CHANNEL
    if policy.channels:
        return None if thread in policy.channels else Reason.CHANNEL_NOT_ALLOWED
    return None if policy.private else Reason.PRIVATE_CHANNEL


def _thread(document: JSON) -> ChannelId | None:
    """Return the channel or chat that a meeting belongs to: its address names it."""
    found = MEETING_THREAD.search(unquote(optional_text(document, "joinWebUrl") or ""))
    return ChannelId(found[1]) if found else None


def _presences(call: Call, told: JSON) -> list[Reading]:
    """Read one session: who called, and who was called."""
    people = [who for end in ("caller", "callee") if member(who := member(told, end, "identity"), "user") is not None]
    return [_presence(call, told, who) for who in people]


def _presence(call: Call, told: JSON, who: JSON) -> Reading:
    try:
        name, begun = identifier(told, "id"), time(told, "startDateTime")
        actor, ended = places.person(call.source, who), optional_time(told, "endDateTime")
    except Unheard as unheard:
        return ignored(unheard.reason)
    except Incomplete:
        return ignored(Reason.INCOMPLETE)
    seat = Seat(call.session, call.place, actor, f"{name}/{actor}")
    return joined([sessions.joined(seat, begun), *([sessions.left(seat, ended)] if ended else [])])
