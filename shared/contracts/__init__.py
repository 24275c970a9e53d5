"""What services say to one another: the topics, and the messages that travel on them."""

from shared.contracts.enriched import CourseLink, Enriched, Status
from shared.contracts.heard import Heard
from shared.contracts.noticed import Noticed
from shared.contracts.objection import Objection
from shared.contracts.received import Received, ReceivedStatement
from shared.contracts.recorded import Recorded
from shared.contracts.topics import ENRICHED, HEARD, NOTICED, OBJECTION, RECEIVED, RECORDED, TOPICS, Topic, dead_letters_of
from shared.contracts.wire import BadMessage, decode, encode

__all__ = [
    "ENRICHED",
    "HEARD",
    "NOTICED",
    "OBJECTION",
    "RECEIVED",
    "RECORDED",
    "TOPICS",
    "BadMessage",
    "CourseLink",
    "Enriched",
    "Heard",
    "Noticed",
    "Objection",
    "Received",
    "ReceivedStatement",
    "Recorded",
    "Status",
    "Topic",
    "dead_letters_of",
    "decode",
    "encode",
]
