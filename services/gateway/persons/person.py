"""A person as the record knows them: their identifiers, and how these are written in what is stored."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Final
from uuid import UUID

import msgspec

from services.gateway.domain.keys import Key, agent_key
from shared.errors import SymposiaError
from shared.xapi import ifi
from shared.xapi.model import Ifi

AS_IN_STATEMENTS: Final = "an e-mail address, mbox_sha1sum:<its hash>, openid:<URI>"
FORMS: Final = f"{AS_IN_STATEMENTS}, account:<name>@<home page>, learner:<UUID> or external:<HR's id>"
ACCOUNT_FORMS: Final = f"{AS_IN_STATEMENTS} or account:<name>@<home page>"
_SHA1: Final = re.compile(r"[0-9a-fA-F]{40}")
_MAILTO: Final = "mailto:"


class Unnamed(SymposiaError):
    """A text is not the name of a person; the message says what would be."""

    def __init__(self, text: str) -> None:
        super().__init__(f"{text[:200]!r} names nobody: write {FORMS}")


@dataclass(frozen=True, slots=True)
class LearnerName:
    """A learner as enrichment's contract names them; *kind* is a kind of `records.learner_reference`."""

    kind: str
    value: str


@dataclass(frozen=True)
class Person:
    """A person: one or more canonical IFIs (*identities*), and the ids of the learners whom they belong to."""

    identities: frozenset[Ifi]
    learners: frozenset[UUID] = frozenset()

    @cached_property
    def keys(self) -> frozenset[Key]:
        """Return the keys by which statements that mention the person are found."""
        return frozenset(map(agent_key, self.identities))

    @cached_property
    def texts(self) -> tuple[tuple[bytes, bytes], ...]:
        """Return for each identifier two texts that both occur in any JSON that holds it, to search what has no keys."""
        return tuple(_texts(identity) for identity in sorted(self.identities))

    def stands_in(self, value: bytes) -> bool:
        """Say whether *value* may hold an identifier of the person."""
        return any(one in value and other in value for one, other in self.texts)


def read_name(text: str) -> Ifi | LearnerName:
    """Read the name of a person in one of FORMS. Raises Unnamed."""
    kind, colon, value = text.partition(":")
    match kind if colon and value and "\0" not in value else "mbox":
        case "learner":
            return LearnerName("id", str(_uuid(value, text)))
        case "external":
            return LearnerName("external_id", value)
        case "openid":
            return _canonical({"openid": value.removeprefix(":")})
        case "mbox_sha1sum" if _SHA1.fullmatch(value.removeprefix(":")):
            return _canonical({"mbox_sha1sum": value.removeprefix(":")})
        case "account":
            return _account(value.removeprefix(":"), text)
        case _:
            return _mbox(text)


def with_hashes(identities: Iterable[Ifi]) -> frozenset[Ifi]:
    """Return *identities*, and for each e-mail address its hash, which names the same person."""
    given = frozenset(identities)
    return given | {hashed for each in given if (hashed := ifi.email_hash(each)) is not None}


def _mbox(text: str) -> Ifi:
    address = text.removeprefix("mbox:").removeprefix(":").removeprefix(_MAILTO)
    local, at, domain = address.rpartition("@")
    if not (local and at and domain) or "/" in domain or any(character.isspace() or character == "\0" for character in address):
        raise Unnamed(text)
    return ifi.of_mbox(_MAILTO + address)


def _account(value: str, text: str) -> Ifi:
    """Read `name@home page`; the home page begins after the last @ that a scheme follows."""
    found = re.fullmatch(r"(?s)(.+)@([A-Za-z][A-Za-z0-9+.-]*:.+)", value)
    if found is None:
        raise Unnamed(text)
    return ifi.of_account(found[2], found[1])


def _canonical(actor: dict[str, str]) -> Ifi:
    identifier = ifi.canonical(actor)
    if identifier is None:
        raise AssertionError("an actor with an identifier has one")
    return identifier


def _uuid(value: str, text: str) -> UUID:
    try:
        return UUID(value)
    except ValueError as error:
        raise Unnamed(text) from error


def _texts(identity: Ifi) -> tuple[bytes, bytes]:
    """Return the two texts that occur in any JSON that holds *identity*; they are the same unless it is an account."""
    account = ifi.account_of(identity)
    if account is None:
        text = identity.partition("::")[2].removeprefix(_MAILTO).encode()
        return text, text
    home_page, name = account
    return msgspec.json.encode(name), msgspec.json.encode(home_page)
