"""What a connector declares: how its platform signs, and how its deliveries read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from services.ingest.domain.reading import Delivery, Reading
from services.ingest.domain.source import Platform, Source
from services.ingest.handshakes import Handshake
from services.ingest.verifiers import Verifier


@dataclass(frozen=True, slots=True)
class Sample:
    """A delivery that changes nothing, signed like a real one: to try a source through its door."""

    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Connector:
    """Our code that understands a platform.

    *read* is pure; it raises Incomplete for a genuine delivery that lacks what its statement needs. *handshake* answers what the
    platform asks before it delivers. *fingerprint* names the headers that, with the body, make a delivery what it is.
    *refusal_headers* go with a 4xx answer, to spare the platform its retries.
    """

    platform: Platform
    verify: Verifier
    read: Callable[[Source, Delivery], Reading]
    sample: Callable[[bytes, datetime], Sample]
    handshake: Handshake | None = None
    fingerprint: tuple[str, ...] = ()
    refusal_headers: tuple[tuple[str, str], ...] = ()
