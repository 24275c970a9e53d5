"""What people do on X to posts and to each other: like, follow, delete."""

from __future__ import annotations

from services.ingest.connectors.fields import member
from services.ingest.connectors.x import tweets
from services.ingest.connectors.x.posts import place, refusal
from services.ingest.domain.interaction import AccountName, Event, Interaction, Kind, Place
from services.ingest.domain.reading import Reading, Reason, Rule, ignored, withdrawal
from services.ingest.domain.source import Source
from shared.xapi.model import JSON


def read_like(source: Source, event: JSON) -> Reading:
    """Read that somebody liked a post; raise Incomplete where it lacks what it needs."""
    liked, actor = tweets.of_v1(member(event, "favorited_status")), _person(event, "user")
    if reason := refusal(source, liked) or _excluded(source, actor):
        return ignored(reason)
    return _liked(liked.name, liked.author, actor, tweets.moment(event, "timestamp_ms"), place(source, liked))


def read_activity_like(source: Source, data: JSON) -> Reading:
    """Read a like of the X Activity API, which names who liked only by whose event it is: of those who like others' posts."""
    like, account = member(data, "payload"), _person(data, "filter", "user_id")
    name, author = tweets.name_of(like, "liked_tweet_id"), _person(like, "liked_tweet_author_id")
    direction = member(data, "filter", "direction")
    if direction == "inbound" or (direction != "outbound" and author == account):
        return ignored(Reason.ACTOR_UNKNOWN)
    liked = tweets.included_tweet(member(data, "includes"), name)
    unheard = Reason.CHANNEL_NOT_ALLOWED if source.policy.channels else None
    if reason := (refusal(source, liked) if liked else unheard) or _excluded(source, account, author):
        return ignored(reason)
    return _liked(name, author, account, tweets.moment(like, "timestamp_ms"), place(source, liked) if liked else None)


def _excluded(source: Source, *people: AccountName) -> Reason | None:
    return None if source.policy.excluded.isdisjoint(people) else Reason.EXCLUDED_ACCOUNT


def _liked(name: str, author: AccountName, actor: AccountName, happened: str, where: Place | None) -> Reading:
    interaction = Interaction(
        event=Event.LIKED,
        kind=Kind.LIKE,
        artefact=tweets.post(name),
        actor=actor,
        happened=happened,
        place=where,
        revision=f"{actor} {happened}",
        author=author if author != actor else None,
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
    if reason := _excluded(source, actor, followed):
        return ignored(reason)
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
    """Read that a post was deleted, in whichever of its versions: heard wherever it had been.

    The X Activity API tells no time of it: then it is told at that of the post.
    """
    del source
    artefact = tweets.post(tweets.name_of(member(event, "status"), "id_str", "id"))
    timed = tweets.optional_name(event, "timestamp_ms") is not None
    happened = tweets.moment(event, "timestamp_ms") if timed else tweets.made_at(artefact.native)
    return Reading(undecided=(withdrawal(artefact, happened, rule=Rule.TAKEN_BACK),))


def _person(document: JSON, *path: str) -> AccountName:
    """Return the account at *path*, written out or named; raise Incomplete where there is none."""
    *above, last = path
    named = member(document, *above)
    written = member(named, last)
    if isinstance(written, dict):
        return AccountName(tweets.name_of(written, "id_str", "id"))
    return AccountName(tweets.name_of(named, last))
