"""What Webex's webhooks and answers mean, and what of them is not ours."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest

from services.ingest.connectors.fields import Incomplete
from services.ingest.connectors.webex import VERIFY, grant
from services.ingest.connectors.webex import WEBEX as CONNECTOR
from services.ingest.connectors.webex.events import read
from services.ingest.connectors.webex.messages import read_delete, read_edit, read_message
from services.ingest.domain.asking import Circumstances
from services.ingest.domain.interaction import ChannelId, Kind
from services.ingest.domain.reading import Delivery, Lookup, Reading, Reason, Rule
from services.ingest.domain.source import Keeps, Policy
from services.ingest.verifiers import Message, Verdict
from shared.xapi.model import Version
from shared.xapi.validation import validate
from tests.support.ingest import NOW, SECRET, Ear, Sent, account_names, acts, answered
from tests.support.profile import faults
from tests.support.webex import ROOM, WEBEX, about, email, membership, message, named, person, webex, webex_conversation

GOLDEN = Path(__file__).parent / "golden" / "webex.json"
LATER = timedelta(minutes=2)
API = "https://webexapis.com/v1"
HERE = Circumstances(NOW, "https://symposia.example/hooks/webex/suite")
SAID = message("said", 1, "11:31:00", "Drain it first.")


def delivered(sent: Sent, policy: Policy | None = None) -> Reading:
    return read(replace(WEBEX, policy=policy or WEBEX.policy), Delivery({}, sent.document))


def asked_for(lookup: Lookup) -> str:
    assert CONNECTOR.fetch is not None
    return CONNECTOR.fetch.ask(WEBEX, lookup, HERE).url


def chain(sent: Sent, policy: Policy | None = None) -> list[Reading]:
    """Return what each answer says, until nothing more is asked for."""
    source = replace(WEBEX, policy=policy or WEBEX.policy)
    readings, waiting = list[Reading](), list(delivered(sent, policy).lookups)
    while waiting:
        lookup = waiting.pop()
        readings.append(answered(source, lookup, sent.answer_to(lookup)))
        waiting += readings[-1].lookups
    return readings


async def told() -> list[dict[str, Any]]:
    """Return what the conversation tells, each statement once, and the attendances that are derived of it."""
    ear = Ear()
    await ear.hear(*webex_conversation())
    ear.now += LATER
    await ear.sweep(WEBEX)
    return list({each["id"]: each for each in ear.statements()}.values())


async def test_a_conversation_becomes_the_golden_statements() -> None:
    assert await told() == orjson.loads(GOLDEN.read_bytes())


async def test_every_statement_is_valid_follows_its_template_and_refers_to_what_is_told() -> None:
    statements = await told()

    validate(statements, Version.V1_0_3)
    assert [fault for each in statements for fault in faults(each)] == []
    known = {each["id"] for each in statements}
    assert {each["context"]["statement"]["id"] for each in statements if "statement" in each["context"]} <= known


@pytest.mark.parametrize(("said", "instead"), [(b"created", b"deleted"), (b"}}", b"}} "), (b"group", b"Group")])
def test_what_is_signed_otherwise_is_forged(said: bytes, instead: bytes) -> None:
    sent = about("created", SAID)
    signed = Message(sent.signed(), sent.body)

    assert VERIFY(signed, [b"next", SECRET], NOW) is Verdict.GENUINE
    assert VERIFY(replace(signed, body=sent.body.replace(said, instead)), [SECRET], NOW) is Verdict.FORGED
    assert VERIFY(signed, [b"another secret"], NOW) is Verdict.FORGED
    assert VERIFY(replace(signed, headers={}), [SECRET], NOW) is Verdict.UNSIGNED


def test_a_message_is_asked_for_once_however_often_it_is_named() -> None:
    (lookup,), (again,) = delivered(about("created", SAID)).lookups, delivered(about("created", SAID)).lookups

    assert lookup == again
    assert asked_for(lookup) == f"{API}/messages/{SAID['id']}"
    assert delivered(about("updated", SAID)).lookups[0].key != lookup.key


@pytest.mark.parametrize(
    ("policy", "kind", "reasons"),
    [
        (Policy(), "group", (Reason.PRIVATE_CHANNEL,)),
        (Policy(private=True), "group", ()),
        (Policy(channels=frozenset({ChannelId(ROOM)})), "group", ()),
        (Policy(channels=frozenset({ChannelId("another")})), "group", (Reason.CHANNEL_NOT_ALLOWED,)),
        (Policy(private=True), "direct", (Reason.DIRECT_MESSAGE,)),
        (Policy(direct=True), "direct", ()),
    ],
)
def test_nothing_is_asked_for_that_is_not_heard(policy: Policy, kind: str, reasons: tuple[Reason, ...]) -> None:
    sent = about("created", {**SAID, "roomType": kind})

    reading = delivered(sent, policy)

    assert reading.ignored == reasons
    assert bool(reading.lookups) is not bool(reasons)
    assert read_message(replace(WEBEX, policy=policy), {**SAID, "roomType": kind}).ignored == reasons


def test_text_is_kept_only_if_the_policy_says_so_and_never_of_direct_messages() -> None:
    direct = replace(WEBEX, policy=Policy(direct=True, keeps=Keeps.TEXT))

    assert read_message(WEBEX, SAID).decided[0].text == "Drain it first."
    assert read_message(replace(WEBEX, policy=Policy(private=True)), SAID).decided[0].text is None
    assert read_message(direct, {**SAID, "roomType": "direct"}).decided[0].text is None


def test_where_a_link_leads_is_kept_with_the_text() -> None:
    html = '<p>See <a href="https://lms.example.org/courses/42">the course</a></p>'

    said = read_message(WEBEX, {**SAID, "text": "See the course", "html": html}).decided[0]

    assert said.text == "See the course https://lms.example.org/courses/42"


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        ({}, Kind.POST),
        ({"text": "How?"}, Kind.ASK),
        ({"text": "See https://a.example/?x=1"}, Kind.POST),
        ({"text": None}, Kind.POST),
        ({"text": "How is this?", "html": "<p>How is <code>x ? y</code> this</p>"}, Kind.POST),
    ],
)
def test_a_message_asks_by_its_question_mark(change: Mapping[str, Any], kind: Kind) -> None:
    assert [each.kind for each in read_message(WEBEX, {**SAID, "html": None, **change}).decided] == [kind]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"personEmail": "helper@webex.bot"}, Reason.BOT),
        ({"personEmail": "Helper@SparkBot.io"}, Reason.BOT),
        ({"personEmail": "x@appid.ciscospark.com"}, Reason.GUEST),
        ({"personId": person(7)}, Reason.EXCLUDED_ACCOUNT),
        ({"personEmail": email(7)}, Reason.EXCLUDED_ACCOUNT),
    ],
)
def test_machines_guests_and_excluded_accounts_are_not_heard(change: Mapping[str, Any], reason: Reason) -> None:
    source = replace(WEBEX, policy=Policy(private=True, excluded=account_names(person(7), email(7).upper())))

    reading = read_message(source, {**SAID, **change})

    assert (reading.decided, reading.ignored, reading.known[0].author) == ((), (reason,), None)


def test_what_was_edited_before_it_was_asked_for_is_told_bare_unless_it_was_heard() -> None:
    edited = {**SAID, "updated": "2026-03-02T11:40:00.000Z"}

    bare, reply = read_message(WEBEX, edited), read_message(WEBEX, {**edited, "parentId": named("MESSAGE", "asked")})

    assert [(each.rule, each.interaction.text) for each in bare.undecided] == [(Rule.BARE_TOPIC, None)]
    assert [(each.rule, each.interaction.text) for each in reply.undecided] == [(Rule.REPLY, None)]
    assert [(each.kind, each.happened) for each in read_edit(WEBEX, edited).decided] == [(Kind.EDIT, "2026-03-02T11:40:00.000Z")]
    assert read_edit(WEBEX, SAID).ignored == (Reason.UNCHANGED,)


def test_a_delete_needs_no_question_and_is_heard_where_nothing_else_is() -> None:
    reading = delivered(about("deleted", SAID), Policy())

    (withdrawn,) = reading.undecided
    assert reading.lookups == ()
    assert (withdrawn.rule, withdrawn.interaction.place) == (Rule.WITHDRAWAL, None)
    assert withdrawn.interaction.happened == "2026-03-02T11:31:00.203Z"


@pytest.mark.parametrize(
    ("by", "policy", "told"),
    [
        (person(1), WEBEX.policy, (person(1), "delete")),
        (
            base64.b64encode(base64.b64decode(person(1)).replace(b"/us/", b"/urn:TEAM:eu-central-1_k/")).decode(),
            WEBEX.policy,
            (person(1), "delete"),
        ),
        (person(7), WEBEX.policy, (person(7), "remove")),
        (person(7), replace(WEBEX.policy, excluded=account_names(person(7))), (person(1), "delete")),
        (None, WEBEX.policy, (person(1), "delete")),
    ],
    ids=["its author", "its author, named by another cluster", "a moderator", "an excluded account", "nobody who is named"],
)
async def test_a_message_is_deleted_by_its_author_or_removed_by_whoever_caused_it(
    by: str | None, policy: Policy, told: tuple[str, str]
) -> None:
    gone, source = about("deleted", SAID), replace(WEBEX, policy=policy)
    gone = replace(gone, source=source, document={**gone.document, "actorId": by})
    ear = Ear()

    await ear.hear(gone, replace(about("created", SAID), source=source))

    assert [(who, verb) for who, verb, _ in acts(ear.statements()) if verb in ("delete", "remove")] == [told]


def test_a_delete_that_names_no_time_has_that_of_its_id() -> None:
    timed = base64.b64encode(b"ciscospark://us/MESSAGE/92db3be0-43bd-11e6-8ae9-dd5b3dfc565d").decode()
    (withdrawn,) = read_delete(WEBEX, {"id": timed, "roomId": ROOM}).undecided

    assert withdrawn.interaction.happened == "2016-07-06T21:06:57.310000Z"
    for other in (named("MESSAGE", "x"), "no-id", base64.b64encode(b"\xff\xfe").decode()):
        with pytest.raises(Incomplete):
            read_delete(WEBEX, {"id": other, "roomId": ROOM})


def test_who_joins_a_space_and_who_leaves_it_is_told() -> None:
    joined, left = (delivered(membership(event, 4)).decided[0] for event in ("created", "deleted"))

    assert [(each.kind, each.actor, each.artefact.native) for each in (joined, left)] == [
        (Kind.JOIN, person(4), ROOM),
        (Kind.LEAVE, person(4), ROOM),
    ]
    assert delivered(membership("updated", 4)).ignored == (Reason.UNMAPPED,)


@pytest.mark.parametrize(
    ("resource", "event"),
    [
        ("rooms", "created"),
        ("attachmentActions", "created"),
        ("meetings", "created"),
        ("meetingParticipants", "updated"),
        ("recordings", "created"),
    ],
)
def test_other_resources_are_not_ours(resource: str, event: str) -> None:
    assert delivered(webex(resource, event, {"id": "x", "roomId": ROOM})).ignored == (Reason.UNMAPPED,)


@pytest.mark.parametrize("change", [{"id": None}, {"roomId": ["x"]}, {"created": "yesterday"}, {"personId": 1.5}])
def test_a_message_that_lacks_what_it_needs_is_incomplete(change: Mapping[str, Any]) -> None:
    with pytest.raises(Incomplete):
        read_message(WEBEX, {**SAID, **change})


def test_an_access_token_is_asked_for_by_the_refresh_token() -> None:
    asked = grant(replace(WEBEX, token=b"client-secret refresh-token"))

    assert asked.url == f"{API}/access_token"
    assert asked.body == b"grant_type=refresh_token&client_id=C1234&client_secret=client-secret&refresh_token=refresh-token"
