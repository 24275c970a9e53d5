"""MediaWiki, and Wikipedia with it (mediawiki.org, "API:RecentChanges"; wikitech.wikimedia.org, "EventStreams HTTP Service").

a wiki of one's own: recent changes ──▶ pages made, edited, removed, restored; files
Wikimedia's wikis: the stream of recent changes ──▶ the same
"""

from __future__ import annotations

from typing import Final

from services.ingest.connectors.connector import Connector, Option
from services.ingest.connectors.mediawiki.recent_changes import RECENT_CHANGES
from services.ingest.connectors.mediawiki.stream import STREAM
from services.ingest.domain.source import Platform

MEDIAWIKI: Final = Connector(
    platform=Platform.MEDIAWIKI,
    polls={"changes": RECENT_CHANGES, "stream": STREAM},
    options={
        "api": Option("the address of api.php, if it is not /w/api.php below the wiki's", address=True),
        "pages": Option("what stands before the title in the address of a page, if it is not /wiki/"),
        "stream": Option("the address of the stream of a wiki of Wikimedia's; then its API is not asked", address=True),
    },
    per_minute=30,
)
