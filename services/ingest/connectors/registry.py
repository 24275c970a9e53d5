"""The one list of connectors: platforms that deliver or are asked. Others are heard from files (`services.ingest.filing`)."""

from __future__ import annotations

from typing import Final

from services.ingest.connectors.activitypub import ACTIVITYPUB
from services.ingest.connectors.activitystreams import ACTIVITYSTREAMS
from services.ingest.connectors.bigbluebutton import BIGBLUEBUTTON
from services.ingest.connectors.bluesky import BLUESKY
from services.ingest.connectors.canvas import CANVAS
from services.ingest.connectors.confluence import CONFLUENCE
from services.ingest.connectors.connector import Connector, Hook
from services.ingest.connectors.discourse import DISCOURSE
from services.ingest.connectors.facebook import FACEBOOK
from services.ingest.connectors.feeds import FEED
from services.ingest.connectors.github import GITHUB
from services.ingest.connectors.mastodon import MASTODON
from services.ingest.connectors.matrix import MATRIX
from services.ingest.connectors.mattermost import MATTERMOST
from services.ingest.connectors.mediawiki import MEDIAWIKI
from services.ingest.connectors.openedx import OPENEDX
from services.ingest.connectors.slack import SLACK
from services.ingest.connectors.teams import TEAMS
from services.ingest.connectors.webex import WEBEX
from services.ingest.connectors.webmention import WEBMENTION
from services.ingest.connectors.websub import WEBSUB
from services.ingest.connectors.wordpress import WORDPRESS
from services.ingest.connectors.x import X
from services.ingest.connectors.youtube import YOUTUBE
from services.ingest.connectors.zoom import ZOOM
from services.ingest.domain.source import Platform

_ALL: Final = (
    SLACK,
    TEAMS,
    WEBEX,
    MATTERMOST,
    DISCOURSE,
    GITHUB,
    OPENEDX,
    CANVAS,
    ZOOM,
    BIGBLUEBUTTON,
    FEED,
    WEBSUB,
    WEBMENTION,
    WORDPRESS,
    MEDIAWIKI,
    CONFLUENCE,
    ACTIVITYSTREAMS,
    MATRIX,
    MASTODON,
    BLUESKY,
    FACEBOOK,
    X,
    YOUTUBE,
    ACTIVITYPUB,
)
CONNECTORS: Final[dict[Platform, Connector]] = {connector.platform: connector for connector in _ALL}
HOOKS: Final[dict[Platform, Hook]] = {each.platform: each.hook for each in _ALL if each.hook is not None}
"""Those that deliver."""
