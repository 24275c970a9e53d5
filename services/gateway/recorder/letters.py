"""What may be kept of what is refused: no dead letter holds what the record must not, whichever came first. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from itertools import islice, product, starmap
from typing import Final, NamedTuple, TypeAlias

import orjson

from services.gateway.domain.candidate import Candidate
from services.gateway.domain.keys import Key, activity_key, agent_key
from services.gateway.recorder.requests import Request, Unreadable, read, redacted_in
from shared.stream import Partition, Record
from shared.xapi import ifi
from shared.xapi.model import Ifi, StatementId

RedactionKey: TypeAlias = tuple[str, Key]
"""The source that deleted, and the key of the activity whose text it deleted."""

REDACTED: Final = "redacted"
"""Why nothing is left of a letter that cannot be read: what it may hold was deleted."""
ERASED: Final = "erased"
MOST_TEXTS: Final = 100_000
"""An unreadable record with more texts than this is not searched; no door accepts so many."""
MOST_HOME_PAGES: Final = 16

_TEXT: Final = re.compile(rb'("[^"\\]*+(?:\\.[^"\\]*+)*+)("?)', re.DOTALL)
"""A JSON string, and its closing quote. An unclosed one is matched too: to search on behind each would take quadratic time."""
_HOME_PAGE: Final = re.compile(rb'"homePage"\s*:\s*("(?:[^"\\]|\\.)*")', re.DOTALL)
_ADDRESS: Final = re.compile(rb'(?<![^\s"\'<>\\:,;])[^\s"\'<>\\:,;]+@[^\s"\'<>\\,;]+')
_HASH: Final = re.compile(r"[0-9a-fA-F]{40}")
_ID: Final = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_NOWHERE: Final = Partition("", 0)


class Gone(NamedTuple):
    """What sources deleted: the text of *activities*, and with it that of *statements*, each by its source and its id."""

    activities: Collection[RedactionKey]
    statements: Collection[tuple[str, StatementId]]


def kept(request: Request, gone: Gone) -> bytes:
    """Return what may be kept of *request*: all but the text of what is *gone*, the record's other copy of it included.

    Its neighbours, the digests, and the news of a deletion that it brings itself stay as they are.
    """
    deleted = {each.id for each in request.statements if _is_gone(each, request, gone)}
    return redacted_in(request.record.value, deleted) if deleted else request.record.value


def left_of(value: bytes, gone: Gone) -> bytes | None:
    """Return what may be kept of a dead letter's *value*, as `kept` does; None where it is no request, and all of it goes."""
    try:
        return kept(read(Record(_NOWHERE, 0, None, value)), gone)
    except Unreadable:
        return None


def _is_gone(candidate: Candidate, request: Request, gone: Gone) -> bool:
    about = candidate.about
    if about is not None and about not in request.redacts and (request.source, about) in gone.activities:
        return True
    return (request.source, candidate.id) in gone.statements


class Texts(NamedTuple):
    """What stands in a record that cannot be read: its texts, and whom they may name; none where too many to be *whole*."""

    texts: frozenset[str]
    identities: frozenset[Ifi]
    whole: bool

    @property
    def ids(self) -> frozenset[StatementId]:
        """Return the statements that it may be about."""
        return frozenset(StatementId(text.lower()) for text in self.texts if _ID.fullmatch(text))

    @property
    def activities(self) -> frozenset[Key]:
        """Return the things that it may be about."""
        return frozenset(map(activity_key, self.texts))

    @property
    def keys(self) -> frozenset[Key]:
        """Return all that an erasure may have been of."""
        return self.activities | frozenset(map(agent_key, self.identities))

    def tell_of(self, gone: Gone) -> bool:
        """Say whether something that is *gone* may stand there."""
        activities, ids = self.activities, self.ids
        return any(source in self.texts and key in activities for source, key in gone.activities) or any(
            source in self.texts and identifier in ids for source, identifier in gone.statements
        )


def texts_in(value: bytes) -> Texts:
    """Find what stands in *value*, which may be anything."""
    ended = [text + end for text, end in _TEXT.findall(value) if end]
    texts = frozenset(islice(_texts(ended), MOST_TEXTS + 1))
    home_pages = frozenset(islice(_texts(_HOME_PAGE.findall(value)), MOST_HOME_PAGES + 1))
    if len(texts) > MOST_TEXTS or len(home_pages) > MOST_HOME_PAGES:
        return Texts(frozenset(), frozenset(), whole=False)
    accounts = starmap(ifi.of_account, product(home_pages, texts))
    return Texts(texts, frozenset((*_identities(value, texts), *accounts)), whole=True)


def _texts(written: Collection[bytes]) -> Iterator[str]:
    """Yield the different texts among those that are *written* in JSON, but for those that no table holds."""
    for each in dict.fromkeys(written):
        try:
            text = orjson.loads(each)
        except orjson.JSONDecodeError:
            text = each[1:-1].decode(errors="replace")
        if "\0" not in text:
            yield text


def _identities(value: bytes, texts: Collection[str]) -> Iterator[Ifi]:
    """Yield whom *value*, in which *texts* stand, may name but by accounts."""
    for address in dict.fromkeys(_ADDRESS.findall(value)):
        yield ifi.of_mbox(f"mailto:{address.decode(errors='replace')}")
    for text in texts:
        if _HASH.fullmatch(text):
            yield from _canonical({"mbox_sha1sum": text})
        yield from _canonical({"openid": text})


def _canonical(actor: dict[str, str]) -> Iterator[Ifi]:
    identifier = ifi.canonical(actor)
    if identifier is not None:
        yield identifier
