"""Bluesky by the public API of its AppView (docs.bsky.app): a search, an account's feed, an account's likes, reposts and follows.

searchPosts, getAuthorFeed ──▶ getPostThread, getLikes ──▶ questions, posts, replies, answers, likes, reposts, mentions, files
listRecords ──▶ likes, reposts, follows
"""

from __future__ import annotations

from typing import Final

from services.ingest.connectors.bluesky.polling import OPTIONS, POLLS
from services.ingest.connectors.bluesky.threads import FETCH
from services.ingest.connectors.connector import Connector
from services.ingest.domain.source import Platform

BLUESKY: Final = Connector(platform=Platform.BLUESKY, fetch=FETCH, polls=POLLS, options=OPTIONS, per_minute=120)
