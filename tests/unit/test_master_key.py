"""The master key, as every service reads it."""

from __future__ import annotations

import pytest
from pydantic import SecretStr

from shared.errors import Misconfigured
from shared.master_key import BYTES, master_keys, new_master_key, read_master_key
from shared.settings import SecretSettings


def test_a_new_key_is_read_with_and_without_its_padding() -> None:
    key = new_master_key()

    assert len(read_master_key(key)) == BYTES
    assert read_master_key(key.rstrip("=")) == read_master_key(key)


@pytest.mark.parametrize(
    "text", ["short", "c2hvcnQ=", "ä", "!!!!", "A" * 44, "A" * 20 + "\n" + "A" * 23, "A" * 20 + "!" + "A" * 22]
)
def test_what_is_no_key_is_told_and_never_shown(text: str) -> None:
    with pytest.raises(Misconfigured) as caught:
        read_master_key(text)

    assert text not in str(caught.value)


def test_the_key_comes_first_and_the_one_before_it_where_there_is_one() -> None:
    now, before = new_master_key(), new_master_key()

    assert master_keys(SecretSettings(key=SecretStr(now))) == (read_master_key(now),)
    both = SecretSettings(key=SecretStr(now), previous_key=SecretStr(before))
    assert master_keys(both) == (read_master_key(now), read_master_key(before))


def test_an_installation_without_a_key_is_told() -> None:
    with pytest.raises(Misconfigured, match="SYMPOSIA_SECRETS__KEY"):
        master_keys(SecretSettings())


def test_the_key_that_is_wrong_is_named() -> None:
    both = SecretSettings(key=SecretStr(new_master_key()), previous_key=SecretStr("c2hvcnQ="))

    with pytest.raises(Misconfigured, match=r"SYMPOSIA_SECRETS__PREVIOUS_KEY\) has 5 bytes instead of 32"):
        master_keys(both)
