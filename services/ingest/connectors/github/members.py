"""Who joins teams, organisations and repositories of GitHub, and who leaves them. None of these events names its time."""

from __future__ import annotations

import re
from typing import Final

from services.ingest.connectors.fields import Incomplete, identifier, member, text
from services.ingest.connectors.github import places
from services.ingest.connectors.github.places import Told
from services.ingest.domain.interaction import (
    Artefact,
    ArtefactType,
    ChannelId,
    Event,
    Interaction,
    Kind,
    NativeId,
    Place,
    PlaceType,
)
from services.ingest.domain.reading import Reading, Reason, ignored
from shared.xapi.model import JSON

NAME: Final = re.compile(r"[A-Za-z0-9_.-]{1,100}")
JOINING: Final = {
    "added": (Event.JOINED, Kind.JOIN),
    "member_added": (Event.JOINED, Kind.JOIN),
    "removed": (Event.LEFT, Kind.LEAVE),
    "member_removed": (Event.LEFT, Kind.LEAVE),
}


def read_team(told: Told) -> Reading:
    """Read who joined or left a team; one that is not closed, which all of the organisation see, is secret."""
    source, document = told.source, told.document
    name, organization = _name(document, "team", "slug"), _name(document, "organization", "login")
    path, native = f"orgs/{organization}/teams/{name}", f"teams/{identifier(document, 'team', 'id')}"
    if member(document, "team", "privacy") != "closed" and not source.policy.private:
        return ignored(Reason.PRIVATE_CHANNEL)
    group = Place(ChannelId(native), f"{places.origin(source)}/{path}", PlaceType.GROUP)
    return _joining(told, member(document, "member"), group, path)


def read_organization(told: Told) -> Reading:
    """Read who joined or left an organisation; an invitation is neither."""
    document = told.document
    login, native = _name(document, "organization", "login"), f"orgs/{identifier(document, 'organization', 'id')}"
    group = Place(ChannelId(native), f"{places.origin(told.source)}/{login}", PlaceType.COMMUNITY)
    return _joining(told, member(document, "membership", "user"), group, login)


def read_collaborator(told: Told) -> Reading:
    """Read who may work on a repository from now on, or no longer."""
    repo = places.repository(told)
    if repo.private and not told.source.policy.private:
        return ignored(Reason.PRIVATE_CHANNEL)
    return _joining(told, member(told.document, "member"), places.place(repo), repo.name)


def _joining(told: Told, user: JSON, group: Place, path: str) -> Reading:
    source, noticed, action = told.source, told.noticed, member(told.document, "action")
    if not isinstance(action, str) or action not in JOINING:
        return ignored(Reason.UNMAPPED)
    if source.policy.channels and not places.is_named(source.policy.channels, group.id, path):
        return ignored(Reason.CHANNEL_NOT_ALLOWED)
    if reason := places.unheard(source, user):
        return ignored(reason)
    if noticed is None:
        raise Incomplete(places.DELIVERY_HEADER)
    (event, kind), actor = JOINING[action], places.account(user, "member")
    interaction = Interaction(
        event=event,
        kind=kind,
        artefact=Artefact(NativeId(group.id), group.iri, ArtefactType.GROUP),
        actor=actor,
        happened=noticed,
        place=group,
        revision=f"{actor} {noticed}",
    )
    return Reading(decided=(interaction,))


def _name(document: JSON, *path: str) -> str:
    found = text(document, *path)
    if not NAME.fullmatch(found):
        raise Incomplete("/".join(path))
    return found
