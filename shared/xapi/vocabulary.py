"""The IRIs of social learning: the one spelling of each that we emit, and the aliases that we accept.

Sources: ADL's authored profiles (activity-streams, tincan, acrossx, adl, scorm, cmi5) and the virtual classroom profile. The
object of an act that makes an artefact is that artefact; the object of an act upon an artefact is its target.
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
    ATTACHED = "http://activitystrea.ms/attach"
    ATTENDED = "http://adlnet.gov/expapi/verbs/attended"
    BOOKMARKED = "http://id.tincanapi.com/verb/bookmarked"
    COMMENTED = "http://adlnet.gov/expapi/verbs/commented"
    CREATED = "http://activitystrea.ms/create"
    DELETED = "http://activitystrea.ms/delete"
    DOWNLOADED = "http://id.tincanapi.com/verb/downloaded"
    EDITED = "https://w3id.org/xapi/acrossx/verbs/edited"
    FLAGGED = "http://activitystrea.ms/flag-as-inappropriate"
    FOLLOWED = "http://activitystrea.ms/follow"
    INITIALIZED = "http://adlnet.gov/expapi/verbs/initialized"
    JOINED = "http://activitystrea.ms/join"
    LEFT = "http://activitystrea.ms/leave"
    LIKED = "http://activitystrea.ms/like"
    MENTIONED = "http://id.tincanapi.com/verb/mentioned"
    POSTED = "https://w3id.org/xapi/acrossx/verbs/posted"
    PRESENTED = "http://activitystrea.ms/present"
    RATED = "http://id.tincanapi.com/verb/rated"
    REACTED = "https://w3id.org/xapi/virtual-classroom/verbs/reacted"
    READ = "http://activitystrea.ms/read"
    REJECTED = "http://activitystrea.ms/reject"
    REMOVED = "http://activitystrea.ms/remove"
    REPLIED = "http://id.tincanapi.com/verb/replied"
    REQUESTED_ATTENTION = "http://id.tincanapi.com/verb/requested-attention"
    RSVP_MAYBE = "http://activitystrea.ms/rsvp-maybe"
    RSVP_NO = "http://activitystrea.ms/rsvp-no"
    RSVP_YES = "http://activitystrea.ms/rsvp-yes"
    SHARED = "http://activitystrea.ms/share"
    STOPPED_FOLLOWING = "http://activitystrea.ms/stop-following"
    TAGGED = "http://activitystrea.ms/tag"
    TERMINATED = "http://adlnet.gov/expapi/verbs/terminated"
    UNLIKED = "http://activitystrea.ms/unlike"
    UNREACTED = "https://w3id.org/xapi/virtual-classroom/verbs/unreacted"
    UNSAVED = "http://activitystrea.ms/unsave"
    UNSHARED = "http://activitystrea.ms/unshare"
    VIEWED = "http://id.tincanapi.com/verb/viewed"
    VOIDED = "http://adlnet.gov/expapi/verbs/voided"
    VOTED_DOWN = "http://id.tincanapi.com/verb/voted-down"
    VOTED_UP = "http://id.tincanapi.com/verb/voted-up"


class ActivityType(StrEnum):
    """Activity types that Symposia emits or understands."""

    ARTICLE = "http://activitystrea.ms/article"
    BLOG = "http://id.tincanapi.com/activitytype/blog"
    CHAT_CHANNEL = "http://id.tincanapi.com/activitytype/chat-channel"
    CHAT_MESSAGE = "http://id.tincanapi.com/activitytype/chat-message"
    CODE_COMMIT = "http://id.tincanapi.com/activitytype/code-commit"
    COMMENT = "http://activitystrea.ms/comment"
    COMMUNITY = "http://id.tincanapi.com/activitytype/community-site"
    COURSE = "http://adlnet.gov/expapi/activities/course"
    DISCUSSION = "http://id.tincanapi.com/activitytype/discussion"
    EVENT = "http://activitystrea.ms/event"
    FILE = "http://activitystrea.ms/file"
    FORUM_REPLY = "http://id.tincanapi.com/activitytype/forum-reply"
    FORUM_TOPIC = "http://id.tincanapi.com/activitytype/forum-topic"
    GROUP = "http://activitystrea.ms/group"
    INTERACTION = "http://adlnet.gov/expapi/activities/cmi.interaction"
    NOTE = "http://activitystrea.ms/note"
    PAGE = "http://activitystrea.ms/page"
    QUESTION = "http://activitystrea.ms/question"
    SOLUTION = "http://id.tincanapi.com/activitytype/solution"
    TAG = "http://id.tincanapi.com/activitytype/tag"
    VIDEO = "https://w3id.org/xapi/video/activity-type/video"
    VIRTUAL_CLASSROOM = "https://w3id.org/xapi/virtual-classroom/activity-types/virtual-classroom"
    WIKI = "http://activitystrea.ms/wiki"


TARGET_EXTENSION: Final = "http://id.tincanapi.com/extension/target"
EMOJI_EXTENSION: Final = "https://w3id.org/xapi/virtual-classroom/extensions/emoji"

PROFILE: Final = "https://w3id.org/symposia/social-learning"
"""Our profile for social learning, in all its versions; `shared.xapi.profile` holds it, and the gateway serves it."""
PROFILE_VERSION: Final = f"{PROFILE}/v1"
"""The version that our statements follow: they name it as a category."""
TEXT_CLASS: Final = f"{PROFILE}/data-classes/personal-text"
METADATA_CLASS: Final = f"{PROFILE}/data-classes/personal-metadata"

ARTEFACT_VERBS: Final = frozenset({Verb.ASKED, Verb.ANSWERED, Verb.POSTED, Verb.REPLIED, Verb.COMMENTED, Verb.CREATED})
"""Verbs whose object is an artefact that the actor made."""

BUILDS_ON: Final = frozenset({Verb.ANSWERED, Verb.REPLIED, Verb.COMMENTED})
"""Those of them whose artefact builds on its parent. Senders who name no parent name what it builds on as the object."""

REPLIES: Final = frozenset(
    {ActivityType.CHAT_MESSAGE, ActivityType.COMMENT, ActivityType.FORUM_REPLY, ActivityType.NOTE, ActivityType.SOLUTION}
)
"""Types of artefacts that are answers, replies or comments themselves, even if the statement does not say to what."""

ASSESSMENT_ITEMS: Final = frozenset({str(ActivityType.INTERACTION), "http://adlnet.gov/expapi/activities/question"})
"""Types of what is answered in a quiz or a poll, where the answer is a choice and not an explanation to a colleague."""

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
    "http://id.tincanapi.com/verb/rsvped-yes": Verb.RSVP_YES,
    "http://id.tincanapi.com/verb/rsvped-no": Verb.RSVP_NO,
    "http://id.tincanapi.com/verb/rsvped-maybe": Verb.RSVP_MAYBE,
    "http://activitystrea.ms/unfollow": Verb.STOPPED_FOLLOWING,
    "http://activitystrea.ms/schema/1.0/unfollow": Verb.STOPPED_FOLLOWING,
    "https://www.w3.org/ns/activitystreams#Follow": Verb.FOLLOWED,
    "https://www.w3.org/ns/activitystreams#Join": Verb.JOINED,
    "https://www.w3.org/ns/activitystreams#Leave": Verb.LEFT,
    "https://www.w3.org/ns/activitystreams#Flag": Verb.FLAGGED,
    "https://www.w3.org/ns/activitystreams#View": Verb.VIEWED,
    "https://www.w3.org/ns/activitystreams#Update": Verb.EDITED,
    "https://www.w3.org/ns/activitystreams#Delete": Verb.DELETED,
    "http://adlnet.gov/expapi/verbs/mentioned": Verb.MENTIONED,
    "https://w3id.org/xapi/acrossx/verbs/attached": Verb.ATTACHED,
    "https://w3id.org/xapi/acrossx/verbs/downloaded": Verb.DOWNLOADED,
    "https://www.w3.org/ns/activitystreams#Article": ActivityType.ARTICLE,
    "https://www.w3.org/ns/activitystreams#Note": ActivityType.NOTE,
    "https://www.w3.org/ns/activitystreams#Page": ActivityType.PAGE,
    "https://www.w3.org/ns/activitystreams#Group": ActivityType.GROUP,
    "https://www.w3.org/ns/activitystreams#Event": ActivityType.EVENT,
    "urn:symposia:xapi:profile:social-learning:v1": PROFILE_VERSION,
    "urn:symposia:xapi:data-class:personal-text": TEXT_CLASS,
    "urn:symposia:xapi:data-class:personal-metadata": METADATA_CLASS,
    "https://w3id.org/xapi/cmi5/activitytype/course": ActivityType.COURSE,
    "https://w3id.org/xapi/cmi5/activities/course": ActivityType.COURSE,
}

_AS_SCHEMA: Final = "http://activitystrea.ms/schema/1.0/"
_AS: Final = "http://activitystrea.ms/"


def canonical(iri: str) -> str:
    """Return the spelling that Symposia uses for the verb or activity type *iri*; an unknown one is returned as it is.

    ActivityStreams 1.0 has two spellings of its IRIs, with `schema/1.0/` and without; ours is the shorter one.
    """
    known = _ALIASES.get(iri)
    if known is not None:
        return str(known)
    return _AS + iri.removeprefix(_AS_SCHEMA) if iri.startswith(_AS_SCHEMA) else iri
