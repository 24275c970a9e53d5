"""Keep nobody who was erased: what was received before, and comes late or again, is recorded and refused without them. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

import msgspec

from services.gateway.domain.candidate import Candidate
from services.gateway.domain.erasure import Erased, IsErased, erase
from services.gateway.domain.keychain import Keychain
from services.gateway.domain.keys import Key, agent_key
from services.gateway.domain.mentions import mentions
from services.gateway.recorder.requests import Request
from shared.contracts import Received, decode, encode
from shared.xapi.erased import ERASED_IFI
from shared.xapi.guard import Limits, parse
from shared.xapi.model import StatementId

_LIMITS = Limits()


class Mark(NamedTuple):
    """What is to be noted of a statement that came too late: when who stood in it was erased, and whether its words stayed."""

    at: datetime
    names_only: bool


def without_erased(
    requests: Sequence[Request], erased: Mapping[bytes, datetime], keychain: Keychain
) -> tuple[Sequence[Request], Mapping[StatementId, Mark]]:
    """Return *requests* without whom *erased* stands for (digest, and when), and what to note of their statements."""
    if not erased:
        return requests, {}
    marks: dict[StatementId, Mark] = {}
    return [_cleared(request, _Memory(erased, request.received_at, keychain), marks) for request in requests], marks


class _Memory:
    """Knows the erased by their digests, of those who were erased after *received_at*."""

    def __init__(self, erased: Mapping[bytes, datetime], received_at: datetime, keychain: Keychain) -> None:
        self._erased = {digest: at for digest, at in erased.items() if at >= received_at}
        self._keychain = keychain
        self._known: dict[Key, datetime | None] = {}

    def __call__(self, key: Key) -> bool:
        """Say whether *key* is of somebody who was erased, or of what they wrote."""
        if key not in self._known:
            found = (self._erased.get(digest) for digest in self._keychain.erasure_digests(key))
            self._known[key] = next((at for at in found if at is not None), None)
        return self._known[key] is not None

    @property
    def first(self) -> datetime:
        """Return when the first of those who were found was erased."""
        return min(at for at in self._known.values() if at is not None)


def _cleared(request: Request, is_erased: _Memory, marks: dict[StatementId, Mark]) -> Request:
    """Return *request*, and the record that carries it, without the erased."""
    left = {each.id: found for each in request.statements if (found := erase(each.body, is_erased)) is not None}
    if not left and not is_erased(agent_key(request.authority)):
        return request
    marks.update({identifier: Mark(is_erased.first, found.names_only) for identifier, found in left.items()})
    return replace(
        request,
        record=msgspec.structs.replace(request.record, value=without(request.record.value, is_erased)),
        authority=ERASED_IFI if is_erased(agent_key(request.authority)) else request.authority,
        statements=tuple(_candidate(each, left.get(each.id)) for each in request.statements),
    )


def without(value: bytes, is_erased: IsErased) -> bytes:
    """Return a `received` message without the erased; the digests of its statements stay. Raises BadMessage."""
    received = decode(value, Received)
    left = [(each, erase(bytes(each.body), is_erased)) for each in received.statements]
    statements = tuple(
        each if found is None else msgspec.structs.replace(each, body=msgspec.Raw(found.body)) for each, found in left
    )
    authority = ERASED_IFI if is_erased(agent_key(received.authority)) else received.authority
    return encode(msgspec.structs.replace(received, statements=statements, authority=authority))


def _candidate(candidate: Candidate, left: Erased | None) -> Candidate:
    if left is None:
        return candidate
    return candidate._replace(body=left.body, mentions=mentions(parse(left.body, _LIMITS)))
