from __future__ import annotations

from datetime import UTC, datetime

import pytest

from shared.xapi import extract, ifi
from shared.xapi.bounded import bounded
from shared.xapi.model import VOIDED
from shared.xapi.timestamps import in_utc, instant
from tests.unit.xapi.examples import ACCOUNT, AGENT, GROUP, STATEMENT, SUBSTATEMENT, UUID, changed

ADA, U1 = "mbox::mailto:ada@example.org", "account::U1@https://acme.example.org"


def test_an_identifier_is_written_in_its_canonical_form() -> None:
    assert ifi.canonical({"mbox": "mailto:Ada@Example.ORG"}) == "mbox::mailto:Ada@example.org"
    assert ifi.canonical({"mbox_sha1sum": "AB" * 20}) == "mbox_sha1sum::" + "ab" * 20
    assert ifi.canonical({"openid": "https://id.example.org/Ada"}) == "openid::https://id.example.org/Ada"
    assert ifi.canonical(ACCOUNT) == U1
    assert ifi.canonical(GROUP) is None


def test_an_account_that_tries_to_look_like_another_has_another_identifier() -> None:
    one = ifi.of_account("https://b.org", "x@https://a")
    other = ifi.of_account("https://a@https://b.org", "x")

    assert one != other


def test_no_nul_reaches_an_identifier() -> None:
    assert ifi.of_account("https://a.org", "a\0\\0") == "account::a\\0\\\\0@https://a.org"


@pytest.mark.parametrize(
    ("home_page", "name"),
    [("https://a.org", "ada"), ("https://b@a.org", "x@y"), ("https://a.org", "a\0\\0"), ("https://a.org", "\\@0\\")],
)
def test_an_account_is_read_from_its_identifier_again(home_page: str, name: str) -> None:
    assert ifi.account_of(ifi.of_account(home_page, name)) == (home_page, name)


@pytest.mark.parametrize("identifier", [ADA, "openid::https://a.org/@x", "account::#sha256:" + "0" * 64])
def test_what_is_no_account_or_was_hashed_is_none(identifier: str) -> None:
    assert ifi.account_of(identifier) is None


def test_a_very_long_identifier_is_replaced_by_its_hash() -> None:
    long = ifi.of_account("https://a.org", "é" * 2_000)

    assert long.startswith("account::#sha256:")
    assert len(long) < 100
    assert bounded("é" * 1_000) == "é" * 1_000
    assert bounded("é" * 1_001) != "é" * 1_001


def test_the_sha1_of_an_mbox_takes_its_domain_in_lower_case() -> None:
    assert ifi.sha1sum("mailto:ada@EXAMPLE.org") == ifi.sha1sum("mailto:ada@example.org")
    assert ifi.sha1sum("mailto:xapi@adlnet.gov") == "cd9b00a5611f94eaa7b1661edab976068e364975"


def test_agents_are_read_with_their_usage() -> None:
    statement = changed("/context/contextAgents", [{"objectType": "contextAgent", "agent": ACCOUNT}])

    assert extract.agents(statement) == (
        ("actor", ADA),
        ("authority", ADA),
        ("instructor", ADA),
        ("team_member", ADA),
        ("team_member", U1),
        ("context_agent", U1),
    )


def test_agents_of_a_substatement_are_read_with_a_usage_of_their_own() -> None:
    statement = {"actor": {**GROUP, **ACCOUNT}, "verb": STATEMENT["verb"], "object": {**SUBSTATEMENT, "object": AGENT}}

    assert extract.agents(statement) == (
        ("actor", U1),
        ("actor_member", ADA),
        ("actor_member", U1),
        ("sub_actor", ADA),
        ("sub_object", ADA),
        ("sub_instructor", ADA),
        ("sub_team_member", ADA),
        ("sub_team_member", U1),
    )


def test_activities_are_read_in_the_order_parent_grouping_category_other() -> None:
    related = {"other": [{"id": "act:o"}], "category": {"id": "act:c"}, "parent": [{"id": "act:p"}, {"id": "act:p"}]}
    statement = changed("/context/contextActivities", related)

    assert extract.activities(statement) == (
        ("object", "https://example.org/course/1"),
        ("parent", "act:p"),
        ("category", "act:c"),
        ("other", "act:o"),
    )
    assert extract.activities(changed("/object", SUBSTATEMENT))[:2] == (
        ("parent", "https://example.org/thread/1"),
        ("grouping", "https://example.org/course/1"),
    )
    assert ("sub_object", "https://example.org/course/1") in extract.activities(changed("/object", SUBSTATEMENT))


def test_references_and_ids_are_read_in_lower_case() -> None:
    voiding = {**STATEMENT, "verb": {"id": VOIDED}, "object": {"objectType": "StatementRef", "id": UUID.upper()}}

    assert extract.references(voiding) == (("object", UUID), ("context", UUID))
    assert extract.voided(voiding) == UUID
    assert extract.voided(STATEMENT) is None
    assert extract.statement_id(changed("/id", UUID.upper())) == UUID
    assert extract.registration(changed("/context/registration", UUID.upper())) == UUID
    assert extract.registration({**STATEMENT, "context": {}}) is None


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2025-03-01T10:00:00.123456789Z", datetime(2025, 3, 1, 10, 0, 0, 123456, UTC)),
        ("2025-03-01T10:00:00+05:30", datetime(2025, 3, 1, 4, 30, tzinfo=UTC)),
        ("2025-03-01t10:00:00z", datetime(2025, 3, 1, 10, tzinfo=UTC)),
        ("2025-03-01T10:00", datetime(2025, 3, 1, 10, tzinfo=UTC)),
        ("20250301T100000,5-0130", datetime(2025, 3, 1, 11, 30, 0, 500000, UTC)),
        ("2016-12-31T23:59:60Z", datetime(2017, 1, 1, tzinfo=UTC)),
        ("2016-12-31T23:59:60.75+00:00", datetime(2017, 1, 1, tzinfo=UTC)),
        ("20161231T235960Z", datetime(2017, 1, 1, tzinfo=UTC)),
    ],
)
def test_a_timestamp_becomes_a_moment_in_utc(text: str, moment: datetime) -> None:
    assert instant(text) == moment
    assert instant(text).tzinfo is UTC
    assert extract.timestamp({"timestamp": text}) == extract.stored({"stored": text}) == moment


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("2025-03-01T10:00:00.123456789Z", "2025-03-01T10:00:00.123456789Z"),
        ("2025-03-01T00:15:00.1200000001+05:30", "2025-02-28T18:45:00.1200000001Z"),
        ("2025-03-01t10:00:00z", "2025-03-01T10:00:00Z"),
        ("2025-03-01T10:00", "2025-03-01T10:00:00Z"),
        ("2025-03-01T10:00-02", "2025-03-01T12:00:00Z"),
        ("20250301T100000,5-0130", "2025-03-01T11:30:00.5Z"),
        ("20250301T1000", "2025-03-01T10:00:00Z"),
        ("0099-01-01T10:00:00+01:00", "0099-01-01T09:00:00Z"),
        ("2016-12-31T18:59:60.5-05:00", "2016-12-31T23:59:60.5Z"),
    ],
)
def test_a_timestamp_is_written_in_utc_to_its_last_digit(text: str, written: str) -> None:
    assert in_utc(text) == written
    assert instant(in_utc(text)) == instant(text)


@pytest.mark.parametrize("text", ["2025-02-29T00:00:00Z", "9999-12-31T23:59:59-01:00", "9999-12-31T23:59:60Z", "x"])
def test_what_is_no_moment_raises(text: str) -> None:
    with pytest.raises(ValueError, match=r"day|month|years|Invalid"):
        instant(text)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("0001-01-01T00:00:00Z", datetime(1, 1, 1, microsecond=1, tzinfo=UTC)),
        ("0001-01-01T02:00+02:00", datetime(1, 1, 1, microsecond=1, tzinfo=UTC)),
        ("9999-12-31T23:59:59.999999", datetime(9999, 12, 31, 23, 59, 59, 999_998, UTC)),
    ],
)
def test_no_moment_is_what_a_database_takes_for_infinite(text: str, moment: datetime) -> None:
    assert instant(text) == moment
