"""Who is a learner: ids that stand for ever, and the identifiers that say the same."""

from __future__ import annotations

import pytest

from services.enrichment.domain.people import email_ifis, imported_learner, provisional_learner
from shared.xapi import ifi
from shared.xapi.model import Ifi

MBOX, HASHED = Ifi("mbox::mailto:ann@example.org"), Ifi("mbox_sha1sum::6168d27d1f76f1fd61099f4e24f911dbae8314dc")
ACCOUNT = Ifi("account::U1@https://acme.slack.com")


def test_the_ids_of_learners_stand_for_ever() -> None:
    """A change of these gives everybody a new id, and so nobody what they had."""
    assert str(imported_learner("E-1")) == "6fe95c68-9d7f-5046-b3e6-c0dfd9f89b3b"
    assert str(provisional_learner(ACCOUNT)) == "e7c31df2-a4b5-5be5-a2c6-2d14d791674f"


def test_an_external_id_and_an_identifier_of_one_spelling_are_two_people() -> None:
    assert imported_learner(ACCOUNT) != provisional_learner(ACCOUNT)


def test_an_address_and_its_hash_are_one_person() -> None:
    assert ifi.email_hash(MBOX) == ifi.email_hash(HASHED) == HASHED
    assert provisional_learner(MBOX) == provisional_learner(HASHED) != provisional_learner(ACCOUNT)


@pytest.mark.parametrize("identifier", [ACCOUNT, "openid::https://ann.example"])
def test_what_is_no_address_has_no_hash(identifier: Ifi) -> None:
    assert ifi.email_hash(identifier) is None


def test_an_address_is_known_as_it_is_written_and_in_small_letters_and_by_both_hashes() -> None:
    assert email_ifis("ann@example.org") == (MBOX, HASHED)
    assert set(email_ifis("Ann@Example.org")) > {MBOX, HASHED}
    assert Ifi("mbox::mailto:Ann@example.org") in email_ifis("Ann@Example.org")
