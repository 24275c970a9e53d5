"""How an operator names a person, and how a person's identifiers look in what is stored."""

from __future__ import annotations

import orjson
import pytest

from services.gateway.persons.person import LearnerName, Person, Unnamed, read_name, with_hashes
from shared.xapi import ifi
from shared.xapi.model import Ifi

LEARNER = "8f2f2f0c-5c83-5d55-9d0e-3a8f0d1f6a01"


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("ann@Example.ORG", "mbox::mailto:ann@example.org"),
        ("mailto:ann@example.org", "mbox::mailto:ann@example.org"),
        ("mbox:mailto:ann@example.org", "mbox::mailto:ann@example.org"),
        ("mbox::mailto:ann@example.org", "mbox::mailto:ann@example.org"),
        (f"mbox_sha1sum:{'AB' * 20}", f"mbox_sha1sum::{'ab' * 20}"),
        ("openid:https://ann.example/", "openid::https://ann.example/"),
        ("openid::https://ann.example/", "openid::https://ann.example/"),
        ("account:U1@https://acme.slack.com", "account::U1@https://acme.slack.com"),
        ("account::a@b@https://acme.example", "account::a@b@https://acme.example"),
        (f"learner:{LEARNER}", LearnerName("id", LEARNER)),
        ("external:HR:7", LearnerName("external_id", "HR:7")),
    ],
)
def test_a_person_is_named_in_these_ways(text: str, meant: object) -> None:
    assert read_name(text) == meant


@pytest.mark.parametrize(
    "text",
    [
        "", "Ann", "@", "ann@", "@example.org", "learner:7", "learner:", "external:", "external:a\0", "account:U1",
        "account:@https://a.example", "mbox_sha1sum:abc", "ann @example.org", "https://acme.example/@ann/posts", "ann@e\0",
    ],
)  # fmt: skip
def test_what_names_nobody_is_refused(text: str) -> None:
    with pytest.raises(Unnamed, match="names nobody"):
        read_name(text)


def test_an_address_stands_for_its_hash_too() -> None:
    hashed = Ifi(f"mbox_sha1sum::{ifi.sha1sum('mailto:ann@example.org')}")

    assert with_hashes([Ifi("mbox::mailto:ann@example.org")]) == {"mbox::mailto:ann@example.org", hashed}


@pytest.mark.parametrize("name", ["U1", "a@b", "a\\b", 'quo"te', "nul\0", "ü\\0"])
def test_an_account_is_recognised_in_bytes_by_both_its_parts(name: str) -> None:
    person = Person(frozenset([ifi.of_account("https://acme.example/@x", name)]))

    both = orjson.dumps({"account": {"name": name, "homePage": "https://acme.example/@x"}})

    assert person.stands_in(both)
    assert not person.stands_in(orjson.dumps({"name": name}))
    assert ifi.account_of(ifi.of_account("https://acme.example/@x", name)) == ("https://acme.example/@x", name)
