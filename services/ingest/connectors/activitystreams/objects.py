"""The things of ActivityStreams 2.0: their ids, types, texts, and who may see them (w3.org/TR/activitystreams-core)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Final

from services.ingest.connectors.fields import Incomplete, fits, member, optional_text, optional_time
from services.ingest.domain.interaction import AccountName, Artefact, ArtefactType, ChannelId, Choice, NativeId, Place, PlaceType
from services.ingest.domain.reading import Reason
from services.ingest.domain.source import Source
from services.ingest.domain.text import from_html
from shared.xapi.model import JSON
from shared.xapi.validation import is_iri

NAMESPACES: Final = ("https://www.w3.org/ns/activitystreams#", "http://www.w3.org/ns/activitystreams#", "as:")
PUBLIC: Final = frozenset({f"{prefix}Public" for prefix in NAMESPACES} | {"Public"})
MOST_ITEMS: Final = 100
LONGEST_IRI: Final = 800
LONGEST_TEXT: Final = 200_000
ARTEFACTS: Final = {
    "Note": ArtefactType.NOTE,
    "ChatMessage": ArtefactType.CHAT_MESSAGE,
    "Article": ArtefactType.ARTICLE,
    "Page": ArtefactType.PAGE,
    "Question": ArtefactType.NOTE,
    "Video": ArtefactType.VIDEO,
    "Document": ArtefactType.FILE,
    "Image": ArtefactType.FILE,
    "Audio": ArtefactType.FILE,
    "Event": ArtefactType.EVENT,
    "Group": ArtefactType.GROUP,
    "Organization": ArtefactType.GROUP,
    "Person": ArtefactType.PROFILE,
}
FILES: Final = frozenset({"Document", "Image", "Audio", "Video"})
BOTS: Final = frozenset({"Application", "Service"})


def kind_of(thing: JSON) -> str:
    """Return the type of *thing*, the first of several that is one of ActivityStreams' own; empty where there is none."""
    for each in several(member(thing, "type")):
        if isinstance(each, str):
            name = each
            for prefix in NAMESPACES:
                name = name.removeprefix(prefix)
            if ":" not in name:
                return name
    return ""


def several(value: JSON) -> list[JSON]:
    """Return *value* as a list, whether it is one thing, several or none; no more than are taken of one delivery."""
    if value is None:
        return []
    return value[:MOST_ITEMS] if isinstance(value, list) else [value]


def optional_iri(thing: JSON) -> str | None:
    """Return the IRI that names *thing*: itself, its `id`, or else where it stands; None where it has none."""
    if isinstance(thing, str):
        return thing if fits(thing, LONGEST_IRI) and is_iri(thing) else None
    if not isinstance(thing, dict):
        return None
    for name in ("id", "href"):
        if isinstance(thing.get(name), str):
            return optional_iri(thing[name])
    found = (optional_iri(each) for each in several(thing.get("url")))
    return next((each for each in found if each), None)


def iri(thing: JSON, name: str) -> str:
    """Return the IRI that names *thing*; raise Incomplete, with its *name*, where it has none."""
    found = optional_iri(thing)
    if found is None:
        raise Incomplete(name)
    return found


def people(thing: JSON) -> Iterator[AccountName]:
    """Yield who made *thing*, as far as it says so."""
    for each in several(member(thing, "attributedTo") or member(thing, "actor")):
        found = optional_iri(each)
        if found:
            yield AccountName(found)


def author_of(source: Source, thing: JSON, actor: AccountName) -> AccountName | None:
    """Return who made *thing*, if that is another than *actor* and somebody who is heard."""
    author = next(people(thing), None)
    return author if author and author != actor and author not in source.policy.excluded else None


def artefact(thing: JSON, otherwise: ArtefactType = ArtefactType.NOTE) -> Artefact:
    """Return *thing* as an artefact; of what is only named by its IRI, the type is taken to be *otherwise*."""
    named = iri(thing, "object")
    kind = ArtefactType.POLL if is_poll(thing) else ARTEFACTS.get(kind_of(thing), otherwise)
    title = optional_words(thing, "name")
    return Artefact(NativeId(named), named, kind, title[:500] if title else None)


def is_poll(thing: JSON) -> bool:
    """Say whether *thing* is a question with answers to choose from."""
    return kind_of(thing) == "Question" and bool(several(member(thing, "oneOf")) or several(member(thing, "anyOf")))


def choices(source: Source, thing: JSON) -> tuple[Choice, ...]:
    """Return what can be chosen in a poll."""
    names = [optional_words(each, "name") for each in several(member(thing, "oneOf") or member(thing, "anyOf"))]
    return tuple(Choice(choice_id(name), source.policy.text(name)) for name in dict.fromkeys(names) if name)


def choice_id(name: str) -> str:
    """Name a choice without its words: whoever votes says them again."""
    return hashlib.blake2b(name.encode(errors="replace"), digest_size=6).hexdigest()


def said(thing: JSON) -> str:
    """Return what *thing* says, without markup."""
    content = (optional_words(thing, "content") or "")[:LONGEST_TEXT]
    plain = (optional_text(thing, "mediaType") or "text/html") != "text/html"
    return content if plain else from_html(content)


def tags(source: Source, thing: JSON) -> tuple[str, ...]:
    """Return the hashtags of *thing*, which are words of it: only where text is kept."""
    names = [optional_text(each, "name") for each in several(member(thing, "tag")) if kind_of(each) in ("Hashtag", "Tag")]
    kept = (source.policy.text(name.lstrip("#")[:100]) for name in names if name)
    return tuple(dict.fromkeys(name for name in kept if name))


def departs(activity: JSON, thing: JSON) -> bool:
    """Say whether the actor of *activity* deletes himself or herself: an account that is deleted with all that it wrote."""
    actor = next(iter(several(member(activity, "actor"))), None)
    named = optional_iri(actor)
    return kind_of(activity) == "Delete" and named is not None and optional_iri(thing) == named


def optional_words(thing: JSON, name: str) -> str | None:
    """Return the words under *name*, or the first of those that are told by language (ActivityStreams 2.0 Core, section 4.7)."""
    written = member(thing, f"{name}Map")
    languages = written if isinstance(written, dict) else {}
    return optional_text(thing, name) or next((said for each in languages if (said := optional_text(languages, each))), None)


def optional_moment(activity: JSON, thing: JSON) -> str | None:
    """Return when it happened; None where neither says so."""
    return optional_time(activity, "published") or optional_time(activity, "updated") or optional_time(thing, "published")


def moment(activity: JSON, thing: JSON) -> str:
    """Return when it happened; raise Incomplete where neither says so: the time of arrival would differ from time to time."""
    found = optional_moment(activity, thing)
    if found is None:
        raise Incomplete("published")
    return found


def place(activity: JSON, thing: JSON) -> Place | None:
    """Return the group that it was said in: its audience or context, if that has an IRI."""
    for document in (thing, activity):
        for name in ("audience", "context"):
            for each in several(member(document, name)):
                found = optional_iri(each)
                if found and found not in PUBLIC:
                    return Place(ChannelId(found), found, PlaceType.COMMUNITY)
    return None


def addressed(document: JSON) -> frozenset[str]:
    """Return whom *document* is addressed to; of very many the first, and whether the public is among them.

    Plume addresses each follower by name, and the public behind them.
    """
    lists = [member(document, name) for name in ("to", "cc", "bto", "bcc", "audience")]
    named = frozenset(str(optional_iri(each) or each) for listed in lists for each in several(listed))
    behind = (each for listed in lists if isinstance(listed, list) for each in listed[MOST_ITEMS:])
    return named | PUBLIC.intersection(each for each in behind if isinstance(each, str))


def refusal(source: Source, activity: JSON, thing: JSON) -> Reason | None:
    """Say why what was said is not ours to hear, or None if it is: addressed to no public, it is a private message."""
    where, policy = place(activity, thing), source.policy
    to = addressed(activity) | addressed(thing)
    admitted = where is not None and where.id in policy.channels
    if to and to.isdisjoint(PUBLIC) and not policy.direct and not admitted:
        return Reason.DIRECT_MESSAGE
    return Reason.CHANNEL_NOT_ALLOWED if policy.channels and not admitted else None
