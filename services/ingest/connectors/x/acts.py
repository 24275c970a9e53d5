"""What people do on X to posts and to each other: like, follow, delete."""

from __future__ import annotations

from services.ingest.connectors.fields import member
from services.ingest.connectors.x import tweets
from services.ingest.connectors.x.posts import place, refusal
from services.ingest.domain.interaction import NOBODY, AccountName, Event, Interaction, Kind
from services.ingest.domain.reading import Reading, Reason, Rule, Undecided, ignored
from services.ingest.domain.source import Source
from shared.xapi.model import JSON


def read_like(source: Source, event: JSON) -> Reading:
    """Read that somebody liked a post; raise Incomplete where it lacks what it needs."""
    liked, actor = tweets.of_v1(member(event, "favorited_status")), _person(event, "user")
    reason = refusal(source, liked)
    if reason is Reason.EXCLUDED_ACCOUNT or actor in source.policy.excluded:
        return ignored(Reason.EXCLUDED_ACCOUNT)
    if reason:
        return ignored(reason)
    happened = tweets.moment(event, "timestamp_ms")
    interaction = Interaction(
        event=Event.LIKED,
        kind=Kind.LIKE,
        artefact=tweets.post(liked.name),
        actor=actor,
        happened=happened,
        place=place(source, liked),
        revision=f"{actor} {happened}",
        author=liked.author if liked.author != actor else None,
    )
    return Reading(decided=(interaction,))


def read_follow(source: Source, event: JSON) -> Reading:
    """Read that an account follows another, or does so no more; raise Incomplete where it lacks what it needs."""
    match member(event, "type"):
        case "follow":
            meaning = (Event.FOLLOWED, Kind.FOLLOW)
        case "unfollow":
            meaning = (Event.UNFOLLOWED, Kind.UNFOLLOW)
        case _:
            return ignored(Reason.UNMAPPED)
    actor, followed = _person(event, "source"), _person(event, "target")
    if not source.policy.excluded.isdisjoint({actor, followed}):
        return ignored(Reason.EXCLUDED_ACCOUNT)
    happened = tweets.moment(event, "created_timestamp")
    interaction = Interaction(
        event=meaning[0],
        kind=meaning[1],
        artefact=tweets.page(followed),
        actor=actor,
        happened=happened,
        place=None,
        revision=f"{actor} {happened}",
        person=followed,
    )
    return Reading(decided=(interaction,))


def read_deleted(source: Source, event: JSON) -> Reading:
    """Read that a post was deleted: heard wherever it had been."""
    del source
    artefact = tweets.post(tweets.name_of(member(event, "status"), "id_str", "id"))
    interaction = Interaction(
        event=Event.DELETED,
        kind=Kind.DELETE,
        artefact=artefact,
        actor=NOBODY,
        happened=tweets.moment(event, "timestamp_ms"),
        place=None,
    )
    return Reading(undecided=(Undecided(Rule.WITHDRAWAL, artefact.native, interaction),))


def _person(document: JSON, name: str) -> AccountName:
    return AccountName(tweets.name_of(member(document, name), "id_str", "id"))
