"""What is heard in a history of the telling: conversations of several sources, mixed and shuffled by the seed."""

from __future__ import annotations

from dataclasses import replace
from random import Random
from typing import Final

from services.ingest.connectors.registry import HOOKS
from services.ingest.domain.reading import Delivery, Reading
from services.ingest.domain.source import SourceId
from tests.support.discourse import discourse_conversation
from tests.support.ingest import Sent
from tests.support.slack import slack_conversation

SCRIPTS: Final = (slack_conversation(), discourse_conversation(), slack_conversation())
SHUFFLED: Final = 0.7


def dealt(chance: Random) -> list[Sent]:
    """Return what is heard: of one to three sources a conversation, mostly in any order, and some of it again."""
    scripts = []
    for number, script in enumerate(SCRIPTS[: chance.randint(1, len(SCRIPTS))]):
        source = replace(script[0].source, id=SourceId(f"{script[0].source.id}-{number}"))
        said = [replace(each, source=source) for each in script]
        again = chance.sample(said, 2)
        if chance.random() < SHUFFLED:
            chance.shuffle(said)
        scripts.append([*said, *again])
    heard = []
    while any(scripts):
        heard.append(chance.choice([script for script in scripts if script]).pop(0))
    return heard


def read(sent: Sent) -> Reading:
    """Return what *sent* says."""
    return HOOKS[sent.source.platform].read(sent.source, Delivery(sent.headers, sent.document))
