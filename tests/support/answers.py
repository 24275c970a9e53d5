"""What platforms answer when they are asked, one list for each connector: to be garbled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import orjson

from services.ingest.connectors.bluesky import BLUESKY as BLUESKY_CONNECTOR
from services.ingest.connectors.connector import Connector
from services.ingest.connectors.facebook import FACEBOOK as FACEBOOK_CONNECTOR
from services.ingest.connectors.feeds import FEED
from services.ingest.connectors.mastodon import MASTODON as MASTODON_CONNECTOR
from services.ingest.connectors.mediawiki import MEDIAWIKI
from services.ingest.connectors.webmention import WEBMENTION
from services.ingest.connectors.wordpress import WORDPRESS
from services.ingest.connectors.youtube import YOUTUBE as YOUTUBE_CONNECTOR
from services.ingest.domain.asking import Answer
from services.ingest.domain.reading import Lookup, Reading
from services.ingest.domain.source import Source
from shared.xapi.model import JSON
from tests.support import bluesky as sky
from tests.support import youtube
from tests.support.bluesky import BLUESKY
from tests.support.facebook import FACEBOOK, feed
from tests.support.feeds import BLOG, COMMENTS, HOME, POSTS, THREAD, blog
from tests.support.mastodon import MASTODON, timeline
from tests.support.mediawiki import CHANGES, HEARD, PEDIA, WIKI, query, stream
from tests.support.webmention import MENTIONS, lookup
from tests.support.webmention import PAGES as MENTIONED
from tests.support.wordpress import NEWS, wordpress
from tests.support.youtube import YOUTUBE


@dataclass(frozen=True)
class Answered:
    """An answer to a poll of *connector*, or to a lookup."""

    connector: Connector
    source: Source
    body: bytes
    asked: str | Lookup
    cursor: Mapping[str, JSON] = field(default_factory=dict)

    def read(self, body: bytes) -> Reading:
        answer = Answer(200, {}, body)
        if isinstance(self.asked, str):
            return self.connector.polls[self.asked].read(self.source, self.cursor, answer).reading
        assert self.connector.fetch is not None
        return self.connector.fetch.read(self.source, self.asked, answer)


PAGES = blog().pages
UPON = Lookup("thread", {"feed": THREAD, "post": "tag:acme,2026:brokers", "link": f"{HOME}/brokers"})
ANSWERS: dict[str, list[Answered]] = {
    "feed": [
        Answered(FEED, BLOG, PAGES[POSTS].body, "posts"),
        Answered(FEED, BLOG, PAGES[COMMENTS].body, "comments"),
        Answered(FEED, BLOG, PAGES[THREAD].body, UPON),
    ],
    "webmention": [Answered(WEBMENTION, MENTIONS, answer.body, lookup(page)) for page, answer in MENTIONED.items()],
    "wordpress": [Answered(WORDPRESS, NEWS, orjson.dumps(items), name) for name, items in wordpress().holds.items()],
    "mediawiki": [
        Answered(MEDIAWIKI, WIKI, query(*CHANGES).body, "changes"),
        Answered(MEDIAWIKI, PEDIA, stream(*HEARD), "stream"),
    ],
    "bluesky": [
        Answered(BLUESKY_CONNECTOR, BLUESKY, sky.search(sky.ASKED, sky.QUOTE, sky.ANSWER), "search"),
        Answered(BLUESKY_CONNECTOR, BLUESKY, sky.feed(sky.REPOST, {"post": sky.QUOTE}), "feed"),
        Answered(BLUESKY_CONNECTOR, BLUESKY, sky.records(sky.FOLLOW), "follows"),
        Answered(BLUESKY_CONNECTOR, BLUESKY, sky.thread(sky.ASKED, sky.nested(sky.ANSWER, sky.nested(sky.THANKS))), sky.THREAD),
        Answered(BLUESKY_CONNECTOR, BLUESKY, sky.likes(sky.LIKE, sky.LIKE, cursor="c"), sky.LIKES),
    ],
    "facebook": [Answered(FACEBOOK_CONNECTOR, FACEBOOK, feed(), "feed")],
    "youtube": [
        Answered(YOUTUBE_CONNECTOR, YOUTUBE, youtube.threads(), "comments"),
        Answered(YOUTUBE_CONNECTOR, YOUTUBE, youtube.uploads(), "uploads"),
        Answered(YOUTUBE_CONNECTOR, YOUTUBE, youtube.replies(page="p2"), youtube.REPLIES),
    ],
    "mastodon": [Answered(MASTODON_CONNECTOR, MASTODON, timeline(), "timeline")],
}
