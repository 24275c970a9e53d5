"""What a statement can be found by."""

from __future__ import annotations

from services.gateway.domain.keys import activity_key, agent_key, registration_key, verb_key
from services.gateway.domain.mentions import MOST_REFERRED, Usage, mentions, referred
from tests.support.received import AUTHORITY, activity, id_of, statement

ANN = {"objectType": "Agent", "mbox": "mailto:ann@Example.org"}
POST = "https://example.org/post"


def test_keys_are_sixteen_bytes_and_differ_by_kind() -> None:
    keys = {agent_key(POST), activity_key(POST), verb_key(POST), registration_key(POST)}

    assert len(keys) == 4
    assert {len(key) for key in keys} == {16}


def test_keys_stand_for_ever() -> None:
    """A change of these breaks every record that was ever written."""
    assert activity_key(POST).hex() == "e230fd1d0b3559dbe24943d638b48ca4"
    assert agent_key("mbox::mailto:ann@example.org").hex() == "d7e9957afffde4ab68394bdc424efab8"


def test_a_registration_has_no_case() -> None:
    assert registration_key("0192F3A8-0000-4000-8000-00000000000A") == registration_key("0192f3a8-0000-4000-8000-00000000000a")


def test_each_key_is_there_once_with_all_its_usages() -> None:
    both = statement(1, actor=ANN, object=ANN, context={"instructor": ANN})

    found = mentions(both)

    assert found[agent_key("mbox::mailto:ann@example.org")] == (Usage.ACTOR | Usage.OBJECT | Usage.INSTRUCTOR, True)
    assert found[agent_key(AUTHORITY)] == (Usage.AUTHORITY, False)


def test_a_substatement_is_mentioned_but_not_directly() -> None:
    sub = {"objectType": "SubStatement", "actor": ANN, "verb": {"id": POST}, "object": activity(POST)}

    found = mentions(statement(1, object=sub))

    assert found[activity_key(POST)] == (Usage.SUB | Usage.OBJECT, False)
    assert verb_key(POST) not in found


def test_what_is_referred_to_matches_as_directly_as_it_does_there() -> None:
    found = referred(statement(1, object=activity(POST), context={"instructor": ANN}))

    assert found[activity_key(POST)] == (Usage.REFERRED, True)
    assert found[agent_key("mbox::mailto:ann@example.org")] == (Usage.REFERRED, False)


def test_a_statement_mentions_whatever_stands_in_it_by_its_place() -> None:
    """What is stored are these numbers: another order of the places breaks every record that was ever written."""
    agents = {name: {"mbox": f"mailto:{name}@example.org"} for name in ("teacher", "team", "member", "agent", "group", "peer")}
    iris = {relation: f"https://example.org/{relation}" for relation in ("parent", "grouping", "category", "other")}
    context = {
        "registration": id_of(5),
        "instructor": agents["teacher"],
        "team": {"objectType": "Group", **agents["team"], "member": [agents["member"]]},
        "contextAgents": [{"objectType": "contextAgent", "agent": agents["agent"]}],
        "contextGroups": [
            {"objectType": "contextGroup", "group": {"objectType": "Group", **agents["group"], "member": [agents["peer"]]}}
        ],
        "contextActivities": {relation: [{"id": iri}] for relation, iri in iris.items()},
    }

    found = mentions(statement(1, verb={"id": POST}, actor=ANN, object=activity(POST), context=context))

    assert found == {
        verb_key(POST): (1, True),
        registration_key(id_of(5)): (2, True),
        agent_key("mbox::mailto:ann@example.org"): (4, True),
        activity_key(POST): (8, True),
        agent_key(AUTHORITY): (16, False),
        agent_key("mbox::mailto:teacher@example.org"): (32, False),
        agent_key("mbox::mailto:team@example.org"): (64, False),
        agent_key("mbox::mailto:member@example.org"): (64, False),
        agent_key("mbox::mailto:agent@example.org"): (128, False),
        agent_key("mbox::mailto:group@example.org"): (256, False),
        agent_key("mbox::mailto:peer@example.org"): (256, False),
        activity_key(iris["parent"]): (512, False),
        activity_key(iris["grouping"]): (1024, False),
        activity_key(iris["category"]): (2048, False),
        activity_key(iris["other"]): (4096, False),
    }


def test_of_a_reference_to_very_much_what_is_found_directly_comes_first() -> None:
    crowd = [{"mbox": f"mailto:{number}@example.org"} for number in range(MOST_REFERRED)]

    found = referred(statement(1, object=activity(POST), context={"team": {"objectType": "Group", "member": crowd}}))

    assert len(found) == MOST_REFERRED
    assert [key for key, (_, direct) in found.items() if direct][-1] == activity_key(POST)
    assert {usage for usage, _ in found.values()} == {16384}


def test_as_much_as_may_be_referred_to_is_referred_to_whole() -> None:
    told = statement(1, context={"contextActivities": {"other": [{"id": "https://example.org/1"}]}})

    assert len(referred(told)) == len(mentions(told)) < MOST_REFERRED
