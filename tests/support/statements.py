"""Hypothesis strategies for valid xAPI statements of both versions, as JSON values."""

from __future__ import annotations

from datetime import date
from functools import cache
from typing import Any

from hypothesis import strategies as st

from shared.xapi.model import RELATIONS, VOIDED, Version
from shared.xapi.schema import COMPONENTS, INTERACTIONS

Strategy = st.SearchStrategy[Any]

# Any character but lone surrogates; NUL included.
texts = st.text(st.characters(codec="utf-8"), max_size=12)
numbers = st.integers(-(10**25), 10**25) | st.floats(allow_nan=False, allow_infinity=False)
json_values: Strategy = st.recursive(
    st.none() | st.booleans() | numbers | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)
uuids = st.uuids().map(str) | st.uuids().map(lambda uuid: str(uuid).upper())
iris = st.builds(
    "{}{}".format,
    st.sampled_from(("https://example.org/", "urn:example:", "act:", "http://example.com/فعل#", "tag:a.org,2025:")),
    st.text("abcXYZ019-._~é", max_size=8),
)
language_tags = st.sampled_from(
    ("en", "en-US", "zh-Hant-TW", "sr-Latn-RS", "de-CH-1996", "es-419", "x-private", "en-a-bbb-x-a", "i-klingon", "und")
)
language_maps = st.dictionaries(language_tags, texts, max_size=3)
extensions = st.dictionaries(iris, json_values, max_size=2)
durations = st.sampled_from(("PT4H35M59.14S", "P3Y1M29DT4H35M59.14S", "P4W", "P3Y", "PT0S", "PT0,5H", "P1DT12H36M0.12567S"))
media_types = st.sampled_from(("text/plain", "application/octet-stream", "text/plain; charset=ascii", 'a/b;c="d e"'))
rfc3339 = st.builds(
    "{}T{:02}:{:02}:{:02}{}{}".format,
    st.dates(date(1, 1, 2), date(9999, 12, 30)),
    st.integers(0, 23),
    st.integers(0, 59),
    st.integers(0, 59),
    st.sampled_from(("", ".5", ".123", ".123456789")),
    st.sampled_from(("Z", "+00:00", "+05:30", "-11:00")),
)
iso8601 = st.sampled_from(
    (
        "2015-11-18T12:17:00",
        "20151118T121700Z",
        "2015-11-18T12:17",
        "2015-11-18T12:17:00,25+0130",
        "20151118T1217-05",
        "2016-12-31T23:59:60Z",
    )
)


@cache
def statements(version: Version) -> Strategy:
    """Generate any valid statement of *version*, voiding ones included."""
    return _statement(version, _objects(version), plain=False) | _voiding(version)


@cache
def values(version: Version) -> Strategy:
    """Generate what a client may send: one statement, or a list of statements with distinct ids."""
    several = st.lists(
        statements(version), max_size=3, unique_by=lambda statement: statement.get("id", str(id(statement))).lower()
    )
    return statements(version) | several


@st.composite
def closed(draw: st.DrawFn, required: dict[str, Strategy], optional: dict[str, Strategy]) -> dict[str, Any]:
    """Generate an object, its keys in this order or the reverse."""
    strategies = {**required, **optional}
    names = [name for name in strategies if name in required or draw(st.integers(0, 2)) == 0]
    return {name: draw(strategies[name]) for name in (reversed(names) if draw(st.booleans()) else names)}


_accounts = closed({"homePage": iris, "name": texts}, {})
_ifis = {
    "mbox": st.builds(
        "mailto:{}@{}".format, st.sampled_from(("a", "A.b+c", "é")), st.sampled_from(("b.org", "B.Org", "localhost"))
    ),
    "mbox_sha1sum": st.text("0123456789abcdefABCDEF", min_size=40, max_size=40),
    "openid": st.builds("https://id.example.org/{}".format, st.text("abc019", max_size=8)),
    "account": _accounts,
}


def _identified(required: dict[str, Strategy], optional: dict[str, Strategy]) -> Strategy:
    return st.one_of([closed({**required, ifi: strategy}, optional) for ifi, strategy in _ifis.items()])


agents = _identified({}, {"objectType": st.just("Agent"), "name": texts})
_members = st.lists(agents, max_size=3)
groups = _identified({"objectType": st.just("Group")}, {"name": texts, "member": _members}) | closed(
    {"objectType": st.just("Group"), "member": _members}, {"name": texts}
)
actors = agents | groups
authorities = agents | closed(
    {
        "objectType": st.just("Group"),
        "member": st.tuples(closed({"account": _accounts}, {}), agents).map(list),
    },
    {},
)
verbs = closed({"id": iris}, {"display": language_maps})
references = closed({"objectType": st.just("StatementRef"), "id": uuids}, {})
_components = st.lists(
    closed({"id": texts}, {"description": language_maps}), max_size=3, unique_by=lambda component: component["id"]
)


def _definition(interaction: str | None) -> Strategy:
    optional: dict[str, Strategy] = {
        "name": language_maps,
        "description": language_maps,
        "type": iris,
        "moreInfo": iris,
        "extensions": extensions,
    }
    if interaction is None:
        return closed({}, optional)
    optional["correctResponsesPattern"] = st.lists(texts, max_size=2)
    optional |= {name: _components for name, types in COMPONENTS.items() if interaction in types}
    return closed({"interactionType": st.just(interaction)}, optional)


definitions = st.one_of([_definition(interaction) for interaction in (None, *INTERACTIONS)])
activities = closed({"id": iris}, {"objectType": st.just("Activity"), "definition": definitions})


@st.composite
def scores(draw: st.DrawFn) -> dict[str, Any]:
    """Generate a score whose parts agree."""
    least, raw, most = sorted(draw(st.lists(numbers, min_size=3, max_size=3, unique=True)))
    parts = {"scaled": draw(st.floats(-1, 1)), "min": least, "raw": raw, "max": most}
    return {name: parts[name] for name in draw(st.permutations(tuple(parts)))[: draw(st.integers(0, 4))]}


results = closed(
    {},
    {
        "score": scores(),
        "success": st.booleans(),
        "completion": st.booleans(),
        "response": texts,
        "duration": durations,
        "extensions": extensions,
    },
)
attachments = closed(
    {
        "usageType": iris,
        "display": language_maps,
        "contentType": media_types,
        "length": st.integers(0, 2**40),
        "sha2": st.text("0123456789abcdef", min_size=64, max_size=64),
    },
    {"description": language_maps, "fileUrl": iris},
)


def timestamps(version: Version) -> Strategy:
    """Generate the timestamps that *version* takes."""
    return rfc3339 | iso8601 if version is Version.V1_0_3 else rfc3339


@cache
def contexts(version: Version, *, about_activity: bool) -> Strategy:
    """Generate contexts; those about anything but an Activity have no revision and no platform."""
    several = st.lists(activities, max_size=2)
    optional: dict[str, Strategy] = {
        "registration": uuids,
        "instructor": actors,
        "team": groups,
        "contextActivities": closed({}, dict.fromkeys(RELATIONS, several | activities)),
        "language": language_tags,
        "statement": references,
        "extensions": extensions,
    }
    if about_activity:
        optional |= {"revision": texts, "platform": texts}
    if version is Version.V2_0_0:
        roles = {"relevantTypes": st.lists(iris, min_size=1, max_size=2)}
        agent = closed({"objectType": st.just("contextAgent"), "agent": agents}, roles)
        group = closed({"objectType": st.just("contextGroup"), "group": groups}, roles)
        optional |= {"contextAgents": st.lists(agent, max_size=2), "contextGroups": st.lists(group, max_size=2)}
    return closed({}, optional)


_typed_agents = agents.map(lambda agent: {**agent, "objectType": "Agent"})
_simple_objects = activities | _typed_agents | groups | references


def _objects(version: Version) -> Strategy:
    return _simple_objects | _statement(version, _simple_objects, plain=True)


def _statement(version: Version, objects: Strategy, *, plain: bool) -> Strategy:
    """Generate statements about *objects*; *plain* ones are SubStatements."""

    def about(target: dict[str, Any]) -> Strategy:
        is_activity = target.get("objectType", "Activity") == "Activity"
        required: dict[str, Strategy] = {"actor": actors, "verb": verbs, "object": st.just(target)}
        optional = {
            "result": results,
            "context": contexts(version, about_activity=is_activity),
            "timestamp": timestamps(version),
            "attachments": st.lists(attachments, max_size=2),
        }
        if plain:
            required["objectType"] = st.just("SubStatement")
        else:
            optional |= _of_statements(version)
        return closed(required, optional)

    return objects.flatmap(about)


def _of_statements(version: Version) -> dict[str, Strategy]:
    """Return what a SubStatement does not have."""
    versions = ("1.0", "1.0.0", "1.0.3") if version is Version.V1_0_3 else ("1.0.3", "2.0", "2.0.0")
    return {
        "id": uuids,
        "stored": timestamps(version),
        "authority": authorities,
        "version": st.sampled_from(versions),
    }


def _voiding(version: Version) -> Strategy:
    return closed(
        {"actor": actors, "verb": closed({"id": st.just(VOIDED)}, {"display": language_maps}), "object": references},
        _of_statements(version),
    )
