"""The words of xAPI for what interactions are: one row for each kind, artefact and place."""

from __future__ import annotations

from typing import Final

from services.ingest.domain.interaction import ArtefactType, Kind, PlaceType
from shared.xapi.vocabulary import ActivityType, Verb

VERBS: Final[dict[Kind, tuple[Verb, str]]] = {
    Kind.ASK: (Verb.ASKED, "asked"),
    Kind.POST: (Verb.POSTED, "posted"),
    Kind.CREATE: (Verb.CREATED, "created"),
    Kind.REPLY: (Verb.REPLIED, "replied"),
    Kind.COMMENT: (Verb.COMMENTED, "commented"),
    Kind.ANSWER: (Verb.ANSWERED, "answered"),
    Kind.ACCEPT: (Verb.ACCEPTED, "accepted"),
    Kind.UNACCEPT: (Verb.REJECTED, "withdrew acceptance of"),
    Kind.REACT: (Verb.REACTED, "reacted to"),
    Kind.UNREACT: (Verb.UNREACTED, "took back a reaction to"),
    Kind.LIKE: (Verb.LIKED, "liked"),
    Kind.UNLIKE: (Verb.UNLIKED, "unliked"),
    Kind.DISLIKE: (Verb.VOTED_DOWN, "voted against"),
    Kind.VOTE: (Verb.VOTED_UP, "voted for"),
    Kind.UNVOTE: (Verb.UNLIKED, "took back a vote for"),
    Kind.SHARE: (Verb.SHARED, "shared"),
    Kind.UNSHARE: (Verb.UNSHARED, "unshared"),
    Kind.MENTION: (Verb.MENTIONED, "mentioned"),
    Kind.TAG: (Verb.TAGGED, "tagged"),
    Kind.FOLLOW: (Verb.FOLLOWED, "followed"),
    Kind.UNFOLLOW: (Verb.STOPPED_FOLLOWING, "stopped following"),
    Kind.JOIN: (Verb.JOINED, "joined"),
    Kind.LEAVE: (Verb.LEFT, "left"),
    Kind.VIEW: (Verb.VIEWED, "viewed"),
    Kind.BOOKMARK: (Verb.BOOKMARKED, "bookmarked"),
    Kind.UNBOOKMARK: (Verb.UNSAVED, "took back a bookmark of"),
    Kind.START: (Verb.INITIALIZED, "started"),
    Kind.END: (Verb.TERMINATED, "ended"),
    Kind.ATTEND: (Verb.ATTENDED, "attended"),
    Kind.VOID: (Verb.VOIDED, "voided"),
    Kind.PRESENT: (Verb.PRESENTED, "presented"),
    Kind.RAISE_HAND: (Verb.REQUESTED_ATTENTION, "raised a hand in"),
    Kind.OPEN_POLL: (Verb.ASKED, "asked"),
    Kind.ANSWER_POLL: (Verb.ANSWERED, "answered"),
    Kind.RSVP_YES: (Verb.RSVP_YES, "will attend"),
    Kind.RSVP_NO: (Verb.RSVP_NO, "will not attend"),
    Kind.RSVP_MAYBE: (Verb.RSVP_MAYBE, "may attend"),
    Kind.ATTACH: (Verb.ATTACHED, "attached"),
    Kind.DOWNLOAD: (Verb.DOWNLOADED, "downloaded"),
    Kind.PRAISE: (Verb.APPLAUDED, "applauded"),
    Kind.RATE: (Verb.RATED, "rated"),
    Kind.FLAG: (Verb.FLAGGED, "flagged"),
    Kind.EDIT: (Verb.EDITED, "edited"),
    Kind.RESTORE: (Verb.EDITED, "restored"),
    Kind.DELETE: (Verb.DELETED, "deleted"),
    Kind.REMOVE: (Verb.REMOVED, "removed"),
}
ARTEFACT_TYPES: Final = {
    ArtefactType.CHAT_MESSAGE: ActivityType.CHAT_MESSAGE,
    ArtefactType.TOPIC: ActivityType.FORUM_TOPIC,
    ArtefactType.FORUM_POST: ActivityType.FORUM_REPLY,
    ArtefactType.ARTICLE: ActivityType.ARTICLE,
    ArtefactType.COMMENT: ActivityType.COMMENT,
    ArtefactType.COMMIT: ActivityType.CODE_COMMIT,
    ArtefactType.FILE: ActivityType.FILE,
    ArtefactType.NOTE: ActivityType.NOTE,
    ArtefactType.PAGE: ActivityType.PAGE,
    ArtefactType.POLL: ActivityType.INTERACTION,
    ArtefactType.VIDEO: ActivityType.VIDEO,
    ArtefactType.COMMUNITY: ActivityType.COMMUNITY,
    ArtefactType.COURSE: ActivityType.COURSE,
    ArtefactType.EVENT: ActivityType.EVENT,
    ArtefactType.GROUP: ActivityType.GROUP,
    ArtefactType.PROFILE: ActivityType.PAGE,
    ArtefactType.SESSION: ActivityType.VIRTUAL_CLASSROOM,
}
TYPES_BY_KIND: Final = {
    Kind.ASK: ActivityType.QUESTION,
    Kind.ANSWER: ActivityType.FORUM_REPLY,
    Kind.ACCEPT: ActivityType.SOLUTION,
    Kind.UNACCEPT: ActivityType.SOLUTION,
}
"""What an artefact is by the part it plays, where that says more than its nature."""
PLACE_TYPES: Final = {
    PlaceType.CHANNEL: ActivityType.CHAT_CHANNEL,
    PlaceType.BOARD: ActivityType.DISCUSSION,
    PlaceType.BLOG: ActivityType.BLOG,
    PlaceType.COMMUNITY: ActivityType.COMMUNITY,
    PlaceType.COURSE: ActivityType.COURSE,
    PlaceType.GROUP: ActivityType.GROUP,
    PlaceType.SESSION: ActivityType.VIRTUAL_CLASSROOM,
    PlaceType.SPACE: ActivityType.WIKI,
}
ROOT_IS_QUESTION: Final = frozenset({Kind.ANSWER, Kind.ACCEPT, Kind.UNACCEPT})
