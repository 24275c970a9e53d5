"""Media types (RFC 9110 §8.3.1): the ones that are spoken of in more than one place, and what a Content-Type names."""

from __future__ import annotations

from typing import Final

JSON_TYPE: Final = "application/json"
FORM_TYPE: Final = "application/x-www-form-urlencoded"
MULTIPART_TYPE: Final = "multipart/mixed"
OCTETS_TYPE: Final = "application/octet-stream"


def media_type(content_type: str) -> str:
    """Return the media type that *content_type* names, in lower case and without its parameters."""
    return content_type.partition(";")[0].strip().lower()
