"""What a connector declares: how its platform signs, how its deliveries read, and what it has to be asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from services.ingest.connectors.parsing import Parse, json_object
from services.ingest.domain.asking import Answer, Circumstances, Cursor, Page, Request
from services.ingest.domain.reading import Delivery, Lookup, Reading
from services.ingest.domain.source import Platform, Source
from services.ingest.handshakes import Handshake
from services.ingest.verifiers import Verifier


class Unsignable(ValueError):
    """A sample cannot be signed: only the platform has the key."""


@dataclass(frozen=True, slots=True)
class Sample:
    """A delivery that changes nothing, signed like a real one: to try a source through its door.

    It goes to the source's address with *rest* behind it: a path, a query, or both.
    """

    headers: Mapping[str, str]
    body: bytes
    rest: str = ""
    method: str = "POST"


@dataclass(frozen=True, slots=True)
class Hook:
    """How a platform delivers.

    *parse* turns a verified body into what *read* reads. *handshake* answers what the platform asks before it delivers.
    *fingerprint* names the headers that, with the body, make a delivery what it is. *refusal_headers* go with a 4xx answer, to
    spare the platform its retries. *most_bytes* is how long a delivery may be where that is more than the door takes of others.
    *once* says that the same delivery is the same news, however often it comes: not where it only names what changed. *open* says
    that anybody may deliver, since what is delivered is judged by what is asked for.
    """

    verify: Verifier
    read: Callable[[Source, Delivery], Reading]
    sample: Callable[[bytes, datetime], Sample]
    parse: Parse = json_object
    methods: frozenset[str] = frozenset({"POST"})
    handshake: Handshake | None = None
    fingerprint: tuple[str, ...] = ()
    refusal_headers: tuple[tuple[str, str], ...] = ()
    most_bytes: int = 0
    once: bool = True
    open: bool = False


@dataclass(frozen=True, slots=True)
class Fetch:
    """How something is asked for that the platform named without telling it.

    *read* raises Incomplete where the answer lacks what its statement needs; what it names in turn is looked up, too.
    """

    ask: Callable[[Source, Lookup, Circumstances], Request]
    read: Callable[[Source, Lookup, Answer], Reading]


@dataclass(frozen=True, slots=True)
class Poll:
    """What a platform is asked *every* so often: what is new there, or to go on delivering.

    *ask* says what to ask for next, or None where there is nothing to ask. *read* is told the answer, which may be that nothing
    changed; it raises Incomplete where the answer as a whole cannot be read: then the same is asked again, later.

    A poll that asks several who have nothing to do with each other says by *past* where to go on behind one of them who did not
    answer: the others have their turn, then the failure is the poll's, and who failed is asked first the next time.
    """

    every: timedelta
    ask: Callable[[Source, Cursor, Circumstances], Request | None]
    read: Callable[[Source, Cursor, Answer], Page]
    past: Callable[[Source, Cursor], Cursor] | None = None


@dataclass(frozen=True, slots=True)
class Option:
    """What a source has to be told besides its address and its secret; *address* says that it is one of http or https."""

    help: str
    required: bool = False
    address: bool = False


@dataclass(frozen=True, slots=True)
class Connector:
    """Our code that understands a platform, which delivers (*hook*), is asked (*fetch*, *polls*), or both.

    All of it is pure: what it says is done by `services.ingest.routes` and `services.ingest.asking`. *grant* is the request whose
    answer grants an access token (RFC 6749 §4.4) for the source's own token; without it that token is shown as it is, by *show*.
    *per_minute* is how often the platform lets itself be asked.
    """

    platform: Platform
    hook: Hook | None = None
    fetch: Fetch | None = None
    polls: Mapping[str, Poll] = field(default_factory=dict)
    options: Mapping[str, Option] = field(default_factory=dict)
    grant: Callable[[Source], Request] | None = None
    show: Callable[[bytes], Mapping[str, str]] = lambda token: {"Authorization": f"Bearer {token.decode()}"}
    per_minute: int = 60

    @property
    def asks(self) -> bool:
        """Say whether the platform has to be asked for anything."""
        return self.fetch is not None or bool(self.polls)
