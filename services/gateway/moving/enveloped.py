"""Read statements out of the records in which the databases of other LRSs keep them."""

from __future__ import annotations

from typing import Any, Final

import orjson

from shared.xapi.model import JSON

DOT: Final = "&46;"
"""How Learning Locker writes a dot in a key, since MongoDB takes none (docs.learninglocker.net, quirks)."""
ENVELOPES: Final = ("statement", "_source", "event")
"""The member that holds the statement: in documents of Learning Locker, and in Ralph's Elasticsearch hits and ClickHouse rows."""


def statement_in(body: bytes) -> bytes | None:
    """Return the statement in *body*, a record of another LRS's database; None where *body* is not such a record."""
    record = _loaded(body)
    if not isinstance(record, dict) or "actor" in record:
        return None
    found = (_loaded(each) if isinstance(each, str) else each for each in map(record.get, ENVELOPES))
    statement = next((each for each in found if isinstance(each, dict) and "actor" in each), None)
    if statement is None:
        return None
    return orjson.dumps(_with_dots(statement) if DOT.encode() in body else statement)


def _loaded(text: bytes | str) -> JSON:
    try:
        loaded: JSON = orjson.loads(text)
    except orjson.JSONDecodeError:
        return None
    return loaded


def _with_dots(value: Any) -> Any:
    match value:
        case dict():
            return {key.replace(DOT, "."): _with_dots(each) for key, each in value.items()}
        case list():
            return [_with_dots(each) for each in value]
        case _:
            return value
