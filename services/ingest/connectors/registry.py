"""The platforms that deliver: the one list of connectors. The others are heard from files (`services.ingest.filing`)."""

from __future__ import annotations

from typing import Final

from services.ingest.connectors.activitystreams import ACTIVITYSTREAMS
from services.ingest.connectors.connector import Connector
from services.ingest.connectors.discourse import DISCOURSE
from services.ingest.connectors.slack import SLACK
from services.ingest.domain.source import Platform

_ALL: Final = (SLACK, DISCOURSE, ACTIVITYSTREAMS)
CONNECTORS: Final[dict[Platform, Connector]] = {connector.platform: connector for connector in _ALL}
