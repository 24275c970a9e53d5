"""WordPress by its REST API (developer.wordpress.org/rest-api/reference): posts, pages and the comments upon them.

posts, pages, comments ──▶ posts, pages, edits, comments; what is missing when it is looked at again is deleted
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Final

from services.ingest.connectors.connector import Connector
from services.ingest.connectors.wordpress.again import FETCH
from services.ingest.connectors.wordpress.polling import OPTIONS, POLLS
from services.ingest.domain.source import Platform


def basic(token: bytes) -> Mapping[str, str]:
    """Show an application password, written `user:xxxx xxxx …` (WordPress, "Application Passwords"; RFC 7617)."""
    return {"Authorization": f"Basic {base64.b64encode(token).decode()}"}


WORDPRESS: Final = Connector(platform=Platform.WORDPRESS, polls=POLLS, fetch=FETCH, options=OPTIONS, show=basic, per_minute=30)
