"""What may stand in a record that cannot be read: looked for as text, since nothing else is known of it."""

from __future__ import annotations

from time import process_time

import pytest

from services.gateway.domain.keys import activity_key, agent_key
from services.gateway.recorder import letters
from services.gateway.recorder.letters import MOST_HOME_PAGES, texts_in
from shared.xapi import ifi
from shared.xapi.model import Ifi

MANY_HOME_PAGES = b",".join(b'{"homePage": "https://%d.example"}' % number for number in range(MOST_HOME_PAGES + 1))


@pytest.mark.parametrize(
    ("value", "identity"),
    [
        (b'{"mbox": "mailto:ann@EXAMPLE.org", "broken', "mbox::mailto:ann@example.org"),
        (b'{"mbox_sha1sum": "C2A3%s"' % (b"0" * 36), f"mbox_sha1sum::c2a3{'0' * 36}"),
        (b'"openid":"https://ann.example/"', "openid::https://ann.example/"),
        (b'{"name": "a\\u0072bor", "homePage" : "https://work.example"}', ifi.of_account("https://work.example", "arbor")),
    ],
    ids=["address", "hash", "OpenID", "account"],
)
def test_whoever_may_be_named_is_found(value: bytes, identity: str) -> None:
    assert agent_key(Ifi(identity)) in texts_in(value).keys


def test_things_and_statements_are_found_and_what_no_table_holds_is_not() -> None:
    found = texts_in(b'["https://forum.example/t/7", "8F2F2F0C-5C83-4D55-9D0E-3A8F0D1F6A77", "\\u0000", "\xff", "no end')

    assert activity_key("https://forum.example/t/7") in found.activities
    assert found.ids == {"8f2f2f0c-5c83-4d55-9d0e-3a8f0d1f6a77"}
    assert "\0" not in found.texts


@pytest.mark.parametrize("value", [b'\\"' * 200_000, b"a" * 400_000], ids=["texts that never end", "no address"])
def test_whatever_it_is_the_time_grows_with_its_length(value: bytes) -> None:
    began = process_time()

    assert texts_in(value).texts == frozenset()

    assert process_time() - began < 5  # by the square it were minutes


@pytest.mark.parametrize("value", [b'"1", "2", "3"', MANY_HOME_PAGES], ids=["texts", "home pages"])
def test_what_holds_too_much_is_not_looked_through(value: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(letters, "MOST_TEXTS", 2 if value != MANY_HOME_PAGES else letters.MOST_TEXTS)

    found = letters.texts_in(value)

    assert (found.whole, found.texts) == (False, frozenset())
