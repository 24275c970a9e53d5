"""Blogs by their feeds: RSS, Atom and JSON Feed, of posts and of comments.

feed of posts ──▶ posts, edits, files ──▶ feeds of the comments upon them ──▶ comments
feed of all comments ──▶ comments
"""

from __future__ import annotations

from typing import Final

from services.ingest.connectors.connector import Connector
from services.ingest.connectors.feeds.polling import FETCH, OPTIONS, POLLS
from services.ingest.domain.source import Platform

FEED: Final = Connector(platform=Platform.FEED, fetch=FETCH, polls=POLLS, options=OPTIONS, per_minute=30)
