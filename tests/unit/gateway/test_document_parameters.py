"""Which document a request means: 1.0.3 Communication §2.3, §2.6, §2.7, and §3.2 for what is refused."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from urllib.parse import urlencode

import pytest

from services.gateway.documents.parameters import (
    Context,
    Resource,
    Several,
    Single,
    read_for_delete,
    read_for_get,
    read_single,
)
from services.gateway.domain.parameters import BadParameter
from shared.xapi.model import Ifi, Iri, Registration

ANN = json.dumps({"mbox": "mailto:ann@Example.org", "name": "Ann"})
TEAM = json.dumps({"objectType": "Group", "mbox": "mailto:team@example.org"})
ANYBODY = json.dumps({"objectType": "Group", "member": [{"mbox": "mailto:ann@example.org"}]})
COURSE = "https://example.org/course"
REGISTRATION = "9B1DEB4D-3B7D-4BAD-9BDD-2B0D7B3DCB6D"
STATE = {"activityId": COURSE, "agent": ANN, "stateId": "bookmark"}


def query(**parameters: str) -> bytes:
    return urlencode(parameters).encode()


def test_a_state_is_of_activity_agent_and_registration() -> None:
    asked = read_single(Resource.STATE, query(**STATE, registration=REGISTRATION))

    registration = Registration(REGISTRATION.lower())
    context = Context(Resource.STATE, Iri(COURSE), Ifi("mbox::mailto:ann@example.org"), registration)
    assert asked == Single(context, "bookmark")


def test_an_agent_is_who_it_is_however_it_is_written() -> None:
    written = json.dumps({"objectType": "Agent", "mbox": "mailto:ann@example.org"}, indent=1)

    assert (
        read_single(Resource.STATE, query(**{**STATE, "agent": written})).key == read_single(Resource.STATE, query(**STATE)).key
    )


def test_no_two_documents_share_a_key() -> None:
    asked = [
        read_single(Resource.STATE, query(**STATE)),
        read_single(Resource.STATE, query(**STATE, registration=REGISTRATION)),
        read_single(Resource.STATE, query(**{**STATE, "stateId": "Bookmark"})),
        read_single(Resource.STATE, query(**{**STATE, "stateId": ""})),
        read_single(Resource.STATE, query(**{**STATE, "activityId": COURSE + "/"})),
        read_single(Resource.AGENT_PROFILE, query(agent=ANN, profileId="bookmark")),
        read_single(Resource.ACTIVITY_PROFILE, query(activityId=COURSE, profileId="bookmark")),
    ]

    assert len({each.key for each in asked}) == len(asked)


@pytest.mark.parametrize("name", ["a\0b", "Grüße 🎓", "x" * 10_000, " ", "%"])
def test_a_name_is_any_text(name: str) -> None:
    assert read_single(Resource.STATE, query(**{**STATE, "stateId": name})).name == name


def test_without_a_name_get_asks_for_several() -> None:
    asked = read_for_get(Resource.ACTIVITY_PROFILE, query(activityId=COURSE, since="2026-01-31T13:00:00+01:00"))

    assert asked == Several(Context(Resource.ACTIVITY_PROFILE, Iri(COURSE)), datetime(2026, 1, 31, 12, tzinfo=UTC))


def test_an_identified_group_has_states() -> None:
    asked = read_for_delete(Resource.STATE, query(activityId=COURSE, agent=TEAM))

    assert asked.context.agent == "mbox::mailto:team@example.org"


@pytest.mark.parametrize(
    ("resource", "given", "name", "rule"),
    [
        (Resource.STATE, {"agent": ANN, "stateId": "x"}, "activityId", "missing-parameter"),
        (Resource.STATE, {"activityId": COURSE, "stateId": "x"}, "agent", "missing-parameter"),
        (Resource.STATE, {"activityId": COURSE, "agent": ANN}, "stateId", "missing-parameter"),
        (Resource.STATE, {**STATE, "activityId": "course"}, "activityId", "iri"),
        (Resource.STATE, {**STATE, "agent": "ann"}, "agent", "json"),
        (Resource.STATE, {**STATE, "agent": "{}"}, "agent", "actor-one-ifi"),
        (Resource.STATE, {**STATE, "agent": ANYBODY}, "agent", "anonymous-group"),
        (Resource.STATE, {**STATE, "registration": "true"}, "registration", "uuid"),
        (Resource.STATE, {**STATE, "stateid": "x"}, "stateid", "unknown-parameter"),
        (Resource.STATE, {**STATE, "since": "2026-01-31T12:00:00Z"}, "since", "unknown-parameter"),
        (Resource.AGENT_PROFILE, {"agent": TEAM, "profileId": "x"}, "agent", "group"),
        (Resource.AGENT_PROFILE, {"agent": ANN}, "profileId", "missing-parameter"),
        (Resource.AGENT_PROFILE, {"agent": ANN, "profileId": "x", "activityId": COURSE}, "activityId", "unknown-parameter"),
        (Resource.ACTIVITY_PROFILE, {"activityId": COURSE, "profileId": "x", "agent": ANN}, "agent", "unknown-parameter"),
    ],
)
def test_a_wrong_parameter_is_named(resource: Resource, given: dict[str, str], name: str, rule: str) -> None:
    with pytest.raises(BadParameter) as refused:
        read_single(resource, query(**given))

    assert (refused.value.name, refused.value.rule) == (name, rule)


@pytest.mark.parametrize(
    ("written", "rule"),
    [
        (query(**STATE) + b"&stateId=twice", "repeated-parameter"),
        (query(**STATE) + b"%ED%A0%80", "query-string"),
        (query(**STATE) + b"&stateId", "query-string"),
        (query(**STATE) + b"%2", "query-string"),
    ],
)
def test_a_query_that_can_be_read_in_two_ways_is_refused(written: bytes, rule: str) -> None:
    with pytest.raises(BadParameter) as refused:
        read_single(Resource.STATE, written)

    assert refused.value.rule == rule


def test_since_and_a_name_do_not_go_together() -> None:
    with pytest.raises(BadParameter) as refused:
        read_for_get(Resource.STATE, query(**STATE, since="2026-01-31T12:00:00Z"))

    assert refused.value.rule == "beside-id"


def test_profiles_are_deleted_one_at_a_time() -> None:
    with pytest.raises(BadParameter) as refused:
        read_for_delete(Resource.AGENT_PROFILE, query(agent=ANN))

    assert refused.value.name == "profileId"
