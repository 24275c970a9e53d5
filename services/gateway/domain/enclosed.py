"""Attachments as a request has them: what the statements declare, what the parts hold, and that both agree.

Sections are those of 1.0.3 (Communication §1.5.2, Data §2.4.11); 2.0.0 says the same.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, NewType

from services.gateway.domain.signatures import MOST, Signatures, Unsigned
from shared.xapi.model import JSON, SIGNATURE, Statement, StatementId, Version
from shared.xapi.validation import Violation

Sha2 = NewType("Sha2", str)
"""A SHA-2 hash in lower-case hexadecimal; its length tells which of the four."""

_ALGORITHMS: Final = {56: hashlib.sha224, 64: hashlib.sha256, 96: hashlib.sha384, 128: hashlib.sha512}
_DIGITS: Final = frozenset("0123456789abcdef")


@dataclass(frozen=True, slots=True)
class Enclosed:
    """The octets of an attachment, with what the headers of its *part* (counted from 0) say of them."""

    part: int
    content: bytes
    content_type: str | None
    length: int | None


class Declared(NamedTuple):
    """An attachment object of a statement, and where it stands (JSON pointer)."""

    pointer: str
    attachment: Mapping[str, Any]

    @property
    def sha2(self) -> Sha2:
        """Return the hash, which names its part in any case."""
        return Sha2(self.attachment["sha2"].lower())


class Use(NamedTuple):
    """A statement declares an attachment whose octets came with it."""

    statement: StatementId
    sha2: Sha2
    content: bytes


def read_sha2(text: str) -> Sha2 | None:
    """Return the hash that *text* is, if it is one."""
    lowered = text.lower()
    return Sha2(lowered) if len(lowered) in _ALGORITHMS and _DIGITS.issuperset(lowered) else None


def hash_as(sha2: Sha2, content: bytes) -> Sha2:
    """Return the hash of *content* by the algorithm of *sha2*."""
    return Sha2(_ALGORITHMS[len(sha2)](content).hexdigest())


def declared(statement: Mapping[str, Any], at: str = "") -> Iterator[Declared]:
    """Yield the attachments of a *statement* that lies at the pointer *at*, and of its SubStatement."""
    for index, attachment in enumerate(statement.get("attachments", ())):
        yield Declared(f"{at}/attachments/{index}", attachment)
    target = statement["object"]
    if target.get("objectType") == "SubStatement" and "attachments" in target:
        yield from (Declared(f"{at}/object/attachments/{index}", each) for index, each in enumerate(target["attachments"]))


def disagreements(
    several: Sequence[Statement], enclosed: Mapping[Sha2, Enclosed], version: Version, *, many: bool
) -> Iterator[Violation]:
    """Yield where the attachments of *several* and the *enclosed* octets do not belong together."""
    declarations: dict[Sha2, list[Declared]] = {}
    signatures = Signatures(version)
    for index, statement in enumerate(several):
        attachments = list(declared(statement, f"/{index}" if many else ""))
        too_many = sum(map(_is_signature, attachments)) > MOST
        for each in attachments:
            declarations.setdefault(each.sha2, []).append(each)
            if _is_signature(each) and too_many:
                yield Violation(each.pointer, "too-many-signatures", f"A statement has at most {MOST} signatures.")
            elif _is_signature(each):
                yield from _signed_wrongly(statement, each, enclosed.get(each.sha2), signatures)
            elif "fileUrl" not in each.attachment and each.sha2 not in enclosed:
                message = "An attachment without fileUrl has to come as a part of a multipart/mixed request, named by its sha2."
                yield Violation(each.pointer, "attachment-part", message)
    for sha2, part in enclosed.items():
        yield from _undeclared(part, declarations.get(sha2, ()))


def uses(identifier: StatementId, statement: Statement, enclosed: Mapping[Sha2, Enclosed]) -> Iterator[Use]:
    """Yield the *enclosed* octets that *statement* declares, each once."""
    for sha2 in dict.fromkeys(each.sha2 for each in declared(statement)):
        if sha2 in enclosed:
            yield Use(identifier, sha2, enclosed[sha2].content)


def _is_signature(each: Declared) -> bool:
    return bool(each.attachment["usageType"] == SIGNATURE)


def _signed_wrongly(
    statement: Mapping[str, JSON], signature: Declared, part: Enclosed | None, signatures: Signatures
) -> Iterator[Violation]:
    """Yield what is wrong with a signature (Data §2.6); one that is not enclosed cannot be looked at, and is refused."""
    if part is None:
        yield Violation(signature.pointer, "signature-part", "A signature has to come as a part of a multipart/mixed request.")
        return
    try:
        signatures.check(statement, signature.attachment, part.content)
    except Unsigned as error:
        yield Violation(signature.pointer, error.rule, error.message)


def _undeclared(part: Enclosed, declarations: Sequence[Declared]) -> Iterator[Violation]:
    """Yield what a part's headers say that no attachment with its hash says."""
    pointer = f"/parts/{part.part}"
    if not declarations:
        yield Violation(pointer, "undeclared-part", "No statement has an attachment with this part's X-Experience-API-Hash.")
        return
    attachments = [each.attachment for each in declarations]
    if part.content_type is not None and all(not _agree(part.content_type, each["contentType"]) for each in attachments):
        yield Violation(pointer, "part-content-type", "The part's Content-Type differs from the attachment's contentType.")
    if part.length is not None and all(part.length != each["length"] for each in attachments):
        yield Violation(pointer, "part-length", "The part's Content-Length differs from the attachment's length.")


def _agree(one: str, other: str) -> bool:
    """Say whether two media types are the same, and no parameter that both name differs; a part may say less than its attachment.

    So it does in the specification's own example (1.0.3 Communication §1.5.2), and more where a library adds a charset.
    """
    (kind, parameters), (other_kind, others) = _media_type(one), _media_type(other)
    return kind == other_kind and all(parameters[name] == others[name] for name in parameters.keys() & others.keys())


def _media_type(text: str) -> tuple[str, dict[str, str]]:
    """Read a media type: names in any case, white space anywhere between."""
    kind, *parameters = (each.strip() for each in text.split(";"))
    pairs = (each.partition("=") for each in parameters if each)
    return kind.lower(), {name.strip().lower(): value.strip().strip('"') for name, _, value in pairs}
