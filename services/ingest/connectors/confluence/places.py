"""Confluence's things, spaces and people: how they are named, and whether they may be heard."""

from __future__ import annotations

from typing import Final
from urllib.parse import quote

from services.ingest.connectors.fields import identifier, member, optional_identifier, optional_opaque, optional_text, text
from services.ingest.domain.interaction import AccountName, Artefact, ArtefactType, ChannelId, NativeId, Place, PlaceType
from services.ingest.domain.reading import NOTHING_BELOW, Part, Reason
from services.ingest.domain.source import Source
from shared.xapi.model import JSON

LONGEST_KEY: Final = 255
PERSONAL: Final = "~"
TYPES: Final = {
    "page": ArtefactType.PAGE,
    "blog": ArtefactType.ARTICLE,
    "comment": ArtefactType.COMMENT,
    "attachment": ArtefactType.FILE,
}
CONTENT_TYPES: Final = {"page": "page", "blogpost": "blog", "comment": "comment", "attachment": "attachment"}
"""What the REST API calls the things that webhooks tell of."""


def artefact(source: Source, thing: str, name: str, title: str | None = None) -> Artefact:
    """Return a thing by its id, at the address that leads to it whatever its title is."""
    actions = {"attachment": "pages/viewattachments.action?attachmentId=", "comment": "pages/viewpage.action?focusedCommentId="}
    before = actions.get(thing, "pages/viewpage.action?pageId=")
    return Artefact(NativeId(f"{thing}/{name}"), f"{source.workspace}/{before}{quote(name, safe='')}", TYPES[thing], title)


def place(source: Source, content: JSON) -> Place:
    """Return the space of *content*; raise Incomplete where it names none."""
    return space(source, text(content, "space", "key")[:LONGEST_KEY])


def space(source: Source, key: str) -> Place:
    """Return a space by its key."""
    return Place(ChannelId(key), f"{source.workspace}/display/{quote(key, safe='~')}", PlaceType.SPACE)


def whole_space(key: str) -> NativeId:
    """Return what names all that stands in a space: it goes with it."""
    return NativeId(f"space/{key}")


def part_of_space(source: Source, artefact: Artefact, key: str, happened: str) -> Part:
    """Return that *artefact*, with what is said upon it, stands in the space *key*."""
    holds = source.holds_what_is_said_in(artefact)
    return Part(whole_space(key), artefact.iri, happened, artefact.native if holds else NOTHING_BELOW)


def name_of(thing: JSON) -> str:
    """Return the id of *thing*; raise Incomplete where it has none."""
    return identifier(thing, "id")


def refusal(source: Source, content: JSON, space: Place) -> Reason | None:
    """Say why what stands in *space* is not ours to hear: a personal space is private."""
    policy = source.policy
    personal = optional_text(content, "space", "type") == "personal" or space.id.startswith(PERSONAL)
    if personal and not policy.private and space.id not in policy.channels:
        return Reason.PRIVATE_CHANNEL
    return Reason.CHANNEL_NOT_ALLOWED if policy.channels and space.id not in policy.channels else None


def heard(source: Source, user: JSON) -> AccountName | Reason:
    """Return the key of *user*, or the account where Confluence is that of the cloud, or why he or she is not heard."""
    key = optional_identifier(user, "userKey") or optional_opaque(user, "accountId")
    if key is None:
        return Reason.ACTOR_UNKNOWN
    return _heard(source, key, optional_text(user, "username") or "")


def heard_account(source: Source, name: str | None) -> AccountName | Reason:
    """Return the account of Atlassian called *name*, or why it is not heard."""
    return _heard(source, name, "") if name else Reason.ACTOR_UNKNOWN


def heard_by_key(source: Source, key: str, content: JSON) -> AccountName | Reason:
    """Return the person of a *key*, or why he or she is not heard; the name is known of who made *content* or changed it last."""
    people = (member(content, "history", "createdBy"), member(content, "version", "by"))
    names = (optional_text(each, "username") for each in people if optional_identifier(each, "userKey") == key)
    return _heard(source, key, next((each for each in names if each), ""))


def _heard(source: Source, key: str, name: str) -> AccountName | Reason:
    excluded = {each.casefold() for each in source.policy.excluded}
    return Reason.EXCLUDED_ACCOUNT if {key.casefold(), name.casefold()} & excluded else AccountName(key)
