"""What a message of Slack carries besides its words: people whom it mentions, files that come with it, what it shares."""

from __future__ import annotations

import re
from typing import Final

from msgspec.structs import replace

from services.ingest.connectors.fields import identifier, member, optional_identifier, several
from services.ingest.connectors.slack import places
from services.ingest.domain.interaction import (
    AccountName,
    Artefact,
    ArtefactType,
    ChannelId,
    Event,
    Interaction,
    Kind,
    NativeId,
)
from services.ingest.domain.source import Source
from shared.xapi.model import JSON

MENTION: Final = re.compile(r"<@([UW][A-Z0-9]{1,30})(?:\|[^<>]*)?>")
"""docs.slack.dev, "Formatting message text": a person; groups and channels are mentioned in other ways."""
MOST: Final = 20
PRIVATE: Final = "group"
"""What a channel is whose messages Slack shows, where they are shared, to nobody but its own members."""


def mentions(source: Source, text: str, said: Interaction) -> tuple[Interaction, ...]:
    """Return whom *text* mentions, but for who says it; none but ids are kept of the words."""
    if "<@" not in text:
        return ()
    named = [AccountName(each) for each in dict.fromkeys(MENTION.findall(text))]
    mention = replace(said, event=Event.MENTIONED, kind=Kind.MENTION, text=None)
    return tuple(
        replace(mention, person=each, revision=each)
        for each in named[:MOST]
        if each != said.actor and each not in source.policy.excluded
    )


def files(source: Source, event: JSON, said: Interaction) -> tuple[Interaction, ...]:
    """Return that files came with what was *said*; one is named by its address, which its owner's id is part of."""
    found = several(event, "files", most=MOST) or [member(event, "file")]
    attached = replace(said, kind=Kind.ATTACH, parent=said.artefact, text=None)
    named = {name: optional_identifier(each, "user") or said.actor for each in found if (name := optional_identifier(each, "id"))}
    return tuple(replace(attached, artefact=_file(source, name, owner)) for name, owner in named.items())


def _file(source: Source, name: str, owner: str) -> Artefact:
    return Artefact(NativeId(f"files/{name}"), f"{source.workspace}/files/{owner}/{name}", ArtefactType.FILE)


def shares(source: Source, event: JSON, said: Interaction) -> tuple[Interaction, ...]:
    """Return which messages were shared by what was *said*, if they stand where is heard: not from a private channel."""
    found = [each for each in several(event, "attachments", most=MOST) if member(each, "is_share") is True]
    shared = replace(said, event=Event.SHARED, kind=Kind.SHARE, revision=said.artefact.native, text=None)
    return tuple(_shared(source, each, shared) for each in found if _is_heard(source, each))


def _is_heard(source: Source, attachment: JSON) -> bool:
    name = optional_identifier(attachment, "channel_id")
    if name is None or places.optional_timestamp(attachment, "ts") is None:
        return False
    channel = ChannelId(name)
    kind = places.channel_type(channel, {})
    if kind == places.PUBLIC and member(attachment, "private_channel_prompt") is True:
        kind = PRIVATE
    return places.refusal(source, channel, kind) is None


def _shared(source: Source, attachment: JSON, shared: Interaction) -> Interaction:
    channel, author = ChannelId(identifier(attachment, "channel_id")), optional_identifier(attachment, "author_id")
    known = AccountName(author) if author and author != shared.actor and author not in source.policy.excluded else None
    return replace(shared, artefact=places.message(source, channel, places.timestamp(attachment, "ts")), author=known)
