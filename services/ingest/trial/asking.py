"""What a platform says when it is asked once, from the beginning: no cursor is moved, and nothing is stored."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Final

from services.ingest.asking.platform import NotThere, PlatformAway, PlatformClient
from services.ingest.connectors.connector import Connector, Poll
from services.ingest.connectors.fields import Incomplete
from services.ingest.domain.asking import Circumstances
from services.ingest.domain.reading import Reading
from services.ingest.domain.source import Source

SAFE: Final = frozenset({"GET", "HEAD"})
"""Methods that change nothing on the platform (RFC 9110 §9.2.1)."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What came of a poll: a reading, or none and why; *failed* says that this is a fault."""

    poll: str
    reading: Reading | None
    why: str = ""
    failed: bool = False


async def ask_once(
    client: PlatformClient, connector: Connector, source: Source, circumstances: Circumstances
) -> AsyncIterator[Asked]:
    """Ask each poll of *connector* for its first page, but for those that would change something there."""
    for name, poll in connector.polls.items():
        yield await _asked(client, connector, source, circumstances, (name, poll))


async def _asked(
    client: PlatformClient, connector: Connector, source: Source, circumstances: Circumstances, named: tuple[str, Poll]
) -> Asked:
    name, poll = named
    request = poll.ask(source, {}, circumstances)
    if request is None:
        return Asked(name, None, "there is nothing to ask for yet")
    if request.method not in SAFE:
        return Asked(name, None, f"not tried: its {request.method} would change something there")
    try:
        return Asked(name, poll.read(source, {}, await client.ask(connector, source, request)).reading)
    except Incomplete as error:
        return Asked(name, None, f"the answer lacks {error}", failed=True)
    except (PlatformAway, NotThere) as error:
        return Asked(name, None, str(error), failed=True)
