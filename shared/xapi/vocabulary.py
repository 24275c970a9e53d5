"""The IRIs of social learning: one spelling that we emit, and the aliases that we accept.

Sources: ADL's authored profiles (activity-streams, tincan, acrossx, adl, scorm, cmi5) and the virtual classroom profile. The verb
and activity type of each interaction follow the house mapping: an act that makes an artefact has it as object, an act upon an
artefact has the target as object.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class Verb(StrEnum):
    """Verbs that Symposia emits or understands, each in the one spelling that it uses itself."""

    ACCEPTED = "http://activitystrea.ms/accept"
    ANSWERED = "http://adlnet.gov/expapi/verbs/answered"
    APPLAUDED = "http://id.tincanapi.com/verb/applauded"
    ASKED = "http://adlnet.gov/expapi/verbs/asked"
    BOOKMARKED = "http://id.tincanapi.com/verb/bookmarked"
    COMMENTED = "http://adlnet.gov/expapi/verbs/commented"
    CREATED = "http://activitystrea.ms/create"
    DELETED = "http://activitystrea.ms/delete"
    EDITED = "https://w3id.org/xapi/acrossx/verbs/edited"
    LIKED = "http://activitystrea.ms/like"
    POSTED = "https://w3id.org/xapi/acrossx/verbs/posted"
    REACTED = "https://w3id.org/xapi/virtual-classroom/verbs/reacted"
    READ = "http://activitystrea.ms/read"
    REJECTED = "http://activitystrea.ms/reject"
    REMOVED = "http://activitystrea.ms/remove"
    REPLIED = "http://id.tincanapi.com/verb/replied"
    SHARED = "http://activitystrea.ms/share"
    UNLIKED = "http://activitystrea.ms/unlike"
    UNREACTED = "https://w3id.org/xapi/virtual-classroom/verbs/unreacted"
    VIEWED = "http://id.tincanapi.com/verb/viewed"
    VOIDED = "http://adlnet.gov/expapi/verbs/voided"
    VOTED_DOWN = "http://id.tincanapi.com/verb/voted-down"
    VOTED_UP = "http://id.tincanapi.com/verb/voted-up"


class ActivityType(StrEnum):
    """Activity types that Symposia emits or understands."""

    CHAT_CHANNEL = "http://id.tincanapi.com/activitytype/chat-channel"
    CHAT_MESSAGE = "http://id.tincanapi.com/activitytype/chat-message"
    COMMENT = "http://activitystrea.ms/comment"
    COURSE = "http://adlnet.gov/expapi/activities/course"
    DISCUSSION = "http://id.tincanapi.com/activitytype/discussion"
    FORUM_REPLY = "http://id.tincanapi.com/activitytype/forum-reply"
    FORUM_TOPIC = "http://id.tincanapi.com/activitytype/forum-topic"
    INTERACTION = "http://adlnet.gov/expapi/activities/cmi.interaction"
    NOTE = "http://activitystrea.ms/note"
    QUESTION = "http://activitystrea.ms/question"
    SOLUTION = "http://id.tincanapi.com/activitytype/solution"


TARGET_EXTENSION: Final = "http://id.tincanapi.com/extension/target"
EMOJI_EXTENSION: Final = "https://w3id.org/xapi/virtual-classroom/extensions/emoji"

ARTEFACT_VERBS: Final = frozenset({Verb.ASKED, Verb.ANSWERED, Verb.POSTED, Verb.REPLIED, Verb.COMMENTED, Verb.CREATED})
"""Verbs whose object is an artefact that the actor made."""

_ALIASES: Final = {
    "http://activitystrea.ms/schema/1.0/post": Verb.POSTED,
    "http://activitystrea.ms/post": Verb.POSTED,
    "http://activitystrea.ms/schema/1.0/author": Verb.CREATED,
    "https://www.w3.org/ns/activitystreams#Create": Verb.CREATED,
    "http://www.w3.org/ns/activitystreams#Create": Verb.CREATED,
    "http://activitystrea.ms/schema/1.0/favorite": Verb.LIKED,
    "http://activitystrea.ms/favorite": Verb.LIKED,
    "https://www.w3.org/ns/activitystreams#Like": Verb.LIKED,
    "http://adlnet.gov/expapi/verbs/shared": Verb.SHARED,
    "https://www.w3.org/ns/activitystreams#Announce": Verb.SHARED,
    "http://id.tincanapi.com/verb/bookmarked-page": Verb.BOOKMARKED,
    "http://activitystrea.ms/schema/1.0/save": Verb.BOOKMARKED,
    "http://activitystrea.ms/save": Verb.BOOKMARKED,
    "https://w3id.org/xapi/acrossx/verbs/liked": Verb.LIKED,
    "https://w3id.org/xapi/acrossx/verbs/viewed": Verb.VIEWED,
    "http://activitystrea.ms/schema/1.0/update": Verb.EDITED,
    "http://activitystrea.ms/update": Verb.EDITED,
    "http://adlnet.gov/expapi/verbs/replied": Verb.REPLIED,
    "http://id.tincanapi.com/verb/viewed-page": Verb.VIEWED,
    "https://w3id.org/xapi/cmi5/activitytype/course": ActivityType.COURSE,
    "https://w3id.org/xapi/cmi5/activities/course": ActivityType.COURSE,
}

_AS_SCHEMA: Final = "http://activitystrea.ms/schema/1.0/"
_AS: Final = "http://activitystrea.ms/"


def canonical(iri: str) -> str:
    """Return the spelling that Symposia uses itself for the verb or activity type *iri*; an unknown one comes back as it is.

    ActivityStreams 1.0 IRIs live in two spellings, with and without `schema/1.0/`: the shorter one is ours.
    """
    known = _ALIASES.get(iri)
    if known is not None:
        return str(known)
    return _AS + iri.removeprefix(_AS_SCHEMA) if iri.startswith(_AS_SCHEMA) else iri
