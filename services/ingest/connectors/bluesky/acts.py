"""What people do on Bluesky: like, repost and follow, as a list of likes, a feed or the records of a repository tell it."""

from __future__ import annotations

from msgspec.structs import replace

from services.ingest.connectors.bluesky import names
from services.ingest.connectors.bluesky.posts import read_post
from services.ingest.connectors.fields import member, optional_text
from services.ingest.domain.interaction import AccountName, Artefact, Event, Interaction, Kind
from services.ingest.domain.reading import Reading, Reason, ignored
from services.ingest.domain.source import Source
from shared.xapi.model import JSON


def read_record(source: Source, item: JSON) -> Reading:
    """Read a record of a repository (com.atproto.repo.listRecords); raise Incomplete where it lacks what it needs."""
    record, (account, collection, key) = member(item, "value"), names.parts(item, "uri")
    actor = AccountName(account)
    if actor in source.policy.excluded:
        return ignored(Reason.EXCLUDED_ACCOUNT)
    match collection:
        case names.POST:
            return read_post(source, item, record)
        case "app.bsky.feed.like":
            return like(source, names.post(record, "subject", "uri"), actor, names.moment(record))
        case "app.bsky.feed.repost":
            return share(source, names.post(record, "subject", "uri"), actor, names.moment(record), key)
        case "app.bsky.graph.follow":
            return _follow(source, names.did(record, "subject"), actor, names.moment(record))
        case _:
            return ignored(Reason.UNMAPPED)


def read_like(source: Source, liked: Artefact, item: JSON) -> Reading:
    """Read one of the likes of a post (app.bsky.feed.getLikes); raise Incomplete where it lacks what it needs."""
    if reason := names.unheard(source, member(item, "actor")):
        return ignored(reason)
    return like(source, liked, names.did(item, "actor", "did"), names.moment(item))


def read_reason(source: Source, shown: JSON) -> Reading:
    """Read why a feed shows a post: as somebody reposted it, or for another reason, which tells nothing."""
    reason, view = member(shown, "reason"), member(shown, "post")
    if not str(optional_text(reason, "$type")).endswith("#reasonRepost"):
        return ignored(Reason.UNCHANGED)
    if refused := names.unheard(source, member(reason, "by")) or names.unheard(source, member(view, "author")):
        return ignored(refused)
    if refused := names.refusal(source, names.place(source, member(view, "record"))):
        return ignored(refused)
    actor = names.did(reason, "by", "did")
    if actor == source.options.get("repository"):
        return ignored(Reason.TOLD_ALREADY)
    happened = names.moment(reason)
    return share(source, names.post(view, "uri"), actor, happened, happened)


def like(source: Source, liked: Artefact, actor: AccountName, happened: str) -> Reading:
    """Return that *actor* liked a post."""
    return Reading(decided=(_liked(source, liked, actor, happened),))


def share(source: Source, shared: Artefact, actor: AccountName, happened: str, which: str) -> Reading:
    """Return that *actor* reposted a post; *which* tells two reposts of it apart."""
    upon = _liked(source, shared, actor, happened)
    return Reading(decided=(replace(upon, event=Event.SHARED, kind=Kind.SHARE, revision=f"{actor} {which}"),))


def _liked(source: Source, target: Artefact, actor: AccountName, happened: str) -> Interaction:
    author = names.optional_did({"did": names.parts({"uri": target.native}, "uri")[0]}, "did")
    return Interaction(
        event=Event.LIKED,
        kind=Kind.LIKE,
        artefact=target,
        actor=actor,
        happened=happened,
        place=None,
        revision=f"{actor} {happened}",
        author=author if author != actor and author not in source.policy.excluded else None,
    )


def _follow(source: Source, followed: AccountName, actor: AccountName, happened: str) -> Reading:
    if followed in source.policy.excluded:
        return ignored(Reason.EXCLUDED_ACCOUNT)
    page = names.page(followed)
    interaction = Interaction(
        event=Event.FOLLOWED,
        kind=Kind.FOLLOW,
        artefact=page,
        actor=actor,
        happened=happened,
        place=None,
        revision=f"{actor} {happened}",
        person=followed,
    )
    return Reading(decided=(interaction,))
