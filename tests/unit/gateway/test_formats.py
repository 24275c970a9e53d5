from __future__ import annotations

import json
from typing import Any

import pytest

from services.gateway.domain.formats import Accepted, accepted_languages, canonical, choose, only_ids

RESULT = b'{"score": {"scaled":0.50}, "extensions":{"https://x.org/e":{"name":{"en":"kept"},"n":1.0e2}}}'
STATEMENT = (
    b'{"actor":{"objectType":"Group","name":"Team","member":[{"name":"Ann","mbox":"mailto:ann@x.org"}]},'
    b'"verb":{"id":"https://x.org/v","display":{"en":"did","de":"tat"}},'
    b'"object":{"objectType":"SubStatement","actor":{"name":"Bob","mbox":"mailto:bob@x.org"},"verb":{"id":"https://x.org/w",'
    b'"display":{"en":"will"}},"object":{"id":"https://x.org/a","definition":{"name":{"en":"A","de":"B"},"interactionType":"choice",'
    b'"choices":[{"id":"1","description":{"en":"one","de":"eins"}}]}}},'
    b'"context":{"instructor":{"name":"Cy","mbox":"mailto:cy@x.org"},"contextActivities":{"parent":{"id":"https://x.org/p",'
    b'"definition":{"name":{"en":"P"}}},"other":[{"id":"https://x.org/o","definition":{}}]},"platform":"Slack"},'
    b'"result":' + RESULT + b"}"
)


def test_ids_keep_what_identifies_and_all_that_names_nobody() -> None:
    short = json.loads(only_ids(STATEMENT))

    assert short["actor"] == {"objectType": "Group", "member": [{"mbox": "mailto:ann@x.org"}]}
    assert short["verb"] == {"id": "https://x.org/v"}
    assert short["object"]["actor"] == {"mbox": "mailto:bob@x.org"}
    assert short["object"]["object"] == {"id": "https://x.org/a"}
    assert short["context"]["instructor"] == {"mbox": "mailto:cy@x.org"}
    assert short["context"]["contextActivities"] == {"parent": {"id": "https://x.org/p"}, "other": [{"id": "https://x.org/o"}]}
    assert short["context"]["platform"] == "Slack"


@pytest.mark.parametrize(
    ("thing", "left"),
    [
        ({"objectType": "Agent", "name": "Ann", "openid": "https://a.org"}, {"objectType": "Agent", "openid": "https://a.org"}),
        (
            {"objectType": "Group", "name": "Team", "member": [{"name": "Ann", "mbox": "mailto:a@x.org"}]},
            {"objectType": "Group", "member": [{"mbox": "mailto:a@x.org"}]},
        ),
        ({"objectType": "StatementRef", "id": "x"}, {"objectType": "StatementRef", "id": "x"}),
        ({"objectType": "Activity", "id": "https://x.org/a", "definition": {}}, {"id": "https://x.org/a"}),
    ],
    ids=["an agent", "a group", "a reference", "an activity"],
)
def test_communication_2_1_3_ids_identify_every_kind_of_object(thing: dict[str, Any], left: dict[str, Any]) -> None:
    ann, who = {"name": "Ann", "mbox": "mailto:a@x.org"}, {"mbox": "mailto:a@x.org"}
    category = [{"id": "https://x.org/c", "definition": {"name": {"en": "C"}}}]
    context = {"team": ann, "contextActivities": {"category": category, "grouping": category}, "contextAgents": [{"agent": ann}]}

    short = json.loads(
        only_ids(json.dumps({"actor": ann, "verb": {}, "object": thing, "context": context, "authority": ann}).encode())
    )

    assert (short["object"], short["actor"], short["authority"]) == (left, who, who)
    listed = [{"id": "https://x.org/c"}]
    activities = {"category": listed, "grouping": listed}
    assert short["context"] == {"team": who, "contextActivities": activities, "contextAgents": [{"agent": who}]}


def test_an_identified_group_loses_its_members() -> None:
    group = b'{"actor":{"objectType":"Group","mbox":"mailto:t@x.org","member":[{"mbox":"mailto:a@x.org"}]},"verb":{},"object":{}}'

    assert json.loads(only_ids(group))["actor"] == {"objectType": "Group", "mbox": "mailto:t@x.org"}


def test_canonical_leaves_one_language_in_each_map_of_verbs_and_activities() -> None:
    short = json.loads(canonical(STATEMENT, Accepted(("de",)), {}))

    assert short["verb"]["display"] == {"de": "tat"}
    definition = short["object"]["object"]["definition"]
    assert definition["name"] == {"de": "B"}
    assert definition["choices"] == [{"id": "1", "description": {"de": "eins"}}]
    assert short["object"]["verb"]["display"] == {"en": "will"}
    assert short["actor"] == json.loads(STATEMENT)["actor"]


@pytest.mark.parametrize("written", [only_ids(STATEMENT), canonical(STATEMENT, Accepted(), {})])
def test_what_a_format_does_not_change_keeps_its_bytes(written: bytes) -> None:
    assert RESULT in written


def test_canonical_shows_what_is_known_of_an_activity_and_not_what_the_statement_says_of_it() -> None:
    known = {
        "https://x.org/a": b'{"name":{"en":"Known","de":"Bekannt"},"type":"https://x.org/t"}',
        "https://x.org/o": b'{"name":{"fr":"Connu"}}',
    }

    short = json.loads(canonical(STATEMENT, Accepted(("de",)), known))

    assert short["object"]["object"]["definition"] == {"name": {"de": "Bekannt"}, "type": "https://x.org/t"}
    related = short["context"]["contextActivities"]
    assert related["parent"]["definition"] == {"name": {"en": "P"}}
    assert related["other"] == [{"id": "https://x.org/o", "definition": {"name": {"fr": "Connu"}}}]


@pytest.mark.parametrize(
    ("header", "wanted", "refused"),
    [
        (None, (), ()),
        ("de", ("de",), ()),
        ("en;q=0.5, de-AT, *;q=0.1", ("de-at", "en", "*"), ()),
        ("en;q=0, de;q=2, fr;q=x, it;level=1, ,", (), ("en",)),
        ("en ; q=0.8,de;Q=1.0, es;q=nan, pt;q=1e-1", ("de", "en"), ()),
    ],
)
def test_languages_are_accepted_in_the_order_of_their_weight(
    header: str | None, wanted: tuple[str, ...], refused: tuple[str, ...]
) -> None:
    assert accepted_languages(header) == Accepted(wanted, frozenset(refused))


@pytest.mark.parametrize(
    ("tags", "header", "chosen"),
    [
        (["en", "de"], "de, en;q=0.5", "de"),
        (["en-US", "de-AT"], "de", "de-AT"),
        (["en", "de"], "de-CH", "de"),
        (["de", "de-CH"], "de-CH", "de-CH"),
        (["de-AT", "de"], "de", "de"),
        (["zh", "zh-Hant"], "zh-Hant-CN-x-private1", "zh-Hant"),
        (["en", "de-AT"], "de-CH, en;q=0.3", "en"),
        (["en", "fr"], "de-CH, *", "en"),
        (["en", "de"], "en;q=0.2, *;q=0.9", "de"),
        (["en", "de", "fr"], "en;q=0.2, de;q=0.1, *;q=0.9", "fr"),
        (["en", "de"], "fr", "en"),
        (["en", "de"], "fr, en;q=0", "de"),
        (["en"], "fr, en;q=0", "en"),
        (["en-GB", "en"], "en-GB;q=0, en", "en"),
        (["EN-us"], "en-US", "EN-us"),
        (["en", "de"], "*", "en"),
        ([], "de", None),
    ],
)
def test_each_map_shows_the_language_that_rfc_4647_looks_up(tags: list[str], header: str, chosen: str | None) -> None:
    assert choose(tags, accepted_languages(header)) == chosen


def test_a_header_of_thousands_of_languages_is_read_as_far_as_people_speak() -> None:
    accepted = accepted_languages(",".join(["de", *(f"de-{number}" for number in range(20_000)), "en"]))

    assert accepted.wanted[0] == "de"
    assert len(accepted.wanted) == 32
