"""An interaction as an xAPI statement, version 1.0.3.

An act that makes an artefact has that artefact as object, any other act its target. `parent` is what was replied to or what it is
contained in, `grouping` the thread's root and the channel, `category` our profile and the class of data, `context.statement`
the statement that made the parent or the target, `context.team` the channel as a group. Text stands in `result.response` only.
"""

from __future__ import annotations

from typing import Final

import orjson

from services.ingest.domain.identity import creation_of, id_of
from services.ingest.domain.interaction import MAKING, AccountName, Artefact, ArtefactType, Interaction, Kind, Place, PlaceType
from services.ingest.domain.source import Source
from shared.xapi.model import JSON
from shared.xapi.vocabulary import EMOJI_EXTENSION, TARGET_EXTENSION, ActivityType, Verb

VERSION: Final = "1.0.3"
PROFILE: Final = "urn:symposia:xapi:profile:social-learning:v1"
"""The profile that these statements follow."""
TEXT_CLASS: Final = "urn:symposia:xapi:data-class:personal-text"
METADATA_CLASS: Final = "urn:symposia:xapi:data-class:personal-metadata"

VERBS: Final[dict[Kind, tuple[Verb, str]]] = {
    Kind.ASK: (Verb.ASKED, "asked"),
    Kind.POST: (Verb.POSTED, "posted"),
    Kind.REPLY: (Verb.REPLIED, "replied"),
    Kind.ANSWER: (Verb.ANSWERED, "answered"),
    Kind.ACCEPT: (Verb.ACCEPTED, "accepted"),
    Kind.UNACCEPT: (Verb.REJECTED, "withdrew acceptance of"),
    Kind.REACT: (Verb.REACTED, "reacted to"),
    Kind.UNREACT: (Verb.UNREACTED, "took back a reaction to"),
    Kind.LIKE: (Verb.LIKED, "liked"),
    Kind.UNLIKE: (Verb.UNLIKED, "unliked"),
    Kind.VOTE: (Verb.VOTED_UP, "voted for"),
    Kind.UNVOTE: (Verb.UNLIKED, "took back a vote for"),
    Kind.EDIT: (Verb.EDITED, "edited"),
    Kind.RESTORE: (Verb.EDITED, "restored"),
    Kind.DELETE: (Verb.DELETED, "deleted"),
    Kind.REMOVE: (Verb.REMOVED, "removed"),
}
ARTEFACT_TYPES: Final = {
    ArtefactType.CHAT_MESSAGE: ActivityType.CHAT_MESSAGE,
    ArtefactType.TOPIC: ActivityType.FORUM_TOPIC,
    ArtefactType.FORUM_POST: ActivityType.FORUM_REPLY,
}
TYPES_BY_KIND: Final = {
    Kind.ASK: ActivityType.QUESTION,
    Kind.ANSWER: ActivityType.FORUM_REPLY,
    Kind.ACCEPT: ActivityType.SOLUTION,
    Kind.UNACCEPT: ActivityType.SOLUTION,
}
"""What an artefact is by the part it plays, where that says more than its nature."""
PLACE_TYPES: Final = {PlaceType.CHANNEL: ActivityType.CHAT_CHANNEL, PlaceType.BOARD: ActivityType.DISCUSSION}
ROOT_IS_QUESTION: Final = frozenset({Kind.ANSWER, Kind.ACCEPT, Kind.UNACCEPT})


def statement_of(interaction: Interaction, source: Source) -> dict[str, JSON]:
    """Return the statement that tells *interaction*: equal bytes for every delivery of it, without authority."""
    verb, display = VERBS[interaction.kind]
    statement: dict[str, JSON] = {
        "id": id_of(source.id, interaction),
        "actor": _agent(source, interaction.actor),
        "verb": {"id": verb, "display": {"en": display}},
        "object": _object(interaction),
    }
    if result := _result(interaction):
        statement["result"] = result
    statement["context"] = _context(interaction, source)
    statement["timestamp"] = interaction.happened
    statement["version"] = VERSION
    return statement


def body_of(statement: dict[str, JSON], authority: JSON) -> bytes:
    """Write *statement* with *authority*, as it goes into the log."""
    return orjson.dumps({**statement, "authority": authority})


def account(source: Source, name: AccountName) -> dict[str, str]:
    """Name a person by the platform's own id."""
    return {"homePage": source.workspace, "name": name}


def _agent(source: Source, name: AccountName) -> JSON:
    return {"objectType": "Agent", "account": account(source, name)}


def _object(interaction: Interaction) -> JSON:
    kind = interaction.kind
    activity = _activity(interaction.artefact, TYPES_BY_KIND.get(kind))
    if kind in MAKING and interaction.artefact.title:
        activity["definition"]["name"] = {"und": interaction.artefact.title}
    return activity


def _result(interaction: Interaction) -> JSON:
    result: dict[str, JSON] = {}
    if interaction.text is not None:
        result["response"] = interaction.text
    if interaction.emoji is not None:
        result["extensions"] = {EMOJI_EXTENSION: interaction.emoji}
    return result


def _context(interaction: Interaction, source: Source) -> JSON:
    place = interaction.place
    context: dict[str, JSON] = {"contextActivities": _context_activities(interaction)}
    if interaction.kind is Kind.EDIT:
        context["revision"] = interaction.revision
    context["platform"] = source.platform
    about = _about(interaction)
    if about is not None:
        context["statement"] = {"objectType": "StatementRef", "id": creation_of(source.id, about.native)}
    if place is not None:
        context["team"] = {"objectType": "Group", "account": {"homePage": source.workspace, "name": place.id}}
    if interaction.author is not None:
        context["extensions"] = {TARGET_EXTENSION: _agent(source, interaction.author)}
    return context


def _about(interaction: Interaction) -> Artefact | None:
    """Return what this act was about: what was replied to, or what was acted upon."""
    return interaction.parent if interaction.kind in MAKING else interaction.artefact


def _context_activities(interaction: Interaction) -> JSON:
    place, parent, root = interaction.place, interaction.parent, interaction.root
    question = ActivityType.QUESTION if interaction.kind in ROOT_IS_QUESTION else None
    activities: dict[str, JSON] = {}
    if parent is not None:
        activities["parent"] = [_activity(parent, question if root is not None and parent.native == root.native else None)]
    elif place is not None and interaction.kind in MAKING:
        activities["parent"] = [_place(place)]
    grouping = [_activity(root, question)] if root is not None else []
    if place is not None:
        grouping.append(_place(place))
    if grouping:
        activities["grouping"] = grouping
    data_class = METADATA_CLASS if interaction.text is None else TEXT_CLASS
    activities["category"] = [{"objectType": "Activity", "id": PROFILE}, {"objectType": "Activity", "id": data_class}]
    return activities


def _activity(artefact: Artefact, played: ActivityType | None = None) -> dict[str, JSON]:
    return {
        "objectType": "Activity",
        "id": artefact.iri,
        "definition": {"type": played or ARTEFACT_TYPES[artefact.type]},
    }


def _place(place: Place) -> JSON:
    return {"objectType": "Activity", "id": place.iri, "definition": {"type": PLACE_TYPES[place.type]}}
