"""Slack's Events API (docs.slack.dev/apis/events-api).

message, reaction_added, reaction_removed, star_added, star_removed, channel_deleted, group_deleted,
member_joined_channel, member_left_channel, team_join, subteam_members_changed
──▶ questions, posts, replies, acceptances, reactions, edits, deletes, mentions, files, huddles, bookmarks, joins, leaves
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

import orjson

from services.ingest.connectors.connector import Connector, Hook, Option, Sample
from services.ingest.connectors.slack.events import TEAM, read
from services.ingest.domain.source import Platform
from services.ingest.handshakes import Echo
from services.ingest.verifiers import TimedHmac

VERIFY: Final = TimedHmac("x-slack-signature", "x-slack-request-timestamp")


def sample(secret: bytes, now: datetime) -> Sample:
    """Return a signed handshake: Slack sends it when the address of an app is entered."""
    body = orjson.dumps({"type": "url_verification", "challenge": "symposia-source-test"})
    timestamp = str(int(now.timestamp()))
    return Sample({VERIFY.time: timestamp, VERIFY.signature: VERIFY.sign(secret, timestamp, body).decode()}, body)


SLACK: Final = Connector(
    platform=Platform.SLACK,
    options={TEAM: Option("The workspace's id (T…), where the app is installed in several; what comes by others is not heard")},
    hook=Hook(
        verify=VERIFY,
        read=read,
        sample=sample,
        handshake=Echo("url_verification"),
        refusal_headers=(("X-Slack-No-Retry", "1"),),
    ),
)
