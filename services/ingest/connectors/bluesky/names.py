"""Bluesky's records, accounts and hashtags: how they are named, and whether they may be heard (atproto.com/specs)."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Final
from urllib.parse import quote

from services.ingest.connectors.fields import Incomplete, member, optional_text, optional_time, several, text
from services.ingest.domain.interaction import AccountName, Artefact, ArtefactType, ChannelId, NativeId, Place, PlaceType
from services.ingest.domain.reading import Reason
from services.ingest.domain.source import Source
from shared.xapi.model import JSON
from shared.xapi.timestamps import instant

URI: Final = re.compile(r"at://([A-Za-z0-9.:_%-]{1,300})/([A-Za-z0-9.-]{1,300})/([A-Za-z0-9._:~-]{1,300})")
DID: Final = re.compile(r"did:[a-z]{1,20}:[A-Za-z0-9._:%-]{1,250}")
POST: Final = "app.bsky.feed.post"
LONGEST_TAG: Final = 100
AHEAD: Final = timedelta(minutes=5)
"""How far an author's clock may be ahead."""
ONLY_SIGNED_IN: Final = "!no-unauthenticated"
"""The label of accounts that ask not to be shown to whoever is not signed in."""


def parts(document: JSON, *path: str) -> tuple[str, str, str]:
    """Return account, collection and key of the at-uri at *path*; raise Incomplete where there is none."""
    found = URI.fullmatch(text(document, *path))
    if found is None:
        raise Incomplete("/".join(path))
    return found[1], found[2], found[3]


def post(document: JSON, *path: str) -> Artefact:
    """Return the post whose at-uri stands at *path*; raise Incomplete where there is none."""
    account, collection, key = parts(document, *path)
    if collection != POST:
        raise Incomplete("/".join(path))
    native = NativeId(f"at://{account}/{collection}/{key}")
    return Artefact(native, f"{page(AccountName(account)).iri}/post/{quote(key, safe=':')}", ArtefactType.NOTE)


def page(account: AccountName) -> Artefact:
    """Return the page of an account."""
    return Artefact(NativeId(account), f"https://bsky.app/profile/{quote(account, safe=':')}", ArtefactType.PROFILE)


def did(document: JSON, *path: str) -> AccountName:
    """Return the account at *path* by its DID, which lasts; raise Incomplete where there is none."""
    found = optional_did(document, *path)
    if found is None:
        raise Incomplete("/".join(path))
    return found


def optional_did(document: JSON, *path: str) -> AccountName | None:
    """Return the account at *path* by its DID, or None."""
    found = optional_text(document, *path)
    return AccountName(found) if found and DID.fullmatch(found) else None


def author(view: JSON) -> AccountName:
    """Return who wrote a post that is shown; raise Incomplete where nobody is named."""
    return optional_did(view, "author", "did") or AccountName(parts(view, "uri")[0])


def moment(*documents: JSON) -> str:
    """Return when it happened, as who wrote it says, or else when it was seen; raise Incomplete where neither is told."""
    for name in ("createdAt", "indexedAt"):
        for document in documents:
            if found := optional_time(document, name):
                return found
    raise Incomplete("createdAt")


def made_at(record: JSON, view: JSON) -> str:
    """Return when a post was made: as its author says, but not later than it was seen; raise Incomplete where neither is told.

    Anybody may write any time into a record; the AppView sorts by the earlier one, too (`sortAt` in app.bsky.feed.searchPosts).
    """
    said, seen = moment(record, view), optional_time(view, "indexedAt")
    return seen if seen and instant(said) - instant(seen) > AHEAD else said


def features(record: JSON, kind: str) -> list[JSON]:
    """Return what of *kind* is marked in a post's text (app.bsky.richtext.facet)."""
    found = (each for facet in several(record, "facets") for each in several(facet, "features"))
    return [each for each in found if member(each, "$type") == f"app.bsky.richtext.facet#{kind}"]


def hashtags(record: JSON) -> tuple[str, ...]:
    """Return the hashtags of a post, in small letters."""
    marked = (optional_text(each, "tag") for each in features(record, "tag"))
    beside = (each if isinstance(each, str) else None for each in several(record, "tags"))
    return tuple(
        dict.fromkeys(name.lstrip("#").casefold()[:LONGEST_TAG] for name in (*marked, *beside) if name and name.strip("# "))
    )


def place(source: Source, record: JSON, within: str | None = None) -> Place | None:
    """Return the first hashtag of a post that is on the allow-list, or else that of the thread that it stands *within*."""
    channels = {each.lstrip("#").casefold() for each in source.policy.channels}
    found = next((each for each in (*hashtags(record), within) if each in channels), None)
    if not found:
        return None
    return Place(ChannelId(found), f"https://bsky.app/hashtag/{quote(found, safe='')}", PlaceType.COMMUNITY)


def unheard(source: Source, author: JSON) -> Reason | None:
    """Say why what *author* (a profile) does is not heard, or None if it is."""
    labels = {optional_text(each, "val") for each in several(author, "labels")}
    if "bot" in labels:
        return Reason.BOT
    if ONLY_SIGNED_IN in labels and not source.policy.private:
        return Reason.PRIVATE_CHANNEL
    names = {optional_text(author, "did"), optional_text(author, "handle")}
    return Reason.EXCLUDED_ACCOUNT if any(each in source.policy.excluded for each in names if each) else None


def refusal(source: Source, found: Place | None) -> Reason | None:
    """Say why what stands in the place that was *found* is not ours to hear, or None if it is."""
    return Reason.CHANNEL_NOT_ALLOWED if source.policy.channels and found is None else None
