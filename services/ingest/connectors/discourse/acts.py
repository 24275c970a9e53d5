"""What people do to posts and topics of Discourse: like them, accept them, vote for them."""

from __future__ import annotations

from services.ingest.connectors.discourse import places
from services.ingest.connectors.discourse.posts import artefact_of
from services.ingest.connectors.fields import member, number, optional_text
from services.ingest.domain.interaction import NOBODY, AccountName, Event, Interaction, Kind
from services.ingest.domain.reading import Reading, Reason, Rule, Undecided, ignored
from services.ingest.domain.source import Source
from shared.xapi.model import JSON

SOLUTIONS = {
    "accepted_solution": (Event.ACCEPTED, Kind.ACCEPT),
    "unaccepted_solution": (Event.UNACCEPTED, Kind.UNACCEPT),
}
VOTES = {"topic_upvote": (Event.VOTED, Kind.VOTE), "topic_unvote": (Event.UNVOTED, Kind.UNVOTE)}


def read_like(source: Source, event: str, like: JSON) -> Reading:
    """Read a like; Discourse does not report when a like was given, nor that one was taken back."""
    post = member(like, "post")
    if event != "post_liked":
        return ignored(Reason.UNMAPPED)
    user_id = number(like, "user", "id")
    if reason := places.refusal(source, post) or places.unheard(source, user_id, optional_text(like, "user", "username")):
        return ignored(reason)

    changed = places.changed_at(post)
    interaction = Interaction(
        event=Event.LIKED,
        kind=Kind.LIKE,
        artefact=artefact_of(source, post),
        actor=AccountName(str(user_id)),
        happened=changed,
        place=places.place(source, post),
        revision=f"{user_id} {changed}",
        author=places.author(source, post),
    )
    return Reading(decided=(interaction,))


def read_solution(source: Source, event: str, post: JSON) -> Reading:
    """Read that a reply was accepted as the solution, or no longer is: by who began the topic, since Discourse does not say."""
    if event not in SOLUTIONS:
        return ignored(Reason.UNMAPPED)
    if reason := places.refusal(source, post):
        return ignored(reason)
    happening, kind = SOLUTIONS[event]
    topic, changed = places.topic(source, places.positive(post, "topic_id")), places.changed_at(post)
    interaction = Interaction(
        event=happening,
        kind=kind,
        artefact=artefact_of(source, post),
        actor=NOBODY,
        happened=changed,
        place=places.place(source, post),
        revision=changed,
        parent=topic,
        root=topic,
        author=places.author(source, post),
    )
    return Reading(undecided=(Undecided(Rule.SOLUTION, topic.native, interaction),))


def read_vote(source: Source, event: str, vote: JSON) -> Reading:
    """Read a vote for a topic, or its withdrawal (plugin Topic Voting); Discourse reports neither its time nor the category."""
    if event not in VOTES:
        return ignored(Reason.UNMAPPED)
    voter = number(vote, "voter_id")
    if reason := places.unheard(source, voter, None):
        return ignored(reason)
    happening, kind = VOTES[event]
    topic = places.topic(source, places.positive(vote, "topic_id"))
    interaction = Interaction(
        event=happening,
        kind=kind,
        artefact=topic,
        actor=AccountName(str(voter)),
        happened="",
        place=None,
        revision=str(voter),
    )
    return Reading(undecided=(Undecided(Rule.TOPIC_VOTE, topic.native, interaction),))
