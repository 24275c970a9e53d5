"""What a message of Slack carries besides its words: people whom it mentions, files that come with it."""

from __future__ import annotations

import re
from typing import Final

from msgspec.structs import replace

from services.ingest.connectors.fields import optional_identifier, several
from services.ingest.domain.interaction import AccountName, Artefact, ArtefactType, Event, Interaction, Kind, NativeId
from services.ingest.domain.source import Source
from shared.xapi.model import JSON

MENTION: Final = re.compile(r"<@([UW][A-Z0-9]{1,30})(?:\|[^<>]*)?>")
"""docs.slack.dev, "Formatting message text": a person; groups and channels are mentioned in other ways."""
MOST: Final = 20


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
    found = several(event, "files", most=MOST)
    attached = replace(said, kind=Kind.ATTACH, parent=said.artefact, text=None)
    named = {name: optional_identifier(each, "user") or said.actor for each in found if (name := optional_identifier(each, "id"))}
    return tuple(replace(attached, artefact=_file(source, name, owner)) for name, owner in named.items())


def _file(source: Source, name: str, owner: str) -> Artefact:
    return Artefact(NativeId(f"files/{name}"), f"{source.workspace}/files/{owner}/{name}", ArtefactType.FILE)
