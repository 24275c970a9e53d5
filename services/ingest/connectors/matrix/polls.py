"""Polls in Matrix (MSC3381), as they are sent today under its own prefix and as they are to be sent."""

from __future__ import annotations

import hashlib
from typing import Final

from services.ingest.connectors.fields import IDENTIFIER, LONGEST_ID, member, optional_text, several
from services.ingest.connectors.matrix import places
from services.ingest.connectors.matrix.edits import is_edit, new_content, read_edit
from services.ingest.domain.interaction import ArtefactType, Choice, Event, Interaction, Kind
from services.ingest.domain.reading import Known, Reading, Reason, ignored
from services.ingest.domain.source import Source
from shared.xapi.model import JSON

PREFIX: Final = "org.matrix.msc3381.poll"
TEXTS: Final = ("m.text", "org.matrix.msc1767.text")
MOST_ANSWERS: Final = 20
"""MSC3381: further answers are cut off."""


def read_start(source: Source, event: JSON) -> Reading:
    """Read that a poll was opened, or edited; raise Incomplete where it lacks what it needs."""
    content, channel = member(event, "content"), places.room(event)
    if is_edit(content):
        return read_edit(source, event, ArtefactType.POLL, _words(member(_poll(new_content(content)), "question")))
    poll = _poll(content)
    if not isinstance(poll, dict):
        return ignored(Reason.GONE if content == {} else Reason.UNMAPPED)
    artefact = places.message(channel, places.event_id(event), ArtefactType.POLL)
    interaction = Interaction(
        event=Event.CREATED,
        kind=Kind.OPEN_POLL,
        artefact=artefact,
        actor=places.sender(event),
        happened=places.moment(event),
        place=places.place(channel),
        text=source.policy.text(_words(member(poll, "question"))),
        choices=_choices(source, poll),
    )
    known = Known(artefact, artefact.native, interaction.actor, False, interaction.happened)
    return Reading(decided=(interaction,), known=(known,))


def read_response(source: Source, event: JSON) -> Reading:
    """Read that somebody voted; a vote for nothing is one that was taken back."""
    del source
    content, channel = member(event, "content"), places.room(event)
    answers = member(content, "m.selections") or member(content, f"{PREFIX}.response", "answers")
    chosen = tuple(dict.fromkeys(_choice_id(each) for each in several(answers, most=MOST_ANSWERS) if isinstance(each, str)))
    if not chosen:
        return ignored(Reason.GONE if content == {} else Reason.UNMAPPED)
    interaction = Interaction(
        event=Event.POLL_ANSWERED,
        kind=Kind.ANSWER_POLL,
        artefact=places.message(channel, places.named(content, "$", "m.relates_to", "event_id"), ArtefactType.POLL),
        actor=places.sender(event),
        happened=places.moment(event),
        place=places.place(channel),
        revision=places.event_id(event),
        chosen=chosen,
    )
    return Reading(decided=(interaction,))


def _poll(content: JSON) -> JSON:
    return member(content, "m.poll") or member(content, f"{PREFIX}.start")


def _choices(source: Source, poll: JSON) -> tuple[Choice, ...]:
    found: dict[str, Choice] = {}
    for answer in several(poll, "answers", most=MOST_ANSWERS):
        name = optional_text(answer, "m.id") or optional_text(answer, "id")
        if name:
            chosen = _choice_id(name)
            found.setdefault(chosen, Choice(chosen, source.policy.text(_words(answer))))
    return tuple(found.values())


def _words(block: JSON) -> str | None:
    """Return the text of a question or an answer, in either spelling."""
    for name in TEXTS:
        value = member(block, name)
        written = value if isinstance(value, str) else optional_text(next(iter(several(value)), None), "body")
        if written:
            return written
    return optional_text(block, "body")


def _choice_id(name: str) -> str:
    """Name a choice as its client did, or by a hash where that is no plain word."""
    plain = len(name) <= LONGEST_ID and IDENTIFIER.fullmatch(name)
    return name if plain else hashlib.blake2b(name.encode(errors="replace"), digest_size=6).hexdigest()
