"""A post of X as one value, whichever version of the API wrote it (docs.x.com, "Tweet object", "Post lookup")."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from services.ingest.connectors.fields import Incomplete, member, optional_number, optional_text, several
from services.ingest.connectors.times import of_milliseconds
from services.ingest.domain.interaction import AccountName, Artefact, ArtefactType, NativeId
from services.ingest.domain.markup import unescaped
from shared.xapi.model import JSON

HOME: Final = "https://x.com"
LONGEST_TAG: Final = 100
FIRST_SNOWFLAKE: Final = 1_288_834_974_657
"""The millisecond from which ids count since November 2010."""
OLDEST_SNOWFLAKE: Final = 30_000_000_000
LARGEST: Final = 2**63
LONGEST_TEXT: Final = 100_000
LONGEST_ADDRESS: Final = 2000
_SHORT: Final = re.compile(r"https?://[0-9A-Za-z.-]+/[0-9A-Za-z]+")


@dataclass(frozen=True, slots=True)
class Tweet:
    """A post: ids of it, of its author and of what it refers to, and what it says; *edits* is what it is a newer version of."""

    name: str
    author: AccountName
    happened: str
    said: str
    replied: str | None = None
    quoted: JSON = None
    reposted: JSON = None
    hashtags: tuple[str, ...] = ()
    mentions: tuple[AccountName, ...] = ()
    pictures: tuple[str, ...] = ()
    protected: bool = False
    edits: str | None = None


def name_of(document: JSON, *names: str) -> str:
    """Return the first of the ids called *names*; raise Incomplete where there is none."""
    found = optional_name(document, *names)
    if found is None:
        raise Incomplete(names[0])
    return found


def optional_name(document: JSON, *names: str) -> str | None:
    """Return the first of the ids called *names*, written as text or as a number; None where there is none."""
    for each in names:
        value = optional_number(document, each)
        written = optional_text(document, each)
        if value is None and written and written.isascii() and written.isdecimal():
            value = int(written[:20])
        if value is not None and 0 < value < LARGEST:
            return str(value)
    return None


def post(name: str) -> Artefact:
    """Return the post called *name*."""
    return Artefact(NativeId(name), f"{HOME}/i/status/{name}", ArtefactType.NOTE)


def page(account: AccountName) -> Artefact:
    """Return the page of an account."""
    return Artefact(NativeId(f"user/{account}"), f"{HOME}/i/user/{account}", ArtefactType.PROFILE)


def moment(document: JSON, *names: str) -> str:
    """Return the first of the times called *names*, in milliseconds; raise Incomplete where there is none."""
    for each in names:
        written = optional_name(document, each)
        if written is not None and (found := of_milliseconds(int(written))):
            return found
    raise Incomplete(names[0])


def made_at(name: str) -> str:
    """Return when a post was made, by its id; raise Incomplete for one of before 2010."""
    made = of_milliseconds((int(name) >> 22) + FIRST_SNOWFLAKE)
    if int(name) < OLDEST_SNOWFLAKE or made is None:
        raise Incomplete("id")
    return made


def of_v1(document: JSON) -> Tweet:
    """Read a post as the Account Activity API writes it; raise Incomplete where it lacks what it needs."""
    name, longer = name_of(document, "id_str", "id"), member(document, "extended_tweet")
    entities = member(longer, "entities") or member(document, "entities")
    media = several(longer, "extended_entities", "media") or several(document, "extended_entities", "media")
    said = optional_text(longer, "full_text") or optional_text(document, "full_text") or optional_text(document, "text") or ""
    return Tweet(
        name=name,
        author=AccountName(name_of(member(document, "user"), "id_str", "id")),
        happened=made_at(name),
        said=_written_out(said, entities),
        replied=optional_name(document, "in_reply_to_status_id_str", "in_reply_to_status_id"),
        quoted=member(document, "quoted_status"),
        reposted=member(document, "retweeted_status"),
        hashtags=_hashtags(entities, "text"),
        mentions=_mentions(entities, "user_mentions", "id_str"),
        pictures=tuple(each for each in (optional_text(item, "media_url_https") for item in media) if each),
        protected=member(document, "user", "protected") is True,
        edits=_former(name, optional_name(member(document, "edit_history"), "initial_tweet_id")),
    )


def of_v2(document: JSON, includes: JSON = None) -> Tweet:
    """Read a post as the X Activity API writes it, with what it *includes*; raise Incomplete where it lacks what it needs.

    Of a long post `text` is the beginning: `note_tweet` has all of it.
    """
    name, longer = name_of(document, "id"), member(document, "note_tweet")
    entities = member(longer, "entities") or member(document, "entities")
    referred = {optional_text(each, "type"): each for each in several(document, "referenced_tweets")}
    author = name_of(document, "author_id")
    return Tweet(
        name=name,
        author=AccountName(author),
        happened=made_at(name),
        said=_written_out(optional_text(longer, "text") or optional_text(document, "text") or "", entities),
        replied=optional_name(referred.get("replied_to"), "id") or optional_name(document, "in_reply_to_tweet_id"),
        quoted=_referred(referred.get("quoted"), includes),
        reposted=_referred(referred.get("retweeted"), includes),
        hashtags=_hashtags(entities, "tag"),
        mentions=_mentions(entities, "mentions", "id"),
        pictures=_included_pictures(document, includes),
        protected=member(_included(includes, "users", author), "protected") is True,
        edits=_former(name, _first_of(document)),
    )


def _first_of(document: JSON) -> str | None:
    """Return the first version of a post."""
    return next((optional_name({"id": each}, "id") for each in several(document, "edit_history_tweet_ids")), None)


def _former(name: str, first: str | None) -> str | None:
    return first if first != name else None


def included_tweet(includes: JSON, name: str) -> Tweet | None:
    """Return the post called *name*, if it is told whole beside what happened."""
    found = _included(includes, "tweets", name)
    try:
        return of_v2(found, includes) if found is not None else None
    except Incomplete:
        return None


def _referred(reference: JSON, includes: JSON) -> JSON:
    """Return a post that is referred to as the Account Activity API writes it, as far as it is told: its id, and who wrote it."""
    name = optional_name(reference, "id")
    if name is None:
        return None
    author = optional_name(_included(includes, "tweets", name), "author_id")
    user = {"id": author, "protected": member(_included(includes, "users", author), "protected")} if author else None
    return {"id": name, "user": user}


def _included(includes: JSON, kind: str, name: str) -> JSON:
    """Return the thing called *name* that is told beside, whether or not it is wrapped once more."""
    found = (member(each, "data") or each for each in several(includes, kind))
    return next((each for each in found if optional_name(each, "id") == name), None)


def _included_pictures(document: JSON, includes: JSON) -> tuple[str, ...]:
    keys = {each for each in several(document, "attachments", "media_keys") if isinstance(each, str)}
    shown = (each for each in several(includes, "media") if member(each, "media_key") in keys)
    found = (optional_text(each, "url") or optional_text(each, "preview_image_url") for each in shown)
    return tuple(each for each in found if each)


def _written_out(said: str, entities: JSON) -> str:
    """Return what a post says, with the addresses that X has shortened to its own, as far as LONGEST_TEXT has room for them."""
    words, known = unescaped(said[:LONGEST_TEXT]), dict(_shortened(entities))
    room = LONGEST_TEXT - len(words)

    def whole(found: re.Match[str]) -> str:
        nonlocal room
        short = found[0]
        longer = len(known.get(short, short)) - len(short)
        if longer > room:
            return short
        room -= longer
        return known.get(short, short)

    return _SHORT.sub(whole, words)


def _shortened(entities: JSON) -> Iterator[tuple[str, str]]:
    """Yield each address of X's own that a post holds, and what it stands for."""
    for each in several(entities, "urls"):
        short, whole = optional_text(each, "url"), optional_text(each, "unwound_url") or optional_text(each, "expanded_url")
        if short and whole and len(whole) <= LONGEST_ADDRESS:
            yield short, whole


def _hashtags(entities: JSON, name: str) -> tuple[str, ...]:
    found = (optional_text(each, name) for each in several(entities, "hashtags"))
    return tuple(dict.fromkeys(each.casefold()[:LONGEST_TAG] for each in found if each))


def _mentions(entities: JSON, kind: str, name: str) -> tuple[AccountName, ...]:
    found = (optional_name(each, name) for each in several(entities, kind))
    return tuple(dict.fromkeys(AccountName(each) for each in found if each))
