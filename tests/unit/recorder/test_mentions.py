"""What a statement can be found by."""

from __future__ import annotations

from services.gateway.domain.keys import activity_key, agent_key, registration_key, verb_key
from services.gateway.domain.mentions import Usage, mentions, referred
from tests.support.received import AUTHORITY, activity, statement

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
