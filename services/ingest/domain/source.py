"""A source: one workspace of one platform, and what may be heard of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, NewType

from services.ingest.domain.interaction import AccountName, Artefact, ArtefactType, ChannelId

SourceId = NewType("SourceId", str)
"""The name of a source in its webhook's URL and in statement ids: never changed, never used again for another workspace."""


class Platform(StrEnum):
    """The platforms that are heard, through a connector or from files; xAPI's `context.platform`."""

    SLACK = "slack"
    DISCOURSE = "discourse"
    ACTIVITYSTREAMS = "activitystreams"
    FEED = "feed"
    WEBSUB = "websub"
    WEBMENTION = "webmention"
    WORDPRESS = "wordpress"
    MEDIAWIKI = "mediawiki"
    CONFLUENCE = "confluence"
    GITHUB = "github"
    MATTERMOST = "mattermost"
    OPENEDX = "openedx"
    CANVAS = "canvas"
    ZOOM = "zoom"
    BIGBLUEBUTTON = "bigbluebutton"
    MATRIX = "matrix"
    MASTODON = "mastodon"
    TEAMS = "teams"
    BLUESKY = "bluesky"
    FACEBOOK = "facebook"
    WEBEX = "webex"
    X = "x"
    YOUTUBE = "youtube"
    ACTIVITYPUB = "activitypub"
    VIVA_ENGAGE = "viva-engage"
    LINKEDIN = "linkedin"
    SKYPE = "skype"
    KHOROS = "khoros"
    SALESFORCE = "salesforce"


class State(StrEnum):
    """Whether a source is heard."""

    ACTIVE = "active"
    PAUSED = "paused"


class Keeps(StrEnum):
    """How much of what is said is kept."""

    METADATA = "metadata"
    TEXT = "text"


HOLDING: Final[Mapping[Platform, frozenset[ArtefactType]]] = {
    Platform.FACEBOOK: frozenset({ArtefactType.NOTE, ArtefactType.COMMENT}),
    Platform.CONFLUENCE: frozenset({ArtefactType.PAGE, ArtefactType.ARTICLE, ArtefactType.FILE}),
    Platform.OPENEDX: frozenset({ArtefactType.FORUM_POST}),
}
"""What else than topics holds what is said in it: elsewhere, replies to a note, or to a comment, are shown without it."""
DEFAULT_ACCEPTING = frozenset({"white_check_mark", "heavy_check_mark"})


@dataclass(frozen=True, slots=True)
class Policy:
    """What may be heard of a source.

    *channels* is the allow-list; empty, every public channel is heard. *private* and *direct* admit private channels and direct
    messages. *accepting* are the reactions by which an asker accepts an answer; *question_channels* are those where every topic
    is a question. *excluded* are bots and service accounts, by native id or user name.
    """

    channels: frozenset[ChannelId] = frozenset()
    private: bool = False
    direct: bool = False
    keeps: Keeps = Keeps.METADATA
    accepting: frozenset[str] = DEFAULT_ACCEPTING
    question_channels: frozenset[ChannelId] = frozenset()
    excluded: frozenset[AccountName] = frozenset()

    def text(self, said: str | None) -> str | None:
        """Return *said* only if text is kept."""
        return said if said and self.keeps is Keeps.TEXT else None


@dataclass(frozen=True, slots=True)
class Source:
    """One workspace of one platform.

    *workspace* is its URL without a slash at the end: the `homePage` of its accounts. *secrets* sign its deliveries: the present
    one, then the one before the last rotation. *closed* are channels that the platform has told us are private.
    """

    id: SourceId
    platform: Platform
    workspace: str
    secrets: tuple[bytes, ...] = field(repr=False)
    policy: Policy = field(default_factory=Policy)
    state: State = State.ACTIVE
    closed: frozenset[ChannelId] = frozenset()
    options: Mapping[str, str] = field(default_factory=dict)
    token: bytes | None = field(default=None, repr=False)

    def holds_what_is_said_in(self, artefact: Artefact) -> bool:
        """Say whether the platform, where it shows *artefact* no more, shows none of what was said in it either."""
        return artefact.type is ArtefactType.TOPIC or artefact.type in HOLDING.get(self.platform, ())
