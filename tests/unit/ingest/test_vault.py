"""Secrets open only with a master key at hand, and only for their source."""

from __future__ import annotations

import base64

import pytest
from pydantic import SecretStr

from services.ingest.vault import Sealed, Vault
from shared.errors import Misconfigured
from shared.settings import SecretSettings


def key(byte: int) -> SecretStr:
    return SecretStr(base64.urlsafe_b64encode(bytes([byte]) * 32).decode())


def vault(now: int, before: int | None = None) -> Vault:
    previous = key(before) if before is not None else SecretStr("")
    return Vault.of(SecretSettings(key=key(now), previous_key=previous))


def test_what_is_sealed_opens_for_its_source() -> None:
    sealed = vault(1).seal(b"signing secret", "acme")

    assert vault(1).open(sealed, "acme") == b"signing secret"
    assert b"signing secret" not in sealed


def test_the_key_before_the_rotation_still_opens() -> None:
    sealed = vault(1).seal(b"signing secret", "acme")

    assert vault(2, before=1).open(sealed, "acme") == b"signing secret"


def test_two_seals_of_one_secret_differ() -> None:
    assert vault(1).seal(b"signing secret", "acme") != vault(1).seal(b"signing secret", "acme")


@pytest.mark.parametrize("owner", ["other", ""])
def test_a_secret_does_not_open_for_another_source(owner: str) -> None:
    sealed = vault(1).seal(b"signing secret", "acme")

    with pytest.raises(Sealed):
        vault(1).open(sealed, owner)


@pytest.mark.parametrize("damage", [b"", b"short", b"x" * 40])
def test_what_is_no_sealed_secret_does_not_open(damage: bytes) -> None:
    with pytest.raises(Sealed):
        vault(1).open(damage, "acme")


@pytest.mark.parametrize("text", ["", "c2hvcnQ=", "no base64 é", "!!!!"])
def test_a_master_key_that_is_none_is_told(text: str) -> None:
    with pytest.raises(Misconfigured):
        Vault.of(SecretSettings(key=SecretStr(text)))
