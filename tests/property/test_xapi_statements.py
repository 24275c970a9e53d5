from __future__ import annotations

import json
from datetime import UTC
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from shared.xapi import canonical, extract, ifi
from shared.xapi.checks import check, surely_sound
from shared.xapi.guard import Limits, Malformed, parse
from shared.xapi.model import VOIDED, Version
from shared.xapi.pointer import resolve
from shared.xapi.validation import Invalid, validate
from tests.support import statements as strategy

LIMITS = Limits()
versions = pytest.mark.parametrize("version", list(Version))
generous = settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large], max_examples=100)
spellings = st.sampled_from(
    (
        lambda value: json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode(),
        lambda value: json.dumps(value).encode(),
        lambda value: json.dumps(value, indent="\t").encode(),
        lambda value: json.dumps(value, ensure_ascii=False).replace("/", "\\/").encode(),
    )
)

QUIZ = {"interactionType": "choice", "choices": [{"id": "a"}, {"id": "a"}]}
QUIZZES = {"parent": {"id": "https://example.org/q", "definition": QUIZ}}
UNSOUND: tuple[dict[str, Any], ...] = (
    {"timestamp": "2025-02-30T10:00:00Z"},
    {"timestamp": "0001-01-01T00:00:00+01:00"},
    {"stored": "2025-02-30T10:00:00Z"},
    {"result": {"score": {"min": 1, "max": 1}}},
    {"result": {"score": {"min": 1, "raw": 0}}},
    {"verb": {"id": VOIDED}, "object": {"id": "https://example.org/a"}},
    {"object": {"id": "https://example.org/q", "definition": QUIZ}},
    {"context": {"contextActivities": QUIZZES}},
    {"context": {"contextActivities": {relation: [place] for relation, place in QUIZZES.items()}}},
    {"context": {"platform": "forum"}, "object": {"objectType": "Agent", "mbox": "mailto:a@example.org"}},
    {"attachments": [{"length": 12.0}]},
)


def places(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """List the paths of all objects, outside extensions and language maps."""
    if isinstance(value, list):
        return [found for index, item in enumerate(value) for found in places(item, (*path, index))]
    if not isinstance(value, dict) or (path and path[-1] in {"extensions", "display", "name", "description"}):
        return []
    return [path, *(found for name, item in value.items() for found in places(item, (*path, name)))]


def at(value: Any, path: tuple[str | int, ...]) -> Any:
    for step in path:
        value = value[step]
    return value


def refused(value: Any, version: Version) -> Invalid:
    with pytest.raises(Invalid) as caught:
        validate(parse(json.dumps(value).encode(), LIMITS), version)
    for error in caught.value.errors:
        resolve(value, error.pointer)
    return caught.value


@versions
@generous
@given(data=st.data())
def test_every_valid_statement_is_accepted_however_it_is_spelled(version: Version, data: st.DataObject) -> None:
    value = data.draw(strategy.values(version))
    raw = data.draw(spellings)(value)

    parsed = parse(raw, LIMITS)
    validate(parsed, version)

    assert parsed == value


@versions
@generous
@given(data=st.data(), planted=st.sampled_from(UNSOUND), wrapped=st.booleans())
def test_no_statement_that_breaks_a_rule_is_sound_at_a_glance(
    version: Version, data: st.DataObject, planted: dict[str, Any], *, wrapped: bool
) -> None:
    value = {**data.draw(strategy.statements(version)), **planted}
    statement = {**value, "object": {**value, "objectType": "SubStatement"}} if wrapped else value
    assume(check(statement))

    assert not surely_sound(statement)


@versions
@generous
@given(data=st.data())
def test_an_unknown_key_anywhere_is_refused_where_it_stands(version: Version, data: st.DataObject) -> None:
    value = data.draw(strategy.statements(version))
    path = data.draw(st.sampled_from(places(value)))
    at(value, path)["Actor~/x"] = 1

    error = refused(value, version)

    assert "/" + "".join(f"{step}/" for step in path) + "Actor~0~1x" in {found.pointer for found in error.errors}


@versions
@generous
@given(data=st.data())
def test_a_null_or_a_wrong_type_anywhere_outside_extensions_is_refused(version: Version, data: st.DataObject) -> None:
    value = data.draw(strategy.statements(version))
    holder = at(value, data.draw(st.sampled_from(places(value))))
    assume(holder)
    name = data.draw(st.sampled_from(sorted(holder)))
    holder[name] = None if isinstance(holder[name], bool | list | dict) else data.draw(st.sampled_from((None, [], True)))

    refused(value, version)


@versions
@generous
@given(data=st.data())
def test_an_actor_with_two_identifiers_is_refused(version: Version, data: st.DataObject) -> None:
    value = data.draw(strategy.statements(version))
    value["actor"] |= {"mbox": "mailto:a@b.org", "openid": "https://id.example.org/a"}

    error = refused(value, version)

    assert {found.rule for found in error.errors} & {"actor-one-ifi", "group-ifi-or-member"}


@versions
@generous
@given(data=st.data())
def test_a_missing_actor_verb_or_object_is_refused(version: Version, data: st.DataObject) -> None:
    value = data.draw(strategy.statements(version))
    del value[data.draw(st.sampled_from(("actor", "verb", "object")))]

    error = refused(value, version)

    assert "missing-property" in {found.rule for found in error.errors}


@versions
@generous
@given(data=st.data())
def test_whatever_json_comes_it_is_accepted_or_refused_with_pointers_that_resolve(version: Version, data: st.DataObject) -> None:
    value = data.draw(strategy.statements(version))
    holder = at(value, data.draw(st.sampled_from(places(value))))
    assume(holder)
    holder[data.draw(st.sampled_from(sorted(holder)))] = data.draw(strategy.json_values)

    try:
        validate(value, version)
    except Invalid as error:
        for found in error.errors:
            resolve(value, found.pointer)


@versions
@generous
@given(data=st.data())
def test_what_is_accepted_comes_back_equal_with_the_fields_that_were_added(version: Version, data: st.DataObject) -> None:
    value = data.draw(strategy.statements(version))
    raw = data.draw(spellings)(value)
    added = {"stored": "2025-01-01T00:00:00Z", "authority": {"mbox": "mailto:a@b.org"}, "version": "1.0.0"}

    spliced = canonical.splice(raw, **added)

    assert parse(spliced, LIMITS) == {**value, **added}
    validate(parse(spliced, LIMITS), version)


@versions
@generous
@given(data=st.data())
def test_a_list_is_split_into_the_bytes_of_its_statements(version: Version, data: st.DataObject) -> None:
    several = data.draw(st.lists(strategy.statements(version), max_size=3))
    raw = data.draw(spellings)(several)

    texts = canonical.split(raw)

    assert [parse(text, LIMITS) for text in texts] == several
    assert all(text in raw for text in texts)


@versions
@generous
@given(data=st.data())
def test_a_digest_does_not_depend_on_the_order_of_keys_or_on_spelling(version: Version, data: st.DataObject) -> None:
    value = data.draw(strategy.statements(version))
    shuffled = shuffle(value, data.draw(st.randoms(use_true_random=False)))

    one = canonical.digest(parse(data.draw(spellings)(value), LIMITS))
    other = canonical.digest(parse(data.draw(spellings)(shuffled), LIMITS))

    assert one == other
    assert len(one) == 32


@versions
@generous
@given(data=st.data())
def test_a_digest_tells_different_contents_apart_but_not_what_we_set(version: Version, data: st.DataObject) -> None:
    value = data.draw(strategy.statements(version))
    digest = canonical.digest(value)

    assert canonical.digest({**value, "stored": "2025-01-01T00:00:00Z", "authority": {"mbox": "mailto:a@b.org"}}) == digest
    assert canonical.digest({**value, "verb": {"id": "https://other.example/"}}) != digest


@versions
@generous
@given(data=st.data())
def test_what_is_extracted_fits_into_text_columns(version: Version, data: st.DataObject) -> None:
    value = data.draw(strategy.statements(version))

    found = [text for _, text in (*extract.agents(value), *extract.activities(value), *extract.references(value))]

    for text in [*found, extract.verb(value)]:
        assert "\0" not in text
        assert len(text.encode()) < 2100
    if "timestamp" in value:
        assert extract.timestamp(value).tzinfo is UTC


@given(st.tuples(strategy.texts, strategy.iris), st.tuples(strategy.texts, strategy.iris))
def test_two_accounts_never_share_an_identifier(one: tuple[str, str], other: tuple[str, str]) -> None:
    assert (ifi.of_account(one[1], one[0]) == ifi.of_account(other[1], other[0])) == (one == other)


@settings(max_examples=1000)
@given(st.binary(max_size=60) | st.text('[]{}",:\\u0dab18e+-. truefalsnNaI\n\0é', max_size=40).map(str.encode))
def test_the_guard_answers_any_bytes_with_a_value_or_with_its_own_error(raw: bytes) -> None:
    try:
        value = parse(raw, LIMITS)
    except Malformed:
        return

    assert value == json.loads(raw)


@settings(max_examples=200)
@given(strategy.json_values, st.sampled_from((0, 1, 2, 3)), st.data())
def test_a_repeated_key_is_refused_however_deep_and_however_spelled(value: Any, depth: int, data: st.DataObject) -> None:
    key = data.draw(strategy.texts)
    members = [(key, value), (data.draw(strategy.texts), 1.5), (key, data.draw(strategy.json_values))]
    body = "{" + ",".join(f"{json.dumps(name)}:{json.dumps(item)}" for name, item in members) + "}"

    with pytest.raises(Malformed) as caught:
        parse(("[" * depth + body + "]" * depth).encode(), LIMITS)

    assert caught.value.rule == "duplicate-key"


@given(strategy.json_values)
def test_a_value_written_by_any_serializer_is_parsed_alike(value: Any) -> None:
    compact = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
    spaced = json.dumps(value, indent=1).encode()

    assert parse(compact, LIMITS) == parse(spaced, LIMITS) == value
    assert repr(parse(compact, LIMITS)) == repr(parse(spaced, LIMITS))


def shuffle(value: Any, chance: Any) -> Any:
    """Shuffle the keys of all objects and the members of all groups."""
    if isinstance(value, list):
        return [shuffle(item, chance) for item in value]
    if not isinstance(value, dict):
        return value
    names = list(value)
    chance.shuffle(names)
    shuffled = {name: shuffle(value[name], chance) for name in names}
    if shuffled.get("objectType") == "Group" and isinstance(shuffled.get("member"), list):
        chance.shuffle(shuffled["member"])
    return shuffled


def test_orjson_writes_doubles_as_the_guard_expects() -> None:
    for number in (1.7976931348623157e308, 5e-324, 2.2250738585072014e-308, 1e21, 1e16, 123456789012345680.0):
        text = orjson.dumps(number)

        assert len(text) < 32
        assert parse(text, LIMITS) == number
