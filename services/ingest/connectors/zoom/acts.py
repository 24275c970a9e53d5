"""What people do in Zoom's Team Chat to what is there: react, bookmark, join a channel, leave it."""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace

from services.ingest.connectors import sessions
from services.ingest.connectors.fields import (
    Incomplete,
    Unheard,
    member,
    opaque,
    optional_identifier,
    optional_number,
    optional_text,
    several,
    text,
)
from services.ingest.connectors.zoom import places
from services.ingest.connectors.zoom.messages import channel_of, message_of
from services.ingest.domain.emoji import accepts
from services.ingest.domain.interaction import AccountName, Artefact, ArtefactType, Event, Interaction, Kind, NativeId, Place
from services.ingest.domain.reading import Reading, Reason, Rule, Undecided
from services.ingest.domain.source import Source
from shared.xapi.model import JSON

ACTS: Final = {
    "team_chat.channel_reaction_added": (Event.REACTION_ADDED, Kind.REACT),
    "team_chat.channel_reaction_removed": (Event.REACTION_REMOVED, Kind.UNREACT),
    "team_chat.bookmark_added": (Event.BOOKMARKED, Kind.BOOKMARK),
    "team_chat.bookmark_removed": (Event.UNBOOKMARKED, Kind.UNBOOKMARK),
    "team_chat.file_downloaded": (Event.DOWNLOADED, Kind.DOWNLOAD),
    "chat_channel.member_joined": (Event.JOINED, Kind.JOIN),
    "chat_channel.member_left": (Event.LEFT, Kind.LEAVE),
    "chat_channel.member_removed": (Event.LEFT, Kind.LEAVE),
}
PUBLIC: Final = frozenset({3, 5})
"""Types of channels that anybody can find and join."""
LONGEST_EMOJI: Final = 60
MOST_MEMBERS: Final = 100


def read_reaction(source: Source, document: JSON) -> Reading:
    """Read that somebody reacted to a message, or took that back."""
    said = member(document, "payload", "object")
    place, emoji = sessions.heard(source, channel_of(source, said)), _emoji(said)
    reaction = _act(source, document, places.message(place, opaque(said, "msg_id")), place, emoji=emoji)
    if accepts(emoji, source.policy.accepting):
        return Reading(undecided=(Undecided(Rule.ACCEPTING_REACTION, reaction.artefact.native, reaction),))
    return Reading(decided=(reaction,))


def read_bookmark(source: Source, document: JSON) -> Reading:
    """Read that somebody bookmarked a message of a channel, or took that back."""
    said = member(document, "payload", "object")
    if member(said, "type") != "to_channel":
        raise Unheard(Reason.DIRECT_MESSAGE)
    place = sessions.heard(source, channel_of(source, said))
    author = optional_identifier(said, "sender_id")
    author = None if places.unheard(source, author, optional_text(said, "sender")) else author
    return Reading(decided=(_act(source, document, message_of(place, said), place, author=author),))


def read_download(source: Source, document: JSON) -> Reading:
    """Read that somebody downloaded a file of a channel."""
    shared = member(document, "payload", "object")
    if not member(shared, "channel_id"):
        raise Unheard(Reason.DIRECT_MESSAGE)
    place, file = sessions.heard(source, channel_of(source, shared)), member(shared, "file")
    owner = optional_identifier(file, "file_owner_id")
    author = None if places.unheard(source, owner, None) else owner
    return Reading(decided=(_act(source, document, places.file(source, opaque(file, "file_id")), place, author=author),))


def read_membership(source: Source, document: JSON) -> Reading:
    """Read that somebody joined or left a channel."""
    group, place = _group(source, document)
    return Reading(decided=(_act(source, document, group, place),))


def read_removed_members(source: Source, document: JSON) -> Reading:
    """Read that somebody took others out of a channel: they left it."""
    group, place = _group(source, document)
    named = [optional_identifier(each, "id") for each in several(document, "payload", "object", "members", most=MOST_MEMBERS)]
    removed = [each for each in dict.fromkeys(named) if each and not places.unheard(source, each, None)]
    if not removed:
        raise Unheard(Reason.EXCLUDED_ACCOUNT if any(named) else Reason.ACTOR_UNKNOWN)
    return Reading(decided=tuple(_act_of(AccountName(each), document, group, place) for each in removed))


def _group(source: Source, document: JSON) -> tuple[Artefact, Place]:
    """Return a channel as the group that its members are, and as a place; raise Unheard where it is not heard."""
    said = member(document, "payload", "object")
    channel = places.channel(source, opaque(said, "id"))
    place = sessions.heard(source, channel, public=optional_number(said, "type") in PUBLIC)
    return Artefact(NativeId(place.id), place.iri, ArtefactType.GROUP), place


def read_deleted_channel(source: Source, document: JSON) -> Reading:
    """Read that a channel was deleted: what was heard there goes, and nobody is told to do it."""
    channel = places.channel(source, opaque(member(document, "payload", "object"), "id"))
    return Reading(ignored=(Reason.GONE,), dissolved=(places.message(channel, "").native,))


def _act(
    source: Source, document: JSON, artefact: Artefact, place: Place, *, emoji: str | None = None, author: str | None = None
) -> Interaction:
    actor = places.actor(source, *places.operator(member(document, "payload")))
    act = _act_of(actor, document, artefact, place)
    revision = f"{actor} {emoji} {act.happened}" if emoji else act.revision
    return replace(act, revision=revision, author=AccountName(author) if author else None, emoji=emoji)


def _act_of(actor: AccountName, document: JSON, artefact: Artefact, place: Place) -> Interaction:
    happened = places.moment(document, "payload", "object", "timestamp")
    event, kind = ACTS[text(document, "event")]
    return Interaction(
        event=event,
        kind=kind,
        artefact=artefact,
        actor=actor,
        happened=happened,
        place=place,
        revision=f"{actor} {happened}",
    )


def _emoji(said: JSON) -> str:
    """Return an emoji as code points, `U+1F44C`, or a custom one by its name, `:ship-it:`."""
    name = text(said, "emoji")
    if len(name) > LONGEST_EMOJI or any(each.isspace() for each in name):
        raise Incomplete("emoji")
    return name.upper() if name.upper().startswith("U+") else f":{name.strip(':')}:"
