"""The deliveries that were taken lately, so that a repeated one costs nothing."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Mapping, Sequence

from services.ingest.domain.source import SourceId


class Remembered:
    """A bounded memory of what was delivered; forgetting is harmless, since the same delivery gives the same statements."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._seen: OrderedDict[bytes, None] = OrderedDict()

    def __contains__(self, fingerprint: bytes) -> bool:
        return fingerprint in self._seen

    def add(self, fingerprint: bytes) -> None:
        """Remember a delivery whose statements are durable."""
        self._seen[fingerprint] = None
        self._seen.move_to_end(fingerprint)
        while len(self._seen) > self._limit:
            self._seen.popitem(last=False)


def fingerprint_of(source: SourceId, headers: Mapping[str, str], names: Sequence[str], body: bytes) -> bytes:
    """Name a delivery in 16 bytes by its source, its signed body, and the headers that say what it means.

    Ids of deliveries are not used: they are not signed, so that anybody could claim one before its time.
    """
    told = "".join(f"{part}\0" for part in (source, *(headers.get(name, "") for name in names)))
    return hashlib.blake2b(told.encode() + body, digest_size=16).digest()
