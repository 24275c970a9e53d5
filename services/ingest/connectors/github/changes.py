"""What happens to anything that was written on GitHub: it is made, edited, taken back."""

from __future__ import annotations

from typing import Final

from services.ingest.connectors.fields import member, optional_text, optional_time, time
from services.ingest.connectors.github import places
from services.ingest.connectors.github.places import Repository, Told
from services.ingest.domain.interaction import NOBODY, Artefact, Event, Interaction, Kind, NativeId
from services.ingest.domain.reading import Known, Reading, Reason, Rule, Undecided, ignored
from services.ingest.domain.source import Source
from shared.xapi.model import JSON

EDITABLE: Final = ("title", "body")


def made(source: Source, interaction: Interaction, author: JSON, root: NativeId) -> Reading:
    """Tell that *interaction* made its artefact in the thread *root*, and remember who did, unless *author* is not heard."""
    reason = places.unheard(source, author)
    asks = interaction.kind is Kind.ASK and reason is None
    known = Known(interaction.artefact, root, None if reason else interaction.actor, asks, interaction.happened)
    return Reading(known=(known,), ignored=(reason,)) if reason else Reading(decided=(interaction,), known=(known,))


def edited(told: Told, repo: Repository, written: JSON, artefact: Artefact) -> Reading:
    """Read that the sender changed what was *written*, unless the words stayed the same."""
    source, sender, before = told.source, member(told.document, "sender"), member(told.document, "changes")
    if all(member(before, name) is None or member(before, name, "from") == member(written, name) for name in EDITABLE):
        return ignored(Reason.UNCHANGED)
    if reason := places.unheard(source, sender):
        return ignored(reason)
    actor, author = places.account(sender, "sender"), places.heard(source, member(written, "user"))
    changed = optional_time(written, "updated_at") or told.noticed or time(written, "submitted_at")
    interaction = Interaction(
        event=Event.EDITED,
        kind=Kind.EDIT,
        artefact=artefact,
        actor=actor,
        happened=changed,
        place=places.place(repo),
        revision=changed,
        author=author if author != actor else None,
        text=source.policy.text(optional_text(written, "body")),
    )
    return Reading(decided=(interaction,))


def deleted(told: Told, repo: Repository, written: JSON, artefact: Artefact) -> Reading:
    """Read that what was *written* was taken back: heard even where its repository no longer is, if it had been."""
    source, refused = told.source, places.refusal(told.source, repo)
    author, remover = places.heard(source, member(written, "user")), places.heard(source, member(told.document, "sender"))
    own = remover is None or remover == author
    interaction = Interaction(
        event=Event.DELETED,
        kind=Kind.DELETE if own else Kind.REMOVE,
        artefact=artefact,
        actor=(author if own else remover) or NOBODY,
        happened=told.noticed or optional_time(written, "updated_at") or time(written, "created_at"),
        place=None if refused else places.place(repo),
        author=None if own else author,
    )
    if refused or author is None:
        return Reading(undecided=(Undecided(Rule.WITHDRAWAL, artefact.native, interaction),))
    return Reading(decided=(interaction,))
