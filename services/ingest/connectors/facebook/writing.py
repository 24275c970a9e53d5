"""What is written on a page, whichever way Facebook tells it: posts, and comments upon them."""

from __future__ import annotations

from msgspec.structs import replace

from services.ingest.domain.interaction import Artefact, Interaction, Kind
from services.ingest.domain.reading import Known, Reading, Rule, Undecided
from services.ingest.domain.source import Source
from services.ingest.domain.text import asks


def posted(source: Source, made: Interaction, said: str) -> Reading:
    """Read that a post was made, in which *said* stands."""
    question = asks(said)
    post = replace(made, kind=Kind.ASK if question else Kind.POST, text=source.policy.text(said))
    return Reading(decided=(post,), known=(Known(made.artefact, made.artefact.native, made.actor, question, made.happened),))


def commented(source: Source, made: Interaction, said: str, thread: tuple[Artefact, Artefact]) -> Reading:
    """Read that a comment was made upon the first of *thread*, a post or a comment, in that of the second, a post."""
    parent, root = thread
    reply = replace(made, kind=Kind.REPLY, parent=parent, root=root, text=source.policy.text(said))
    known = (Known(made.artefact, root.native, made.actor, False, made.happened),)
    return Reading(undecided=(Undecided(Rule.REPLY, root.native, reply),), known=known)
