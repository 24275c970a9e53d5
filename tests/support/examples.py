"""Write the deliveries that `symposia source test` shows: `python -m tests.support.examples`.

Of each conversation that the tests play, the first deliveries that say something, each of another kind.
"""

from __future__ import annotations

from pathlib import Path

import orjson

from services.ingest.connectors.registry import HOOKS
from services.ingest.domain.reading import Delivery
from services.ingest.trial.reading import heard, told
from tests.support.ingest import Sent
from tests.support.platforms import CONVERSATIONS

FOLDER = Path(__file__).parents[2] / "services" / "ingest" / "trial" / "examples"
MOST = 5


def chosen(script: list[Sent]) -> list[Sent]:
    """Return the deliveries of *script* to show."""
    found: dict[frozenset[str], Sent] = {}
    for sent in script:
        hook = HOOKS[sent.source.platform]
        did = frozenset(each.did for each in told(sent.source, heard(hook, sent.source, Delivery(sent.headers, sent.document))))
        if did and did not in found:
            found[did] = sent
    return list(found.values())[:MOST]


def write() -> None:
    """Write a file for each platform that the tests play."""
    for script in CONVERSATIONS.values():
        recorded = [{"headers": dict(sent.headers), "document": sent.document} for sent in chosen(script)]
        path = FOLDER / f"{script[0].source.platform}.json"
        path.write_bytes(orjson.dumps(recorded, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))


if __name__ == "__main__":
    write()
