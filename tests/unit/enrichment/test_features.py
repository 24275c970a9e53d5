"""What enrichment takes from a statement, above all from where a statement may hold anything."""

from __future__ import annotations

from typing import Any

import pytest

from services.enrichment.domain.features import features
from shared.xapi.vocabulary import TARGET_EXTENSION

HOME = "https://forum.example"


def naming(author: Any) -> dict[str, Any]:
    """Return a statement whose platform names *author* as who made its object."""
    return {
        "actor": {"mbox": "mailto:ann@example.org"},
        "verb": {"id": "http://id.tincanapi.com/verb/replied"},
        "object": {"id": f"{HOME}/t/1"},
        "timestamp": "2026-01-31T12:00:00Z",
        "context": {"extensions": {TARGET_EXTENSION: author}},
    }


def test_the_author_is_whom_the_platform_names() -> None:
    named = features(naming({"account": {"homePage": HOME, "name": "bob"}}))

    assert named.target == f"account::bob@{HOME}"


@pytest.mark.parametrize(
    "author",
    [
        None,
        "bob",
        {},
        {"account": None},
        {"account": {"name": "bob"}},
        {"account": {"homePage": 5, "name": "bob"}},
        {"account": {"homePage": "https://forum.example/\x00", "name": "bob"}},
        {"mbox": ["mailto:bob@example.org"]},
        {"mbox": "mailto:\x00@example.org"},
        {"openid": "\x00"},
        {"mbox_sha1sum": "\x00"},
    ],
)
def test_an_extension_that_names_nobody_who_could_be_stored_names_nobody(author: Any) -> None:
    assert features(naming(author)).target is None


@pytest.mark.parametrize(
    "group", [{"account": {"homePage": HOME, "name": "room"}}, {"member": [{"mbox": "mailto:ann@example.org"}]}]
)
def test_a_group_that_acts_is_nobody(group: dict[str, Any]) -> None:
    assert features({**naming(None), "actor": {"objectType": "Group", **group}}).actor is None
