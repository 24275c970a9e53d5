"""Merge JSON documents as POST does, by the properties of the outermost object (1.0.3 Communication §2.2)."""

from __future__ import annotations

from typing import Final

import msgspec

from shared.media_types import JSON_TYPE, media_type
from shared.xapi import guard

_PROPERTIES: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])


def is_json(content_type: str) -> bool:
    """Say whether *content_type* is that of JSON, whatever its parameters."""
    return media_type(content_type) == JSON_TYPE


def check_object(content: bytes, limits: guard.Limits) -> None:
    """Raise guard.Malformed unless *content* is a JSON object within *limits*."""
    if not isinstance(guard.parse(content, limits), dict):
        raise guard.Malformed("json-object", "The document is JSON but not an object; only objects can be merged")


def merge(existing: bytes, posted: bytes) -> bytes:
    """Return *existing* with the properties of *posted* added or replaced; both are JSON objects, and values keep their bytes."""
    merged = {**_PROPERTIES.decode(existing), **_PROPERTIES.decode(posted)}
    return msgspec.json.encode(merged)
