"""Mastodon's statuses, accounts and hashtags: how they are named, and whether they may be heard."""

from __future__ import annotations

from typing import Final
from urllib.parse import quote

from services.ingest.connectors.fields import identifier, member, optional_identifier, optional_text, several
from services.ingest.domain.interaction import AccountName, Artefact, ArtefactType, ChannelId, NativeId, Place, PlaceType
from services.ingest.domain.reading import Reason
from services.ingest.domain.source import Source
from shared.xapi.model import JSON

OPEN: Final = frozenset({"public", "unlisted"})
LONGEST_TAG: Final = 100


def status(source: Source, name: str, kind: ArtefactType = ArtefactType.NOTE) -> Artefact:
    """Return the status called *name* on this server: a reply names no other address of what it replies to."""
    return Artefact(NativeId(name), f"{source.workspace}/web/statuses/{name}", kind)


def named(source: Source, document: JSON) -> Artefact:
    """Return *document* (a status) as an artefact; raise Incomplete where it has no id."""
    kind = ArtefactType.POLL if isinstance(member(document, "poll"), dict) else ArtefactType.NOTE
    return status(source, identifier(document, "id"), kind)


def account(document: JSON) -> AccountName:
    """Return who wrote *document* (a status); raise Incomplete where it names nobody."""
    return AccountName(identifier(document, "account", "id"))


def heard(source: Source, document: JSON) -> AccountName | None:
    """Return who wrote *document* (a status), if that is a person who is heard."""
    found = optional_identifier(document, "account", "id")
    return AccountName(found) if found and not unheard(source, document) else None


def unheard(source: Source, document: JSON) -> Reason | None:
    """Say why what the account of *document* (a status) does is not heard, or None if it is."""
    author = member(document, "account")
    if member(author, "bot") is True:
        return Reason.BOT
    names = {optional_identifier(author, "id"), optional_text(author, "acct"), optional_text(author, "username")}
    return Reason.EXCLUDED_ACCOUNT if any(each in source.policy.excluded for each in names if each) else None


def hashtags(document: JSON) -> tuple[str, ...]:
    """Return the hashtags of *document* (a status), in small letters."""
    names = (optional_text(each, "name") for each in several(document, "tags"))
    return tuple(dict.fromkeys(name.casefold()[:LONGEST_TAG] for name in names if name))


def place(source: Source, document: JSON) -> Place | None:
    """Return the first hashtag of *document* that is on the allow-list: as a community around it."""
    channels = {each.lstrip("#").casefold() for each in source.policy.channels}
    found = next((each for each in hashtags(document) if each in channels), None)
    return Place(ChannelId(found), f"{source.workspace}/tags/{quote(found, safe='')}", PlaceType.COMMUNITY) if found else None


def refusal(source: Source, document: JSON) -> Reason | None:
    """Say why *document* (a status) is not ours to hear, or None if it is; a visibility that we do not know is a private one."""
    visibility, policy = optional_text(document, "visibility"), source.policy
    if visibility == "direct" and not policy.direct:
        return Reason.DIRECT_MESSAGE
    if visibility not in OPEN | {"direct"} and not policy.private:
        return Reason.PRIVATE_CHANNEL
    if policy.channels and place(source, document) is None:
        return Reason.CHANNEL_NOT_ALLOWED
    return None
