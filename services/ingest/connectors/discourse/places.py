"""Discourse's topics, posts, categories and people: how they are named, and whether they may be heard.

A post is named by its topic and its number in it, as in its address: replies say no more of what they reply to. The first post
is the topic.
"""

from __future__ import annotations

from typing import Final

from services.ingest.connectors.fields import Incomplete, member, number, optional_number, optional_text, optional_time
from services.ingest.domain.interaction import AccountName, Artefact, ArtefactType, ChannelId, NativeId, Place, PlaceType
from services.ingest.domain.reading import Reason
from services.ingest.domain.source import Source
from services.ingest.domain.text import asks
from shared.xapi.model import JSON

FIRST: Final = 1
REGULAR, WHISPER = 1, 4
"""Post types; the others are notices about what moderators or the system did (app/models/post.rb of Discourse)."""
PRIVATE_MESSAGE: Final = "private_message"


def topic(source: Source, topic_id: int, title: str | None = None) -> Artefact:
    """Return the topic, which also is its first post."""
    return Artefact(NativeId(f"{topic_id}/{FIRST}"), f"{source.workspace}/t/{topic_id}", ArtefactType.TOPIC, title)


def post(source: Source, topic_id: int, post_number: int) -> Artefact:
    """Return the post with *post_number* in the topic."""
    if post_number == FIRST:
        return topic(source, topic_id)
    iri = f"{source.workspace}/t/{topic_id}/{post_number}"
    return Artefact(NativeId(f"{topic_id}/{post_number}"), iri, ArtefactType.FORUM_POST)


def positive(document: JSON, name: str) -> int:
    """Return the number called *name*; raise Incomplete where there is none above zero."""
    value = number(document, name)
    if value < 1:
        raise Incomplete(name)
    return value


def place(source: Source, document: JSON) -> Place | None:
    """Return the category that *document* (a post or a topic) lies in, if it lies in one."""
    category = optional_number(document, "category_id")
    if category is None:
        return None
    return Place(ChannelId(str(category)), f"{source.workspace}/c/{category}", PlaceType.BOARD)


def refusal(source: Source, document: JSON) -> Reason | None:
    """Say why *document* (a post or a topic) is not ours to hear, or None if it is."""
    policy, category = source.policy, place(source, document)
    archetype = optional_text(document, "topic_archetype") or optional_text(document, "archetype")
    if archetype == PRIVATE_MESSAGE:
        return None if policy.direct else Reason.DIRECT_MESSAGE
    if category is not None and category.id in source.closed and not policy.private:
        return Reason.PRIVATE_CHANNEL
    if member(document, "hidden") is True:
        return Reason.GONE
    if policy.channels and (category is None or category.id not in policy.channels):
        return Reason.CHANNEL_NOT_ALLOWED
    post_type = optional_number(document, "post_type")
    if post_type in (None, REGULAR):
        return None
    return Reason.WHISPER if post_type == WHISPER else Reason.SYSTEM_MESSAGE


def unheard(source: Source, user_id: int, user_name: str | None) -> Reason | None:
    """Say why what a user did is not heard, or None if it is: those below zero are the system's own."""
    if user_id < 1:
        return Reason.BOT
    excluded = source.policy.excluded
    named = str(user_id) in excluded or (user_name is not None and user_name in excluded)
    return Reason.EXCLUDED_ACCOUNT if named else None


def user_id(document: JSON) -> int:
    """Return the number of the user who is written out in *document*; raise Incomplete where there is none."""
    return number(document, "user", "id")


def author(source: Source, document: JSON) -> AccountName | None:
    """Return who wrote *document* (a post), if that is a person who is heard, and who is still there."""
    user_id = optional_number(document, "user_id")
    return None if user_id is None or unheard(source, user_id, optional_text(document, "username")) else AccountName(str(user_id))


def is_deleted_by_author(document: JSON) -> bool:
    """Say whether the author of *document* (a post) deleted it; until Discourse removes it, it shows a notice in its place."""
    return member(document, "user_deleted") is True


def changed_at(document: JSON) -> str:
    """Return when *document* last changed: the latest time that Discourse tells; raise Incomplete where there is none.

    A post that its author deleted is removed by Discourse a day later, and reported again; the first time is taken.
    """
    names = ("updated_at",) if is_deleted_by_author(document) else ("deleted_at", "updated_at", "last_posted_at", "created_at")
    for name in names:
        if moment := optional_time(document, name):
            return moment
    raise Incomplete("updated_at")


def is_question(source: Source, category: Place | None, title: str | None, said: str) -> bool:
    """Say whether a topic asks: its title does, or every topic of its category is a question."""
    if category is not None and category.id in source.policy.question_channels:
        return True
    return asks(title if title is not None else said)
