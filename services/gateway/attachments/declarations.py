"""Read what recorded statements declare of their attachments from their stored bytes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

import msgspec

from services.gateway.domain.enclosed import Sha2
from shared.xapi.model import StatementId

_MARK: Final = b'"attachments"'
_ESCAPE: Final = b"\\u"


class Declaration(msgspec.Struct, frozen=True, rename="camel"):
    """The media type of an attachment, and its hash as the statement spells it."""

    content_type: str
    sha2: str


class _Object(msgspec.Struct, frozen=True):
    attachments: tuple[Declaration, ...] = ()


class _Identified(msgspec.Struct, frozen=True):
    id: str


class _Statement(msgspec.Struct, frozen=True):
    attachments: tuple[Declaration, ...] = ()
    object: _Object = _Object()


_decoder: Final = msgspec.json.Decoder(_Statement)
_identified: Final = msgspec.json.Decoder(_Identified)


def declared_in(body: bytes) -> Mapping[Sha2, Declaration]:
    """Return the hashes that the recorded statement *body* declares, in order."""
    if _MARK not in body and _ESCAPE not in body:  # a key may be spelled with escapes
        return {}
    statement = _decoder.decode(body)
    found: dict[Sha2, Declaration] = {}
    for each in (*statement.attachments, *statement.object.attachments):
        found.setdefault(Sha2(each.sha2.lower()), each)
    return found


def declarations(bodies: Iterable[bytes]) -> Mapping[tuple[StatementId, Sha2], Declaration]:
    """Return what the recorded statements *bodies* declare, by statement and hash, in order."""
    return {(_id(body), sha2): declaration for body in bodies for sha2, declaration in declared_in(body).items()}


def _id(body: bytes) -> StatementId:
    return StatementId(_identified.decode(body).id.lower())
