"""Rule on what was received: what becomes the record, in which order, and what is refused. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final, NamedTuple

import msgspec

from services.gateway.domain.candidate import Candidate
from services.gateway.domain.redaction import redact
from services.gateway.domain.repetition import repeats
from services.gateway.recorder.letters import Gone, RedactionKey, kept
from services.gateway.recorder.requests import Request
from shared.clock import rfc3339
from shared.stream import Cause, Rejection
from shared.xapi.canonical import add
from shared.xapi.model import StatementId

_TICK: Final = timedelta(microseconds=1)
_NAMED_IDS: Final = 20


class Known(NamedTuple):
    """What the record holds already, as far as it matters to what was received.

    *seq* and *stored* are the last that were given; *digests* those of ids that are there; *referrers* the ids to which a
    recorded statement refers, and whether one voids it; *redactions* when what was first redacted; *wordless* the statements that
    are kept without their text, each with its source; *erased* by which digests people are known who were erased since the oldest
    request was received.
    """

    seq: int
    stored: datetime
    digests: Mapping[StatementId, bytes]
    referrers: Mapping[StatementId, bool]
    redactions: Mapping[RedactionKey, datetime]
    wordless: frozenset[tuple[str, StatementId]] = frozenset()
    erased: Mapping[bytes, datetime] = MappingProxyType({})


class Row(NamedTuple):
    """A row of lrs.statement, in the order of its columns."""

    seq: int
    stored: datetime
    timestamp: datetime
    received_at: datetime
    redacted_at: datetime | None
    id: StatementId
    voided: bool
    redacts: bool
    defines: bool
    digest: bytes
    source: str
    authority: str
    body: bytes


class Fresh(NamedTuple):
    """A statement to record: its row, what was received, and in which request."""

    row: Row
    candidate: Candidate
    request: Request


@dataclass(frozen=True, slots=True)
class Ruling:
    """What is recorded (*fresh*), refused, and newly redacted; *voids* are the ids that *fresh* says are void."""

    fresh: tuple[Fresh, ...]
    rejections: tuple[Rejection, ...]
    redactions: Mapping[RedactionKey, datetime]
    voids: frozenset[StatementId]


def rule(requests: Sequence[Request], known: Known) -> Ruling:
    """Rule on *requests* in order: whole requests are taken or refused, statements that are there already pass in silence.

    Whatever the order of arrival, a statement ends voided when another voids it and it is itself no voiding statement, and
    redacted when its source deleted the text of its object and it did not itself bring that news.
    """
    taken, rejections = _take(requests, known.digests)
    redactions = _first(known.redactions, (request for request, _ in taken))
    new = [(request, candidate) for request, candidates in taken for candidate in candidates]
    voids = frozenset(each.target for _, each in new if each.voids and each.target)
    end = known._replace(redactions=redactions, referrers={**known.referrers, **dict.fromkeys(voids, True)})
    fresh = tuple(
        Fresh(_row(place, request, candidate, end), candidate, request) for place, (request, candidate) in enumerate(new, start=1)
    )
    news = {key: at for key, at in redactions.items() if known.redactions.get(key) != at}
    wordless = {(each.request.source, each.row.id) for each in fresh if each.row.redacted_at} | known.wordless
    return Ruling(fresh, without_text(rejections, requests, Gone(redactions, wordless)), news, voids)


def without_text(rejections: Iterable[Rejection], requests: Iterable[Request], gone: Gone) -> tuple[Rejection, ...]:
    """Refuse those of *requests* that *rejections* are of without the text of what is *gone*."""
    by_offset = {request.record.offset: request for request in requests}
    return tuple(_without_text(each, by_offset[each.record.offset], gone) for each in rejections)


def _without_text(rejection: Rejection, request: Request, gone: Gone) -> Rejection:
    left = kept(request, gone)
    if left is request.record.value:
        return rejection
    return replace(rejection, record=msgspec.structs.replace(request.record, value=left))


def _take(
    requests: Sequence[Request], recorded: Mapping[StatementId, bytes]
) -> tuple[list[tuple[Request, list[Candidate]]], list[Rejection]]:
    """Return the requests that agree with the record and with those before them, each with what it adds; refuse the others."""
    digests = dict(recorded)
    taken: list[tuple[Request, list[Candidate]]] = []
    rejections: list[Rejection] = []
    for request in requests:
        conflicts = [each.id for each in request.statements if _conflicts(each, digests)]
        if conflicts:
            reason = _conflict(conflicts, len(request.statements))
            rejections.append(Rejection(request.record, reason, Cause.CONFLICT, request.digest()))
            continue
        taken.append((request, [each for each in request.statements if each.id not in digests]))
        for each in request.statements:
            digests.setdefault(each.id, each.digest)
    return taken, rejections


def _conflicts(candidate: Candidate, recorded: Mapping[StatementId, bytes]) -> bool:
    """Say whether the id of *candidate* is *recorded* with other content."""
    known = recorded.get(candidate.id)
    return known is not None and not repeats(known, candidate.digest, candidate.body)


def _conflict(ids: Sequence[StatementId], statements: int) -> str:
    """Name the *ids* that stand for other content in the record."""
    named = ", ".join(ids[:_NAMED_IDS])
    more = f" and {len(ids) - _NAMED_IDS} more" if len(ids) > _NAMED_IDS else ""
    beside = f"; with them {statements - len(ids)} refused beside" if statements > len(ids) else ""
    return f"conflict: {named}{more} recorded with other content{beside}"


def _first(known: Mapping[RedactionKey, datetime], requests: Iterable[Request]) -> dict[RedactionKey, datetime]:
    """Return when each thing was first redacted, the *requests* included."""
    first = dict(known)
    for request in requests:
        for activity in request.redacts:
            key = (request.source, activity)
            first[key] = min(first.get(key, request.received_at), request.received_at)
    return first


def _row(place: int, request: Request, candidate: Candidate, end: Known) -> Row:
    """Make the row of the *place*-th statement that is recorded now; *end* knows all the requests too.

    What says nothing of when it happened happened when it was stored (2.0.0 §4.2.4.2; 1.0.3 Data §2.4.7).
    """
    stored = end.stored + place * _TICK
    redacts = candidate.about in request.redacts
    redacted_at = None if redacts or candidate.about is None else end.redactions.get((request.source, candidate.about))
    told = rfc3339(stored)
    body = add(candidate.body, stored=told, **({} if candidate.timestamp else {"timestamp": told}))
    return Row(
        seq=end.seq + place,
        stored=stored,
        timestamp=candidate.timestamp or stored,
        received_at=request.received_at,
        redacted_at=redacted_at,
        id=candidate.id,
        voided=not candidate.voids and end.referrers.get(candidate.id, False),
        redacts=redacts,
        defines=request.defines,
        digest=candidate.digest,
        source=request.source,
        authority=request.authority,
        body=body if redacted_at is None else redact(body),
    )
