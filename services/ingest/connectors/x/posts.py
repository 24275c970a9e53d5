"""What is written on X: posts, replies, reposts, quotations, with whom they mention and what is attached."""

from __future__ import annotations

from typing import Final
from urllib.parse import quote

from msgspec.structs import replace

from services.ingest.connectors.fields import fits, member
from services.ingest.connectors.x import tweets
from services.ingest.connectors.x.tweets import Tweet
from services.ingest.domain.interaction import (
    AccountName,
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
from services.ingest.domain.reading import Known, Reading, Reason, Rule, Undecided, ignored
from services.ingest.domain.source import Source
from services.ingest.domain.text import asks
from shared.xapi.model import JSON
from shared.xapi.validation import is_iri

LONGEST_ADDRESS: Final = 800


def read_tweet(source: Source, tweet: Tweet) -> Reading:
    """Read what a post says and does."""
    if reason := refusal(source, tweet):
        return ignored(reason)
    if tweet.reposted is not None:
        return Reading(decided=tuple(_shares(source, tweet, tweet.reposted)))
    if tweet.edits is not None:
        return _edited(source, tweet, tweets.post(tweet.edits))
    made = _made(source, tweet)
    beside = (*_mentions(source, tweet, made), *_files(tweet, made), *_shares(source, tweet, tweet.quoted))
    question = made.kind is Kind.ASK
    root = NativeId(tweet.replied or tweet.name)
    known = (Known(made.artefact, root, made.actor, question, made.happened),)
    if tweet.replied is None:
        return Reading(decided=(made, *beside), known=known)
    parent = tweets.post(tweet.replied)
    reply = replace(made, kind=Kind.REPLY, parent=parent, root=parent)
    return Reading(decided=beside, undecided=(Undecided(Rule.REPLY, parent.native, reply),), known=known)


def refusal(source: Source, tweet: Tweet) -> Reason | None:
    """Say why a post is not ours to hear, or None if it is."""
    if tweet.protected and not source.policy.private:
        return Reason.PRIVATE_CHANNEL
    if tweet.author in source.policy.excluded:
        return Reason.EXCLUDED_ACCOUNT
    return Reason.CHANNEL_NOT_ALLOWED if source.policy.channels and place(source, tweet) is None else None


def place(source: Source, tweet: Tweet) -> Place | None:
    """Return the first hashtag of a post that is on the allow-list: as a community around it."""
    channels = {each.lstrip("#").casefold() for each in source.policy.channels}
    found = next((each for each in tweet.hashtags if each in channels), None)
    return Place(ChannelId(found), f"{tweets.HOME}/hashtag/{quote(found, safe='')}", PlaceType.COMMUNITY) if found else None


def _made(source: Source, tweet: Tweet) -> Interaction:
    where = place(source, tweet)
    return Interaction(
        event=Event.CREATED,
        kind=Kind.ASK if tweet.replied is None and asks(tweet.said) else Kind.POST,
        artefact=tweets.post(tweet.name),
        actor=tweet.author,
        happened=tweet.happened,
        place=where,
        text=source.policy.text(tweet.said),
        tags=tuple(each for each in tweet.hashtags if source.policy.text(each) and (not where or each != where.id)),
    )


def _edited(source: Source, tweet: Tweet, former: Artefact) -> Reading:
    """Read that a post was edited: its new version has an id of its own, and is no second post."""
    interaction = Interaction(
        event=Event.EDITED,
        kind=Kind.EDIT,
        artefact=former,
        actor=tweet.author,
        happened=tweet.happened,
        place=place(source, tweet),
        revision=tweet.name,
        text=source.policy.text(tweet.said),
    )
    version = Artefact(NativeId(tweet.name), former.iri, former.type)
    return Reading(decided=(interaction,), known=(Known(version, former.native, tweet.author, False, tweet.happened),))


def _shares(source: Source, tweet: Tweet, shared: JSON) -> tuple[Interaction, ...]:
    """Return that a post shares another, which it reposts or quotes; a protected one is not shared."""
    name, user = tweets.optional_name(shared, "id_str", "id"), member(shared, "user")
    if name is None or (member(user, "protected") is True and not source.policy.private):
        return ()
    author = tweets.optional_name(user, "id_str", "id")
    known = AccountName(author) if author and author != tweet.author and author not in source.policy.excluded else None
    shares = Interaction(
        event=Event.SHARED,
        kind=Kind.SHARE,
        artefact=tweets.post(name),
        actor=tweet.author,
        happened=tweet.happened,
        place=place(source, tweet),
        revision=tweet.name,
        author=known,
    )
    return (shares,)


def _mentions(source: Source, tweet: Tweet, made: Interaction) -> tuple[Interaction, ...]:
    bare = replace(made, text=None, tags=())
    return tuple(
        replace(bare, event=Event.MENTIONED, kind=Kind.MENTION, person=each, revision=each)
        for each in tweet.mentions
        if each != made.actor and each not in source.policy.excluded
    )


def _files(tweet: Tweet, made: Interaction) -> tuple[Interaction, ...]:
    bare = replace(made, kind=Kind.ATTACH, text=None, tags=(), parent=made.artefact)
    return tuple(
        replace(bare, artefact=Artefact(NativeId(f"{tweet.name} {address}"), address, ArtefactType.FILE))
        for address in dict.fromkeys(tweet.pictures)
        if fits(address, LONGEST_ADDRESS) and is_iri(address)
    )
