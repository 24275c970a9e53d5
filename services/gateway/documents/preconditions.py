"""Judge the preconditions If-Match and If-None-Match (RFC 9110 §13.1), and whether xAPI requires one."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from services.gateway.documents.parameters import Resource
from shared.errors import SymposiaError
from shared.xapi.model import Version

ANY: Final = "*"
# A bare word is no entity tag, nor is one in two pairs of quotes, but some senders leave the quotes out, and ADL's xAPIWrapper
# adds its own to those of the ETag that it was answered.
_TAG: Final = re.compile(
    r'""(?P<twice>[0-9A-Za-z_-]+)""|(?P<weak>W/)?"(?P<quoted>[\x21\x23-\x7e\x80-\xff]*)"|(?P<bare>[0-9A-Za-z_-]+)'
)
_COMMA: Final = re.compile(r"[ \t]*(?:,[, \t]*|\Z)")


class BadPrecondition(SymposiaError):
    """If-Match or If-None-Match holds no list of entity tags."""


@dataclass(frozen=True, slots=True)
class Tags:
    """Entity tags without their quotes, *strong* and *weak* ones; *any* stands for `*`, any document that is there."""

    strong: frozenset[str] = frozenset()
    weak: frozenset[str] = frozenset()
    any: bool = False


@dataclass(frozen=True, slots=True)
class Preconditions:
    """What a request demands of the document that is there; None where it demands nothing."""

    if_match: Tags | None = None
    if_none_match: Tags | None = None

    @property
    def absent(self) -> bool:
        """Say whether the request demands nothing."""
        return self.if_match is None and self.if_none_match is None

    def matches(self, etag: str | None) -> bool:
        """Say whether If-Match, if it is there, holds for *etag*, None where there is no document; weak tags never match."""
        wanted = self.if_match
        if wanted is None:
            return True
        return etag is not None and (wanted.any or etag in wanted.strong)

    def is_new(self, etag: str | None) -> bool:
        """Say whether If-None-Match, if it is there, holds for *etag*, None where there is no document."""
        known = self.if_none_match
        if known is None or etag is None:
            return True
        return not known.any and etag not in known.strong | known.weak


NOTHING_THERE: Final = Preconditions(if_none_match=Tags(any=True))
"""The precondition of a sender who means to create a document."""


class Verdict(Enum):
    """What becomes of a request that would change a document."""

    PROCEED = auto()
    FAILED = auto()
    """412: the document is not as the sender thinks."""
    WEAKENED = auto()
    """412: it may be, but the sender has a weak tag, which never matches; ours are strong."""
    UNGUARDED = auto()
    """409: the sender would overwrite a document that it may not know about."""
    MISSING = auto()
    """400: xAPI requires a precondition here."""


def read_preconditions(if_match: Sequence[str], if_none_match: Sequence[str]) -> Preconditions:
    """Read the two headers, given as the values of all their lines. Raises BadPrecondition."""
    return Preconditions(_read_tags("If-Match", if_match), _read_tags("If-None-Match", if_none_match))


def judge(preconditions: Preconditions, etag: str | None) -> Verdict:
    """Judge POST and DELETE of a document with *etag*, None where there is none (1.0.3 Communication §3.1)."""
    if preconditions.matches(etag) and preconditions.is_new(etag):
        return Verdict.PROCEED
    weakened = preconditions.if_match is not None and etag in preconditions.if_match.weak
    return Verdict.WEAKENED if weakened else Verdict.FAILED


def is_blind(preconditions: Preconditions, resource: Resource, version: Version) -> bool:
    """Say whether PUT proceeds whatever is there, as it does for states in 1.0.3 without a precondition."""
    return preconditions.absent and resource is Resource.STATE and version is Version.V1_0_3


def lacks_guard(preconditions: Preconditions, resource: Resource, version: Version) -> bool:
    """Say whether PUT lacks a precondition that is required, as it is for profiles in 1.0.3."""
    return preconditions.absent and resource is not Resource.STATE and version is Version.V1_0_3


def judge_put(preconditions: Preconditions, etag: str | None, resource: Resource, version: Version) -> Verdict:
    """Judge PUT, which needs a precondition for profiles in 1.0.3, and for any document that exists already in 2.0.0."""
    if not preconditions.absent:
        return judge(preconditions, etag)
    if is_blind(preconditions, resource, version):
        return Verdict.PROCEED
    if etag is not None:
        return Verdict.UNGUARDED
    return Verdict.MISSING if lacks_guard(preconditions, resource, version) else Verdict.PROCEED


def _read_tags(header: str, lines: Sequence[str]) -> Tags | None:
    if not lines:
        return None
    text = ",".join(lines).strip()
    if text == ANY:
        return Tags(any=True)
    strong: set[str] = set()
    weak: set[str] = set()
    at = 0
    while at < len(text):
        found = _TAG.match(text, at)
        if found is None:
            raise BadPrecondition(f"{header} is neither * nor a list of entity tags in quotes")
        kind = weak if found["weak"] else strong
        kind.add(found["twice"] or found["bare"] or found["quoted"] or "")
        at = _after_comma(header, text, found.end())
    return Tags(frozenset(strong), frozenset(weak))


def _after_comma(header: str, text: str, at: int) -> int:
    """Return where the next tag starts."""
    found = _COMMA.match(text, at)
    if found is None:
        raise BadPrecondition(f"{header} has no comma between two entity tags")
    return found.end()
