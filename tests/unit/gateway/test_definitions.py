"""What statements say of activities, and what they call agents, and what of it holds (1.0.3 Data §2.4.4.1)."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.gateway.domain.definitions import (
    LEAF_BYTES,
    MOST_LEAVES,
    Leaf,
    Leaves,
    Said,
    Unreadable,
    activities,
    definition,
    may_define,
    merged,
    pack,
    said_by,
    sayings,
    unpack,
)
from services.gateway.domain.keys import activity_key
from services.gateway.domain.names import names
from shared.xapi import extract
from shared.xapi.model import Ifi, Version
from tests.support.statements import statements

IRI = "https://x.org/a"
leaf_sets = st.dictionaries(
    st.builds(Leaf, st.sampled_from(("name", "extensions")), st.sampled_from(("en", "de", "fr"))),
    st.builds(Said, st.integers(1, 5), st.just(b'"x"')),
)


def told(**definition_: Any) -> bytes:
    """Return a statement whose object's definition is this."""
    return json.dumps(
        {"actor": {"mbox": "mailto:a@x.org"}, "verb": {}, "object": {"id": IRI, "definition": definition_}}
    ).encode()


def known(*several: bytes) -> Leaves:
    """Return what is known of the activity when *several* statements were recorded in this order."""
    key = activity_key(IRI)
    return merged(*(said_by(seq, sayings(body)[key]) for seq, body in enumerate(several, start=1)))


def shown(*several: bytes) -> Any:
    return json.loads(definition(known(*several)) or b"null")


def test_data_2_4_4_1_each_language_and_each_extension_is_replaced_by_itself() -> None:
    first = told(
        name={"en": "A", "de": "B"}, type="https://x.org/t", extensions={"https://x.org/1": 1, "https://x.org/2": {"a": 1}}
    )
    second = told(name={"de": "C", "fr": "D"}, extensions={"https://x.org/2": {"b": 2}})

    assert shown(first, second) == {
        "name": {"en": "A", "de": "C", "fr": "D"},
        "type": "https://x.org/t",
        "extensions": {"https://x.org/1": 1, "https://x.org/2": {"b": 2}},
    }


def test_data_2_4_4_1_parts_of_an_interaction_stand_only_with_their_own_type() -> None:
    choice = told(interactionType="choice", choices=[{"id": "1"}], correctResponsesPattern=["1"])
    likert = told(interactionType="likert", scale=[{"id": "2"}])
    short = told(interactionType="choice")

    assert shown(choice, likert) == {"interactionType": "likert", "scale": [{"id": "2"}]}
    assert shown(choice, likert, short) == {
        "interactionType": "choice",
        "choices": [{"id": "1"}],
        "correctResponsesPattern": ["1"],
    }


def test_a_value_keeps_the_bytes_in_which_it_was_said() -> None:
    value = b'{"n":1.50e2, "m":99999999999999999999}'
    body = b'{"object":{"id":"%b","definition":{"extensions":{"https://x.org/e":%b}}}}' % (IRI.encode(), value)

    assert value in (definition(known(body)) or b"")


def test_an_activity_of_which_nothing_was_said_has_no_definition() -> None:
    assert shown(told(), told(name={})) is None


def test_activities_in_context_and_in_a_substatement_are_defined_too() -> None:
    def thing(number: int) -> dict[str, Any]:
        return {"id": f"https://x.org/{number}", "definition": {"name": {"en": f"{number}"}}}

    sub = {"objectType": "SubStatement", "object": thing(1), "context": {"contextActivities": {"other": [thing(2), thing(3)]}}}
    body = json.dumps({"object": sub, "context": {"contextActivities": {"parent": thing(4), "grouping": [thing(5)]}}}).encode()

    said = sayings(body)

    assert {json.loads(each[Leaf("name", "en")]) for each in said.values()} == {"1", "2", "3", "4", "5"}
    assert set(activities(body)) == {f"https://x.org/{number}" for number in range(1, 6)}


def test_an_agent_is_found_by_every_name_wherever_they_stand_and_never_in_extensions() -> None:
    def ann(text: str) -> dict[str, Any]:
        return {"name": text, "mbox": "mailto:ann@x.org"}

    group = {"objectType": "Group", "name": "g", "account": {"homePage": "https://x.org", "name": "7"}, "member": [ann("m")]}
    context = {
        "instructor": ann("i"),
        "team": group,
        "contextAgents": [{"objectType": "contextAgent", "agent": ann("c")}],
        "extensions": {"https://x.org/e": {"actor": ann("never")}},
    }
    sub = {"objectType": "SubStatement", "actor": ann("s"), "object": {**ann("o"), "objectType": "Agent"}}
    body = {"actor": {"mbox": "mailto:bob@x.org", "name": "Bob"}, "object": sub, "context": context, "authority": ann("z")}

    found = names(json.dumps(body).encode(), Ifi("mbox::mailto:ann@x.org"))

    assert set(found) == {"i", "m", "c", "s", "o", "z"}


def test_a_sender_of_ever_new_extensions_makes_no_row_without_end() -> None:
    several = [told(extensions={f"https://x.org/{place}": place}) for place in range(MOST_LEAVES + 50)]

    leaves = known(*several)

    assert len(leaves) == MOST_LEAVES
    assert min(said.seq for said in leaves.values()) == 51


def test_of_a_definition_of_ever_so_many_parts_those_are_read_that_are_kept() -> None:
    parts = {f"https://x.org/{place:05}": place for place in range(MOST_LEAVES + 50)}

    (said,) = sayings(told(extensions=parts, type="https://x.org/type")).values()

    assert {leaf.part for leaf in said} == set(sorted(parts)[:MOST_LEAVES])


def test_a_text_that_describes_nothing_any_more_stays_in_its_statement() -> None:
    assert shown(told(name={"en": "x" * LEAF_BYTES, "de": "kurz"})) == {"name": {"de": "kurz"}}


def test_a_definition_whose_key_is_written_with_escapes_is_not_passed_over() -> None:
    assert may_define(rb'{"object":{"id":"https://x.org/a","defin\u0069tion":{}}}')
    assert may_define(told(name={"en": "A"}))
    assert not may_define(b'{"object":{"id":"https://x.org/a"}}')


@pytest.mark.parametrize("body", [b"", b"[]", b'{"object":1}', b'{"object":{"definition":[]}}', b"\xff", b'{"object":' * 3000])
def test_what_is_no_statement_is_unreadable(body: bytes) -> None:
    with pytest.raises(Unreadable):
        sayings(body)


@given(statements(Version.V1_0_3) | statements(Version.V2_0_0))
def test_every_valid_statement_speaks_of_each_activity_that_it_is_found_by(statement: dict[str, Any]) -> None:
    body = msgspec.json.encode(statement)
    named = {activity_key(iri) for _, iri in extract.activities(statement)}

    said = sayings(body)

    assert said.keys() == named
    assert {activity_key(iri) for iri in activities(body)} == named
    for saying in said.values():
        leaves = said_by(3, saying)
        assert unpack(pack(leaves)) == leaves


@given(st.lists(leaf_sets, max_size=5), st.data())
def test_what_holds_depends_on_neither_order_nor_repetition(several: list[dict[Leaf, Said]], data: st.DataObject) -> None:
    shuffled = data.draw(st.permutations([*several, *several]))
    middle = data.draw(st.integers(0, len(shuffled)))

    assert pack(merged(merged(*shuffled[:middle]), merged(*shuffled[middle:]))) == pack(merged(*several))


@given(st.lists(st.tuples(st.integers(1, 600), st.integers(1, 400)), max_size=600), st.randoms(use_true_random=False))
def test_the_newest_leaves_are_the_same_in_whatever_order_they_were_heard(pairs: list[tuple[int, int]], random: Any) -> None:
    said = [{Leaf("extensions", f"{part}"): Said(seq, b"%d" % seq)} for part, seq in pairs]
    shuffled = random.sample(said, len(said))
    one_by_one: Leaves = {}
    for leaves in shuffled:
        one_by_one = merged(one_by_one, leaves)

    assert pack(one_by_one) == pack(merged(*said))
