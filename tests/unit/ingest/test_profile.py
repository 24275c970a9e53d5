"""Every kind of interaction becomes a statement that is valid xAPI and follows its template in our profile."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import pytest
from msgspec.structs import replace

from services.ingest.domain.interaction import (
    UPON_PERSONS,
    AccountName,
    Artefact,
    ArtefactType,
    ChannelId,
    Choice,
    Event,
    Interaction,
    Kind,
    NativeId,
    Place,
    PlaceType,
    Rating,
)
from services.ingest.domain.mapping import statement_of
from services.ingest.domain.words import ARTEFACT_TYPES, PLACE_TYPES, VERBS
from shared.xapi.model import Version
from shared.xapi.validation import validate
from shared.xapi.vocabulary import PROFILE, PROFILE_VERSION, ActivityType, Verb, canonical
from tests.support.ingest import Ear, Sent
from tests.support.platforms import CONVERSATIONS
from tests.support.profile import DETERMINING, KNOWN, document, faults, templates_of
from tests.support.slack import SLACK

ROOT = Artefact(NativeId("r"), "https://acme.example/r", ArtefactType.TOPIC, "Brokers")
PLACE = Place(ChannelId("C1"), "https://acme.example/c", PlaceType.CHANNEL)
PLAIN = Interaction(
    event=Event.CREATED,
    kind=Kind.POST,
    artefact=Artefact(NativeId("a"), "https://acme.example/a", ArtefactType.CHAT_MESSAGE),
    actor=AccountName("U1"),
    happened="2026-03-02T12:00:00.000Z",
    place=PLACE,
    author=AccountName("U2"),
)
SESSION = Artefact(NativeId("s"), "https://acme.example/s", ArtefactType.SESSION, "Office hour")
CHOICES = (Choice("yes", "Yes"), Choice("no"))


def thing(kind: ArtefactType) -> Artefact:
    return Artefact(NativeId(kind), f"https://acme.example/{kind}", kind)


POLL = replace(PLAIN, artefact=thing(ArtefactType.POLL), choices=CHOICES, parent=SESSION, author=None)
SESSIONS = {Kind.START, Kind.END, Kind.ATTEND, Kind.PRESENT, Kind.RAISE_HAND}
SPECIAL: dict[Kind, Interaction] = {
    Kind.ASK: replace(PLAIN, text="How?", tags=("Apache Kafka", "c#")),
    Kind.CREATE: replace(PLAIN, artefact=Artefact(NativeId("p"), "https://acme.example/p", ArtefactType.PAGE, "Runbook")),
    Kind.COMMENT: replace(PLAIN, artefact=thing(ArtefactType.COMMENT), parent=thing(ArtefactType.ARTICLE)),
    Kind.REPLY: replace(PLAIN, parent=ROOT, root=ROOT),
    Kind.ANSWER: replace(PLAIN, parent=ROOT, root=ROOT),
    Kind.ACCEPT: replace(PLAIN, parent=ROOT, root=ROOT),
    Kind.UNACCEPT: replace(PLAIN, parent=ROOT, root=ROOT),
    Kind.REACT: replace(PLAIN, emoji="U+1F44D"),
    Kind.UNREACT: replace(PLAIN, emoji=":shipit:"),
    Kind.TAG: replace(PLAIN, tags=("kafka",)),
    Kind.RATE: replace(PLAIN, rating=Rating(4, 1, 5)),
    Kind.ATTACH: replace(PLAIN, artefact=thing(ArtefactType.FILE), parent=PLAIN.artefact),
    Kind.OPEN_POLL: POLL,
    Kind.ANSWER_POLL: replace(POLL, event=Event.POLL_ANSWERED, chosen=("yes", "no")),
    Kind.VOID: replace(PLAIN, artefact=SESSION, event=Event.VOIDED, voided="1", place=None, author=None),
    Kind.EDIT: replace(PLAIN, event=Event.EDITED, revision="2"),
}


def examples() -> Iterator[Interaction]:
    """Yield at least one interaction of each kind."""
    for kind in Kind:
        example = SPECIAL.get(kind, PLAIN)
        example = replace(example, kind=kind)
        if kind in SESSIONS:
            example = replace(example, artefact=SESSION, seconds=3725)
        yield replace(example, person=AccountName("U3")) if kind in UPON_PERSONS else example
    for kind in (Kind.JOIN, Kind.LEAVE, Kind.FOLLOW):
        for artefact in (thing(ArtefactType.GROUP), SESSION):
            yield replace(PLAIN, kind=kind, artefact=artefact, seconds=60 if kind is Kind.LEAVE else None)


EXAMPLES = list(examples())


@pytest.mark.parametrize("interaction", EXAMPLES, ids=lambda each: f"{each.kind}-{each.artefact.type}")
def test_every_kind_is_valid_xapi_and_follows_its_template(interaction: Interaction) -> None:
    statement = statement_of(interaction, SLACK)

    validate(statement, Version.V1_0_3)
    assert faults(statement) == []


@pytest.mark.parametrize("script", CONVERSATIONS.values(), ids=CONVERSATIONS)
async def test_every_statement_of_a_conversation_follows_its_template(script: list[Sent]) -> None:
    ear = Ear()

    await ear.hear(*script)

    assert [fault for statement in ear.statements() for fault in faults(statement)] == []


def test_every_template_is_followed_by_some_kind() -> None:
    followed = {template["id"] for each in EXAMPLES for template in templates_of(statement_of(each, SLACK))}

    assert followed == {template["id"] for template in document()["templates"]}


def test_a_broken_rule_is_told() -> None:
    statement = copy.deepcopy(statement_of(SPECIAL[Kind.REPLY], SLACK))
    context: dict[str, Any] = statement["context"]
    del context["contextActivities"]["parent"]
    context["contextActivities"]["category"] = [{"id": "https://else.example/profile"}]

    assert len(faults({**statement, "verb": {"id": str(Verb.REPLIED)}})) == 3
    assert faults({**statement, "verb": {"id": "https://else.example/verb"}}) == ["no template for https://else.example/verb"]


def test_the_profile_is_a_profile_that_invents_no_verb() -> None:
    profile = document()
    parts = [part for name in ("concepts", "templates", "patterns") for part in profile[name]]
    ids = {part["id"] for part in parts}
    own = {verb for verb in (template["verb"] for template in profile["templates"]) if verb.startswith(PROFILE)}

    assert (profile["@context"], profile["type"]) == ("https://w3id.org/xapi/profiles/context", "Profile")
    assert (profile["id"], profile["versions"][0]["id"]) == (PROFILE, PROFILE_VERSION)
    assert len(ids) == len(parts)
    assert {part["inScheme"] for part in parts} == {PROFILE_VERSION}
    assert all(part["id"].startswith(PROFILE) for part in parts)
    assert own == set()
    assert {template["verb"] for template in profile["templates"]} == {str(verb) for verb, _ in VERBS.values()}
    for template in profile["templates"]:
        assert set(template) <= KNOWN
        assert set(template) & DETERMINING


def test_every_pattern_names_templates_and_patterns_that_are_there() -> None:
    profile = document()
    ids = {part["id"] for name in ("templates", "patterns") for part in profile[name]}

    for pattern in profile["patterns"]:
        ways = [pattern[name] for name in ("alternates", "optional", "oneOrMore", "sequence", "zeroOrMore") if name in pattern]
        assert len(ways) == 1
        assert set(ways[0] if isinstance(ways[0], list) else ways) <= ids


def test_every_artefact_and_place_has_its_type() -> None:
    assert set(ARTEFACT_TYPES) == set(ArtefactType)
    assert set(PLACE_TYPES) == set(PlaceType)


def test_what_happens_in_a_session_has_one_registration() -> None:
    joined = statement_of(replace(PLAIN, kind=Kind.JOIN, artefact=SESSION), SLACK)
    asked = statement_of(POLL, SLACK)

    assert joined["context"]["registration"] == asked["context"]["registration"]
    assert "registration" not in statement_of(PLAIN, SLACK)["context"]


def test_a_tag_is_an_activity_of_its_own() -> None:
    statement = statement_of(SPECIAL[Kind.ASK], SLACK)

    tags = [each["id"] for each in statement["context"]["contextActivities"]["other"]]
    assert tags == ["https://acme.slack.com/tags/apache%20kafka", "https://acme.slack.com/tags/c%23"]


@pytest.mark.parametrize("verb", [*Verb, *ActivityType])
def test_what_we_emit_is_its_own_canonical_spelling(verb: str) -> None:
    assert canonical(verb) == verb


@pytest.mark.parametrize(
    ("alias", "ours"),
    [
        ("urn:symposia:xapi:profile:social-learning:v1", PROFILE_VERSION),
        ("http://activitystrea.ms/schema/1.0/rsvp-yes", Verb.RSVP_YES),
        ("https://www.w3.org/ns/activitystreams#Announce", Verb.SHARED),
        ("http://activitystrea.ms/schema/1.0/page", ActivityType.PAGE),
    ],
)
def test_an_alias_is_understood(alias: str, ours: str) -> None:
    assert canonical(alias) == ours
