"""Merge JSON documents as POST does: property by property of the outermost object (1.0.3 Communication §2.2)."""

from __future__ import annotations

from typing import Final

import msgspec

from shared.media_types import JSON_TYPE, media_type
from shared.xapi import guard

_PROPERTIES: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])


def is_json(content_type: str) -> bool:
    """Say whether *content_type*, its parameters aside, is JSON's."""
    return media_type(content_type) == JSON_TYPE


def check_object(content: bytes, limits: guard.Limits) -> None:
    """Accept a JSON object. Raises guard.Malformed for any other bytes."""
    if not isinstance(guard.parse(content, limits), dict):
        raise guard.Malformed("json-object", "The document is JSON but not an object; only objects can be merged")


def merge(existing: bytes, posted: bytes) -> bytes:
    """Return *existing* with each property that *posted* has; both are JSON objects, and values keep their bytes."""
    merged = {**_PROPERTIES.decode(existing), **_PROPERTIES.decode(posted)}
    return msgspec.json.encode(merged)
