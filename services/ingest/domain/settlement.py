"""What an interaction means once the root of its thread is known, or when we stop waiting for it.

A reply is an answer if somebody else's question began its thread. A reaction accepts if it is one of the accepting ones, by the
asker, upon a reply to the question. A comment is upon what its address or its id turns out to name. Who accepted a solution,
and when a topic was voted for, the platform does not say: its topic does. Who looks at and follows what was written anonymously
may have written it. A topic that was moved is not told again, and what it was before is taken back with it. Who leaves a
session was there since they joined it. What has no time happened when it was first noticed. Deliveries come in any order, so
each such interaction waits until what it depends on is known; all orders end the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Final, assert_never

import msgspec
from msgspec.structs import replace

from services.ingest.domain.emoji import UNKNOWN_EMOJI
from services.ingest.domain.interaction import NOBODY, Artefact, Event, Interaction, Kind
from services.ingest.domain.reading import Known, Reason, Rule, Undecided
from services.ingest.domain.source import SourceId
from shared.xapi.model import StatementId
from shared.xapi.timestamps import instant


class Patience(StrEnum):
    """Whether more is expected to become known."""

    WAITING = "waiting"
    SPENT = "spent"


class Thread(msgspec.Struct, frozen=True):
    """What is known of an undecided interaction's target and of its thread's root; None is not known (yet)."""

    target: Known | None = None
    root: Known | None = None


NOTHING_KNOWN = Thread()


class Waiting(msgspec.Struct, frozen=True):
    """An interaction that waits, under the id of its statement; *orphan* says that it was told without its root."""

    source: SourceId
    statement: StatementId
    undecided: Undecided
    thread: Thread = NOTHING_KNOWN
    orphan: bool = False


WAITING_LONG = frozenset({Rule.SOLUTION, Rule.TOPIC_VOTE, Rule.WITHDRAWAL, Rule.TAKEN_BACK})
"""Without what they wait for these cannot be told at all, so they wait longer before they are given up."""


def decide(undecided: Undecided, thread: Thread, patience: Patience) -> Interaction | Reason | None:
    """Say what *undecided* means, why it means nothing for us, or None while that depends on what is not known yet."""
    interaction, target, root = undecided.interaction, thread.target, thread.root
    match undecided.rule:
        case Rule.BARE_TOPIC | Rule.MOVED:
            meant = _topic(interaction, root if undecided.rule is Rule.MOVED else target, patience)
        case Rule.FORMER:
            meant = _former(interaction, target, root, patience)
        case Rule.WITHDRAWAL | Rule.TAKEN_BACK:
            withdrawn = _withdrawal if undecided.rule is Rule.WITHDRAWAL else _taken_back
            meant = withdrawn(interaction, target, root) if target else _if_spent(patience, Reason.ACTOR_UNKNOWN)
        case Rule.REPLY | Rule.COMMENT:
            said = _reply if undecided.rule is Rule.REPLY else _comment
            meant = said(_upon_message(interaction, target, root), root) if root else _if_spent(patience, interaction)
        case Rule.ACCEPTING_REACTION:
            meant = _reaction(interaction, target, root) if target and root else _if_spent(patience, interaction)
        case Rule.SOLUTION:
            meant = _solution(interaction, root) if root else _if_spent(patience, Reason.ACTOR_UNKNOWN)
        case Rule.TOPIC_VOTE:
            meant = _vote(interaction, root) if root and root.spoken else _if_spent(patience, Reason.INCOMPLETE)
        case Rule.LEAVING | Rule.PRESENCE | Rule.DELETION | Rule.CHANGE | Rule.UPON_NAMED | Rule.NOTICED:
            meant = BY_TARGET[undecided.rule](interaction, target, patience)
        case Rule.DERIVED:
            meant = interaction
        case _:
            assert_never(undecided.rule)
    return meant


def settle(waiting: Waiting, patience: Patience) -> Interaction | Reason | None:
    """Decide what waits; what was once told without its root is told so for ever, whatever is known by now."""
    if waiting.orphan:
        return decide(waiting.undecided, NOTHING_KNOWN, Patience.SPENT)
    return decide(waiting.undecided, waiting.thread, patience)


def is_orphan(undecided: Undecided, thread: Thread) -> bool:
    """Say whether *undecided*, told now, would be told without what it waits for."""
    return decide(undecided, thread, Patience.WAITING) is None


def _if_spent(patience: Patience, otherwise: Interaction | Reason) -> Interaction | Reason | None:
    return otherwise if patience is Patience.SPENT else None


def _topic(interaction: Interaction, told: Known | None, patience: Patience) -> Interaction | Reason | None:
    """Tell a topic by its title alone only if its first post is not delivered, and one that was moved only if it was not told."""
    if told and told.spoken:
        return Reason.TOLD_ALREADY
    return _if_spent(patience, interaction)


def _former(interaction: Interaction, now: Known | None, before: Known | None, patience: Patience) -> Interaction | Reason | None:
    """Take back the former identity of something that was moved; ignore what had no former identity."""
    if now is None or before is None:
        return _if_spent(patience, Reason.TOLD_ALREADY)
    if before.artefact.native == now.artefact.native:
        return Reason.TOLD_ALREADY
    actor = interaction.actor or before.author
    return replace(interaction, artefact=before.artefact, actor=actor) if actor else Reason.BOT


def _withdrawal(interaction: Interaction, target: Known, root: Known | None) -> Interaction | Reason:
    """Tell that something was taken back which we have heard: of its author, unless it is said that somebody else did it.

    What is told without a time is told at that of what was taken back.
    """
    del root
    if target.author is None:
        return Reason.BOT
    interaction = replace(interaction, happened=interaction.happened or target.happened)
    if interaction.kind is not Kind.REMOVE:
        return replace(interaction, actor=target.author)
    if interaction.actor in (target.author, NOBODY):
        return replace(interaction, kind=Kind.DELETE, actor=target.author, author=None)
    return replace(interaction, author=target.author)


def _deletion(interaction: Interaction, target: Known | None, patience: Patience) -> Interaction | Reason | None:
    """Tell of whoever took something back that he or she did, as its author or as another; as it is, where that is not known."""
    if target is None:
        return _if_spent(patience, interaction)
    if target.author in (interaction.actor, None):
        return replace(interaction, artefact=target.artefact)
    return replace(interaction, kind=Kind.REMOVE, artefact=target.artefact, author=target.author)


def _change(interaction: Interaction, target: Known | None, patience: Patience) -> Interaction | Reason | None:
    """Tell an edit where only the author may edit: what another sends as one changes nothing."""
    if target is None:
        return _if_spent(patience, interaction)
    return interaction if target.author in (interaction.actor, None) else Reason.FORGED


def _taken_back(interaction: Interaction, target: Known, root: Known | None) -> Interaction | Reason:
    """Tell what was taken back: a message, or a reaction, which is known without having been spoken itself.

    A version of a message has its address; one that is not of the message's author never was one.
    """
    if target.author is None:
        return Reason.BOT
    version_of = root if root is not None and target.spoken and root.artefact.iri == target.artefact.iri else target
    if version_of.author not in (target.author, None):
        return Reason.FORGED
    if not target.spoken:
        reacted_to = Artefact(target.root, target.artefact.iri, target.artefact.type)
        unreacted = replace(interaction, event=Event.REACTION_REMOVED, kind=Kind.UNREACT, emoji=UNKNOWN_EMOJI)
        return replace(unreacted, artefact=reacted_to, actor=target.author)
    if interaction.actor in (target.author, NOBODY):
        return replace(interaction, artefact=target.artefact, actor=target.author)
    return replace(interaction, kind=Kind.REMOVE, artefact=target.artefact, author=target.author)


def _upon_message(interaction: Interaction, target: Known | None, root: Known) -> Interaction:
    """Return what is said upon a newer version of the message that began the thread as said upon it: both have one address."""
    version = target.artefact if target else root.artefact
    if version.native == root.artefact.native or version.iri != root.artefact.iri:
        return interaction
    above = (interaction.parent, interaction.root)
    parent, begun = (root.artefact if each is not None and each.native == version.native else each for each in above)
    return replace(interaction, parent=parent, root=begun)


def _reply(interaction: Interaction, root: Known) -> Interaction:
    within = interaction.root is None or interaction.root.native == root.artefact.native
    kind = Kind.ANSWER if within and root.question and root.author != interaction.actor else Kind.REPLY
    to_root = interaction.parent is not None and interaction.parent.native == root.artefact.native
    return replace(interaction, kind=kind, author=root.author if to_root else interaction.author)


def _comment(interaction: Interaction, upon: Known) -> Interaction:
    """Tell whom it was said to, and by its own name what it was said upon: it may have been named by its address."""
    thread = upon.artefact if interaction.root == interaction.parent else interaction.root
    author = upon.author if upon.author != interaction.actor else None
    return replace(interaction, parent=upon.artefact, root=thread, author=author)


def _reaction(interaction: Interaction, target: Known, root: Known) -> Interaction:
    accepts = root.question and root.author == interaction.actor and target.artefact.native != root.artefact.native
    if not accepts:
        return interaction
    kind = Kind.ACCEPT if interaction.kind is Kind.REACT else Kind.UNACCEPT
    return replace(interaction, kind=kind, author=target.author, parent=root.artefact, root=root.artefact)


def _solution(interaction: Interaction, root: Known) -> Interaction | Reason:
    return replace(interaction, actor=root.author) if root.author else Reason.ACTOR_UNKNOWN


def _vote(interaction: Interaction, root: Known) -> Interaction:
    return replace(interaction, happened=root.happened, author=root.author)


def _leaving(interaction: Interaction, joined: Known | None, patience: Patience) -> Interaction | Reason | None:
    """Say who left (whoever joined) and how long they were there; leave the duration out if the times contradict each other."""
    if joined is None:
        return _if_spent(patience, interaction if interaction.actor else Reason.ACTOR_UNKNOWN)
    left = replace(interaction, actor=joined.author or interaction.actor)
    seconds = (instant(interaction.happened) - instant(joined.happened)).total_seconds()
    if not left.actor:
        return Reason.ACTOR_UNKNOWN
    return replace(left, seconds=int(seconds)) if seconds >= 0 else left


def _upon_named(interaction: Interaction, target: Known | None, patience: Patience) -> Interaction | Reason | None:
    """Tell what was done to something unless nobody is named who wrote it: it may have been done by whoever did."""
    if target is None:
        return _if_spent(patience, interaction)
    return interaction if target.author else Reason.ACTOR_UNKNOWN


def _noticed(interaction: Interaction, first: Known | None, patience: Patience) -> Interaction | Reason | None:
    """Tell what is told without a time at the time at which it was noticed first, however often it is noticed again."""
    return replace(interaction, happened=first.happened) if first else _if_spent(patience, interaction)


def _by_who_is_there(interaction: Interaction, joined: Known | None, patience: Patience) -> Interaction | Reason | None:
    """Tell that whoever joined did it; of a guest nothing, and of a presence whose beginning is not known what is said of it."""
    actor = joined.author if joined else interaction.actor
    meant = replace(interaction, actor=actor) if actor else Reason.ACTOR_UNKNOWN
    return meant if joined else _if_spent(patience, meant)


BY_TARGET: Final[Mapping[Rule, Callable[[Interaction, Known | None, Patience], Interaction | Reason | None]]] = {
    Rule.LEAVING: _leaving,
    Rule.PRESENCE: _by_who_is_there,
    Rule.DELETION: _deletion,
    Rule.CHANGE: _change,
    Rule.UPON_NAMED: _upon_named,
    Rule.NOTICED: _noticed,
}
"""What depends on its target alone, and means something without it."""
