"""Every platform that the tests play: a conversation of each, whose deliveries name their source."""

from __future__ import annotations

from services.ingest.domain.source import Source, SourceId
from tests.support.activitypub import activitypub_conversation
from tests.support.activitystreams import activitystreams_conversation
from tests.support.bigbluebutton import bigbluebutton_conversation
from tests.support.canvas import canvas_conversation
from tests.support.confluence import confluence_conversation
from tests.support.discourse import discourse_conversation
from tests.support.facebook import facebook_conversation
from tests.support.github import github_conversation
from tests.support.ingest import Sent
from tests.support.mastodon import mastodon_conversation
from tests.support.matrix import matrix_conversation
from tests.support.mattermost import mattermost_conversation
from tests.support.openedx import openedx_conversation
from tests.support.slack import slack_conversation
from tests.support.teams import teams_conversation
from tests.support.webex import webex_conversation
from tests.support.webmention import PAGES, webmention
from tests.support.websub import websub_conversation
from tests.support.x import x_conversation
from tests.support.youtube import youtube_conversation
from tests.support.zoom import zoom_conversation

CONVERSATIONS: dict[str, list[Sent]] = {
    "slack": slack_conversation(),
    "discourse": discourse_conversation(),
    "activitystreams": activitystreams_conversation(),
    "github": github_conversation(),
    "mattermost": mattermost_conversation(),
    "openedx": openedx_conversation(),
    "canvas": canvas_conversation(),
    "confluence": confluence_conversation(),
    "websub": websub_conversation(),
    "zoom": zoom_conversation(),
    "bigbluebutton": bigbluebutton_conversation(),
    "matrix": matrix_conversation(),
    "mastodon": mastodon_conversation(),
    "facebook": facebook_conversation(),
    "x": x_conversation(),
    "youtube": youtube_conversation(),
    "activitypub": activitypub_conversation(),
    "teams": teams_conversation(),
    "webex": webex_conversation(),
}
CLAIMS: dict[str, list[Sent]] = {"webmention": [webmention(page) for page in PAGES]}
"""Deliveries of platforms that say nothing in them: they only name what is to be asked for."""
SOURCES: dict[SourceId, Source] = {script[0].source.id: script[0].source for script in (CONVERSATIONS | CLAIMS).values()}
