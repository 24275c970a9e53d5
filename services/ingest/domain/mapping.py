"""An interaction as an xAPI statement, version 1.0.3, after our profile for social learning (`shared.xapi.profile`).

An act that makes an artefact has that artefact as object, any other act its target; a person is the object where one was
mentioned, followed or praised. `parent` is what was replied to or what it is contained in, `grouping` the thread's root and the
channel, `category` our profile and the class of data, `other` tags; `context.statement` is the statement that made the parent or
the target, `context.team` the channel as a group. Text stands in `result.response` only.
"""

from __future__ import annotations

from typing import Final
from urllib.parse import quote
from uuid import uuid5

import orjson

from services.ingest.domain.identity import NAMESPACE, creation_of, id_of, statement_id
from services.ingest.domain.interaction import (
    MAKING,
    NOBODY,
    TOLD_WHEN_MADE,
    UPON_PERSONS,
    AccountName,
    Artefact,
    ArtefactType,
    Event,
    Interaction,
    Kind,
    Place,
    Rating,
)
from services.ingest.domain.source import Source
from services.ingest.domain.words import ARTEFACT_TYPES, PLACE_TYPES, ROOT_IS_QUESTION, TYPES_BY_KIND, VERBS
from shared.xapi.model import JSON
from shared.xapi.vocabulary import (
    EMOJI_EXTENSION,
    METADATA_CLASS,
    PROFILE_VERSION,
    TARGET_EXTENSION,
    TEXT_CLASS,
    ActivityType,
)

VERSION: Final = "1.0.3"
NAMING: Final = MAKING | {Kind.START}
"""Kinds that name what they are about: a session, too, when it starts."""
UNTIMED: Final = frozenset({Kind.VOID})
"""Kinds that are told of no thread, place or time but their own: the specification allows a voiding statement no more."""


def statement_of(interaction: Interaction, source: Source) -> dict[str, JSON]:
    """Return the statement that tells *interaction*: equal bytes for every delivery of it, without authority."""
    verb, display = VERBS[interaction.kind]
    statement: dict[str, JSON] = {
        "id": id_of(source.id, interaction),
        "actor": _actor(interaction, source),
        "verb": {"id": verb, "display": {"en": display}},
        "object": _object(interaction, source),
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


def _actor(interaction: Interaction, source: Source) -> JSON:
    if interaction.actor == NOBODY and interaction.place is not None:
        return _team(interaction.place, source)
    return _agent(source, interaction.actor)


def _team(place: Place, source: Source) -> JSON:
    return {"objectType": "Group", "account": {"homePage": source.workspace, "name": place.id}}


def _agent(source: Source, name: AccountName) -> JSON:
    return {"objectType": "Agent", "account": account(source, name)}


def _object(interaction: Interaction, source: Source) -> JSON:
    kind = interaction.kind
    if kind is Kind.VOID:
        told = statement_id(source.id, interaction.artefact.native, Event.ATTENDED, interaction.voided)
        return {"objectType": "StatementRef", "id": told}
    if interaction.person is not None and _is_upon_person(interaction):
        return _agent(source, interaction.person)
    activity = _activity(interaction.artefact, TYPES_BY_KIND.get(kind))
    definition = activity["definition"]
    if kind in NAMING and interaction.artefact.title:
        definition["name"] = {"und": interaction.artefact.title}
    if interaction.artefact.type is ArtefactType.POLL:
        definition |= _poll(interaction)
    return activity


def _is_upon_person(interaction: Interaction) -> bool:
    """Say whether the object is a person; of such a statement the specification allows no platform (1.0.3 Data §2.4.6)."""
    return interaction.kind in UPON_PERSONS and interaction.person is not None


def _poll(interaction: Interaction) -> dict[str, JSON]:
    """Describe a poll as an interaction activity (xAPI 1.0.3 Data, appendix C)."""
    chosen = [{"id": each.id, "description": {"und": each.text or each.id}} for each in interaction.choices]
    return {"interactionType": "choice", **({"choices": chosen} if chosen else {})}


def _result(interaction: Interaction) -> JSON:
    result: dict[str, JSON] = {}
    if interaction.rating is not None:
        result["score"] = _score(interaction.rating)
    if interaction.chosen:
        result["response"] = "[,]".join(interaction.chosen)
    elif interaction.text is not None:
        result["response"] = interaction.text
    if interaction.seconds is not None:
        result["duration"] = f"PT{interaction.seconds}S"
    if interaction.emoji is not None:
        result["extensions"] = {EMOJI_EXTENSION: interaction.emoji}
    return result


def _score(rating: Rating) -> JSON:
    scaled = (rating.given - rating.lowest) / (rating.highest - rating.lowest)
    return {"scaled": round(scaled, 4), "raw": rating.given, "min": rating.lowest, "max": rating.highest}


def _context(interaction: Interaction, source: Source) -> JSON:
    if interaction.kind in UNTIMED:
        return {"contextActivities": {"category": _categories(interaction)}}
    place, context = interaction.place, dict[str, JSON]()
    if session := _session(interaction):
        context["registration"] = str(uuid5(NAMESPACE, orjson.dumps([source.id, session.native, "session"]).decode()))
    context["contextActivities"] = _context_activities(interaction, source)
    if interaction.kind is Kind.EDIT:
        context["revision"] = interaction.revision
    if not _is_upon_person(interaction):
        context["platform"] = source.platform
    about = _about(interaction)
    if about is not None and about.type in TOLD_WHEN_MADE and interaction.kind is not Kind.ASK:  # a question begins a thread
        context["statement"] = {"objectType": "StatementRef", "id": creation_of(source.id, about.native)}
    if place is not None:
        context["team"] = _team(place, source)
    if interaction.author is not None:
        context["extensions"] = {TARGET_EXTENSION: _agent(source, interaction.author)}
    return context


def _session(interaction: Interaction) -> Artefact | None:
    """Return the session in which it happened: all that happens there is one attempt."""
    around = (interaction.artefact, interaction.parent, interaction.root)
    return next((each for each in around if each is not None and each.type is ArtefactType.SESSION), None)


def _about(interaction: Interaction) -> Artefact | None:
    """Return what this act was about: what was replied to, or what was acted upon."""
    return interaction.parent if interaction.kind in MAKING else interaction.artefact


def _context_activities(interaction: Interaction, source: Source) -> JSON:
    place, parent, root = interaction.place, interaction.parent, interaction.root
    if parent is None and _is_upon_person(interaction) and interaction.artefact.type in TOLD_WHEN_MADE:
        parent = interaction.artefact
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
    activities["category"] = _categories(interaction)
    if interaction.tags:
        activities["other"] = [_tag(source, each) for each in interaction.tags]
    return activities


def _categories(interaction: Interaction) -> JSON:
    data_class = METADATA_CLASS if interaction.text is None else TEXT_CLASS
    return [{"objectType": "Activity", "id": PROFILE_VERSION}, {"objectType": "Activity", "id": data_class}]


def _tag(source: Source, tag: str) -> JSON:
    """Return a tag as an activity of its own, one for each tag of a workspace."""
    iri = f"{source.workspace}/tags/{quote(tag.casefold(), safe='')}"
    return {"objectType": "Activity", "id": iri, "definition": {"type": ActivityType.TAG}}


def _activity(artefact: Artefact, played: ActivityType | None = None) -> dict[str, JSON]:
    return {
        "objectType": "Activity",
        "id": artefact.iri,
        "definition": {"type": played or ARTEFACT_TYPES[artefact.type]},
    }


def _place(place: Place) -> JSON:
    return {"objectType": "Activity", "id": place.iri, "definition": {"type": PLACE_TYPES[place.type]}}
