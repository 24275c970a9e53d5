"""Erasing a person from a statement: who stands where, whose words go, and that nothing else changes."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from services.gateway.domain.erasure import Erased, erase
from services.gateway.domain.keys import Key, activity_key, agent_key
from shared.xapi import extract
from shared.xapi.erased import ERASED, ERASED_IFI
from shared.xapi.model import SIGNATURE, Version
from shared.xapi.validation import validate
from tests.support.received import activity, reference, statement

ANN = {"objectType": "Agent", "name": "Ann Arbor", "mbox": "mailto:ann@example.org"}
BOB = {"objectType": "Agent", "name": "Bob", "mbox": "mailto:bob@example.org"}
POST = "https://forum.example/t/7"
HASHED = "mbox_sha1sum::4b4a0c1b9b5ff8c3c2b2d4b7c5a7e9f1a2b3c4d5"
KEYS = {
    agent_key(HASHED),
    agent_key("mbox::mailto:ann@example.org"),
    agent_key("openid::https://ann.example/"),
    activity_key(POST),
}
SIGNED = {
    "usageType": SIGNATURE,
    "display": {"en": "s"},
    "contentType": "application/octet-stream",
    "length": 1,
    "sha2": "0" * 64,
}


def is_ann(key: Key) -> bool:
    return key in KEYS


def erased(**changes: Any) -> Erased | None:
    return erase(orjson.dumps(statement(1, **changes)), is_ann)


def left_of(**changes: Any) -> dict[str, Any]:
    found = erased(**changes)
    assert found is not None
    left: dict[str, Any] = orjson.loads(found.body)
    validate(left, Version.V2_0_0 if left["version"].startswith("2.") else Version.V1_0_3)
    return left


GROUP = {"objectType": "Group", "member": [BOB, ANN]}
SUB = {"objectType": "SubStatement", "actor": ANN, "verb": {"id": "http://a.example/v"}, "object": GROUP}
PLACES: dict[str, dict[str, Any]] = {
    "actor": {"actor": ANN},
    "member": {"actor": GROUP},
    "object": {"object": ANN},
    "member of the object": {"object": {**GROUP, "name": "both"}},
    "authority": {"authority": ANN},
    "instructor": {"context": {"instructor": ANN}},
    "team": {"context": {"team": GROUP}},
    "SubStatement": {"object": SUB},
    "context agent": {"context": {"contextAgents": [{"objectType": "contextAgent", "agent": ANN}]}, "version": "2.0.0"},
    "context group": {"context": {"contextGroups": [{"objectType": "contextGroup", "group": GROUP}]}, "version": "2.0.0"},
}


@pytest.mark.parametrize("place", PLACES)
def test_whoever_is_erased_stands_nowhere_any_more(place: str) -> None:
    left = left_of(**PLACES[place])

    assert "ann" not in orjson.dumps(left).decode().lower()
    assert ERASED_IFI in {identifier for _, identifier in extract.agents(left)}


@pytest.mark.parametrize("place", [place for place in PLACES if place != "actor"])
def test_where_somebody_else_acts_their_own_words_stay(place: str) -> None:
    found = erased(**{"result": {"response": "my own words"}, **PLACES[place]})

    assert found is not None
    assert found.names_only
    assert b"my own words" in found.body


def test_the_words_of_who_is_erased_go_with_them() -> None:
    found = erased(
        actor=ANN,
        object=activity(POST, "MARK"),
        result={"response": "MARK", "success": True, "extensions": {"http://x.example/": "MARK"}},
        context={"extensions": {"http://x.example/": "MARK"}},
    )

    assert found is not None
    assert not found.names_only
    left = orjson.loads(found.body)
    assert b"MARK" not in found.body
    assert (left["actor"], left["result"]) == (ERASED, {"success": True})
    assert left["object"] == {"objectType": "Activity", "id": POST, "definition": {"type": "http://activitystrea.ms/note"}}


def test_the_title_that_the_erased_gave_goes_from_the_statements_of_others() -> None:
    parent = activity(POST, "MARK")

    left = left_of(context={"contextActivities": {"parent": [parent], "other": [activity("https://forum.example/t/8", "kept")]}})

    assert left["context"]["contextActivities"]["parent"] == [{**parent, "definition": {"type": parent["definition"]["type"]}}]
    assert left["context"]["contextActivities"]["other"][0]["definition"]["name"] == {"en": "kept"}
    assert left["object"] == statement(1)["object"]


@pytest.mark.parametrize(
    ("said", "left"),
    [
        (ANN, ERASED),
        ({"who": [ANN, 1]}, {"who": [ERASED, 1]}),
        ("mailto:ann@example.org", "urn:symposia:erased"),
        ("ann@example.org", "urn:symposia:erased"),
        ("4b4a0c1b9b5ff8c3c2b2d4b7c5a7e9f1a2b3c4d5", "urn:symposia:erased"),
        ("https://ann.example/", "urn:symposia:erased"),
    ],
)
def test_extensions_lose_the_erased_wherever_they_stand(said: Any, left: Any) -> None:
    extensions = {"http://x.example/about": said, "http://x.example/other": {"account": 7, "mbox": [], "n": "Ann writes"}}

    found = left_of(context={"extensions": extensions})

    assert found["context"]["extensions"] == {**extensions, "http://x.example/about": left}


def test_an_identified_group_keeps_its_other_members() -> None:
    left = left_of(
        actor={"objectType": "Group", "name": "Ann and friends", "openid": "https://ann.example/", "member": [BOB, ANN]}
    )

    assert left["actor"] == {"objectType": "Group", "member": [BOB, ERASED], "account": ERASED["account"]}


def test_an_identified_group_without_members_stays_a_group() -> None:
    left = left_of(actor={"objectType": "Group", "name": "Ann and friends", "openid": "https://ann.example/"})

    assert left["actor"] == {"objectType": "Group", "account": ERASED["account"]}


def test_an_agent_of_no_type_becomes_nobody() -> None:
    assert left_of(actor={"name": "Ann Arbor", "mbox": "mailto:ann@example.org"})["actor"] == ERASED


def test_an_activity_that_stands_alone_loses_its_title_too() -> None:
    left = left_of(context={"contextActivities": {"parent": activity(POST, "MARK")}})

    assert left["context"]["contextActivities"]["parent"] == UNTITLED


def test_a_signature_goes_since_it_repeats_the_statement() -> None:
    other = {**SIGNED, "usageType": "http://x.example/certificate"}

    left = left_of(object=ANN, attachments=[SIGNED, other])

    assert left["attachments"] == [other]
    assert "attachments" not in left_of(object=ANN, attachments=[SIGNED])


UNTITLED = {"objectType": "Activity", "id": POST, "definition": {"type": "http://activitystrea.ms/note"}}


@pytest.mark.parametrize(
    "changes", [{}, {"object": reference(2)}, {"object": UNTITLED}, {"actor": BOB}, {"attachments": [SIGNED]}]
)
def test_a_statement_without_the_erased_is_left_alone(changes: dict[str, Any]) -> None:
    assert erased(**changes) is None


@pytest.mark.parametrize("place", PLACES)
def test_erasing_again_changes_nothing(place: str) -> None:
    once = erased(**PLACES[place])

    assert once is not None
    assert erase(once.body, is_ann) is None


def test_what_stays_keeps_its_bytes() -> None:
    raw = orjson.dumps(statement(1, object=ANN))[:-1] + rb', "result" : {"score":{"raw":1.00e0},"response":"\/ \u0000"}}'

    found = erase(raw, is_ann)

    assert found is not None
    assert rb'{"score":{"raw":1.00e0},"response":"\/ \u0000"}' in found.body
