"""What enrichment takes from a statement, above all from where a statement may hold anything."""

from __future__ import annotations

import re
from typing import Any

import pytest

from services.enrichment.domain.features import TAKEN_BACK, Features, features
from shared.postgres import load_queries
from shared.postgres.migration_files import migrations
from shared.xapi.vocabulary import ASSESSMENT_ITEMS, EMOJI_EXTENSION, TARGET_EXTENSION, ActivityType, Verb
from tests.support.conversation import account, message, statement

HOME = "https://forum.example"
ADDRESS = re.compile("'(https?://[^']+)'")


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


def test_it_says_who_did_what_to_which_thing_and_what_that_stands_in() -> None:
    written = statement("x", "ada", Verb.REPLIED, "m2", parent="m1")
    written["context"]["contextActivities"] |= {"grouping": [{"id": message("m0")}, {"id": f"{HOME}/t/1"}]}

    found = features(written)

    assert (found.verb, found.actor) == (Verb.REPLIED, "account::ada@https://acme.chat.example")
    assert (found.object, found.object_type) == (message("m2"), ActivityType.CHAT_MESSAGE)
    assert (found.parent, found.threads) == (message("m1"), (message("m0"), f"{HOME}/t/1"))
    assert found.team == "account::C1@https://acme.chat.example"
    assert found.timestamp.isoformat() == "2026-03-02T09:00:00+00:00"


def test_activities_in_other_places_are_neither_parent_nor_thread() -> None:
    written = statement("x", "ada", Verb.POSTED, "m1")
    written["context"]["contextActivities"] = {"category": [{"id": "https://e.org/c"}], "other": [{"id": "https://e.org/o"}]}

    found = features(written)

    assert (found.parent, found.threads, found.courses, found.anchors) == (None, (), (), ())


@pytest.mark.parametrize("thing", [{"objectType": "Agent", **account("bob")}, {"objectType": "StatementRef", "id": "0"}])
def test_what_is_no_activity_is_no_object(thing: dict[str, Any]) -> None:
    found = features({**statement("x", "ada", Verb.POSTED, "m1", text=LONG), "object": thing})

    assert (found.object, found.object_type, found.signature) == (None, None, b"")


@pytest.mark.parametrize(
    ("verb", "makes"),
    [
        (Verb.ASKED, True),
        (Verb.REPLIED, True),
        (Verb.CREATED, True),
        (Verb.LIKED, False),
        (Verb.VIEWED, False),
        (Verb.EDITED, False),
    ],
)
def test_who_writes_makes_the_object_and_who_acts_on_it_does_not(verb: Verb, *, makes: bool) -> None:
    assert features(statement("x", "ada", verb, "m1")).makes_object is makes


@pytest.mark.parametrize(
    ("verb", "kind", "makes"),
    [
        (Verb.ANSWERED, ActivityType.CHAT_MESSAGE, True),
        (Verb.ANSWERED, ActivityType.INTERACTION, False),
        (Verb.COMMENTED, ActivityType.INTERACTION, True),
    ],
)
def test_who_chooses_in_a_quiz_makes_nothing(verb: Verb, kind: ActivityType, *, makes: bool) -> None:
    written = {**statement("x", "ada", verb, "m1"), "object": {"id": message("m1"), "definition": {"type": kind}}}

    assert features(written).makes_object is makes


def test_an_address_is_no_longer_than_an_address() -> None:
    long = "https://a.example/" + "x" * 3000

    assert features(statement("x", "ada", Verb.POSTED, "m1", text=long)).urls == (long[:2000],)


def building(verb: Verb) -> Features:
    written = statement("x", "ada", verb, "m2", parent="m1")
    threads = [{"id": message("m0")}, {"id": message("m1")}, {"id": message("m2")}]
    written["context"]["contextActivities"]["grouping"] = threads
    return features(written)


def test_what_was_written_builds_on_its_parent_and_an_act_on_its_object() -> None:
    assert building(Verb.REPLIED).anchors == (message("m1"), message("m0"))
    assert building(Verb.LIKED).anchors == (message("m2"), message("m1"), message("m0"))


@pytest.mark.parametrize(
    ("verb", "taken"),
    [
        (Verb.UNLIKED, {Verb.LIKED, Verb.VOTED_UP}),
        (Verb.UNREACTED, {Verb.REACTED}),
        (Verb.UNSAVED, {Verb.BOOKMARKED}),
        (Verb.UNSHARED, {Verb.SHARED}),
        (Verb.REJECTED, {Verb.ACCEPTED}),
        (Verb.LIKED, set()),
    ],
)
def test_an_act_takes_back_what_it_is_the_opposite_of(verb: Verb, taken: set[Verb]) -> None:
    assert set(features(statement("x", "ada", verb, "m1")).takes_back) == taken


def test_what_can_be_taken_back_is_what_is_looked_for_and_what_the_index_holds() -> None:
    query = load_queries("services.enrichment")["undone_by"]
    (index,) = (each.sql for each in migrations("services.enrichment.migrations") if "interaction_undoable" in each.sql)

    assert set(ADDRESS.findall(query)) == set(ADDRESS.findall(index)) == TAKEN_BACK


LONG = "Profile before you optimise: the slow part is never where you think it is."


@pytest.mark.parametrize("verb", [Verb.POSTED, Verb.EDITED])
def test_who_writes_or_edits_gives_the_object_a_text(verb: Verb) -> None:
    assert features(statement("x", "ada", verb, "m1", text=LONG)).signature


@pytest.mark.parametrize(
    ("verb", "definition"),
    [
        (Verb.SHARED, {"type": ActivityType.CHAT_MESSAGE}),
        (Verb.ANSWERED, {"type": ActivityType.INTERACTION}),
        (Verb.ANSWERED, {"type": "http://adlnet.gov/expapi/activities/question"}),
        (Verb.ANSWERED, {"interactionType": "choice"}),
    ],
    ids=["what acts on it says", "a choice in a quiz", "an answer to a question of a quiz", "an interaction of no type"],
)
def test_what_is_no_text_of_the_object_gives_it_none(verb: Verb, definition: dict[str, str]) -> None:
    chosen = {**statement("x", "ada", verb, "m1", text=LONG), "object": {"id": message("m1"), "definition": definition}}

    assert features(chosen).signature == b""


@pytest.mark.parametrize(
    "definition",
    [
        {"type": ActivityType.INTERACTION},
        {"type": "http://adlnet.gov/expapi/activities/question"},
        {"interactionType": "choice"},
        {"type": "https://quiz.example/item", "interactionType": "true-false"},
    ],
    ids=["an interaction", "a question of a quiz", "an interaction of no type", "an interaction of a type of its own"],
)
def test_who_chooses_in_a_quiz_acts_upon_a_question_that_somebody_else_wrote(definition: dict[str, str]) -> None:
    chosen = {**statement("x", "ada", Verb.ANSWERED, "m1"), "object": {"id": message("m1"), "definition": definition}}

    found = features(chosen)

    assert (found.makes_object, found.object_type in ASSESSMENT_ITEMS, found.anchors[0]) == (False, True, message("m1"))


def test_addresses_are_those_of_the_text_and_of_more_about_the_object_each_once_and_not_too_many() -> None:
    written = statement("x", "ada", Verb.POSTED, "m1", text="see https://a.example/1, https://a.example/1 (http://b.example/2).")
    written["object"]["definition"]["moreInfo"] = "https://c.example/3"
    crowd = " ".join(f"https://a.example/{number}" for number in range(30))

    assert features(written).urls == ("https://a.example/1", "http://b.example/2", "https://c.example/3")
    assert features(statement("x", "ada", Verb.POSTED, "m1", text=crowd)).urls == tuple(crowd.split()[:20])


@pytest.mark.parametrize(("named", "qualifier"), [("tada", "tada"), ("\0", None), (5, None), (None, None)])
def test_a_reaction_is_told_apart_by_its_emoji_if_that_is_a_text(named: Any, qualifier: str | None) -> None:
    reaction = {**statement("x", "ada", Verb.REACTED, "m1"), "result": {"extensions": {EMOJI_EXTENSION: named}}}

    assert features(reaction).qualifier == qualifier


@pytest.mark.parametrize("place", ["object", "parent", "grouping"])
def test_a_course_says_itself_that_it_is_one(place: str) -> None:
    written = statement("x", "ada", Verb.POSTED, "m1")
    course = {"id": "https://e.org/c", "definition": {"type": ActivityType.COURSE}}
    if place == "object":
        written["object"] = course
    else:
        written["context"]["contextActivities"] = {place: course}

    assert features(written).courses == ("https://e.org/c",)
