"""What Graph's notifications and answers about Teams mean, and what of them is not ours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest

from services.ingest.connectors.fields import Incomplete
from services.ingest.connectors.teams import TEAMS as CONNECTOR
from services.ingest.connectors.teams import grant, notifications
from services.ingest.connectors.teams.messages import read_change, read_message, read_messages
from services.ingest.domain.asking import Circumstances, Request
from services.ingest.domain.interaction import ChannelId, Kind
from services.ingest.domain.reading import Delivery, Reading, Reason, Rule
from services.ingest.domain.source import Policy
from services.ingest.verifiers import Message, Verdict
from shared.xapi.model import Version
from shared.xapi.validation import validate
from tests.support.ingest import NOW, SECRET, Ear, Sent, account_names, as_json
from tests.support.profile import faults
from tests.support.teams import (
    CHANNEL,
    CHAT,
    TEAM,
    TEAMS,
    about,
    message,
    message_id,
    notified,
    person,
    reaction,
    resource_of,
    teams_conversation,
    user,
)

GOLDEN = Path(__file__).parent / "golden" / "teams.json"
LATER = timedelta(minutes=2)
ASKED = message(1, "11:31:00.123", "How do I restart it?")
SAID = message(1, "11:31:00.123", "Drain it first.")
REPLY = message(2, "11:32:00.000", "Drain it.", "11:31:00.123")
IN_CHAT = f"chats('{CHAT}')/messages('{message_id('11:31:00.123')}')"
CREATED = notified("created", resource_of(ASKED))
GRAPH = "https://graph.microsoft.com/v1.0"


def delivered(sent: Sent, policy: Policy | None = None, **changes: Any) -> Reading:
    source = replace(sent.source, policy=policy or sent.source.policy, **changes)
    return notifications.read(source, Delivery({}, sent.document))


def judged(document: Any, *secrets: bytes) -> Verdict:
    return notifications.verify(Message({}, as_json(document)), secrets or (SECRET,), NOW)


def asked_for(sent: Sent) -> list[Request]:
    assert CONNECTOR.fetch is not None
    circumstances = Circumstances(NOW, "https://symposia.example/hooks/teams/office")
    return [CONNECTOR.fetch.ask(TEAMS, each, circumstances) for each in delivered(sent).lookups]


async def told() -> list[dict[str, Any]]:
    """Return what the conversation tells, each statement once, and the attendances that are derived of it."""
    ear = Ear()
    await ear.hear(*teams_conversation())
    ear.now += LATER
    await ear.sweep(TEAMS)
    return list({each["id"]: each for each in ear.statements()}.values())


async def test_a_conversation_becomes_the_golden_statements() -> None:
    assert await told() == orjson.loads(GOLDEN.read_bytes())


async def test_every_statement_is_valid_follows_its_template_and_refers_to_what_is_told() -> None:
    statements = await told()

    validate(statements, Version.V1_0_3)
    assert [fault for each in statements for fault in faults(each)] == []
    known = {each["id"] for each in statements}
    assert {each["context"]["statement"]["id"] for each in statements if "statement" in each["context"]} <= known


def test_who_sent_more_than_is_looked_through_is_not_known() -> None:
    assert judged({"value": [CREATED], "more": [0] * 100_000}) is Verdict.UNSIGNED


def test_every_notification_shows_the_derived_word() -> None:
    assert judged({"value": [CREATED, CREATED]}) is Verdict.GENUINE
    assert judged({"value": [CREATED]}, b"the next secret", SECRET) is Verdict.GENUINE


@pytest.mark.parametrize("shown", ["forged", SECRET.decode(), "", None, 7, [CREATED["clientState"]]])
def test_a_word_that_is_another_is_forged_even_beside_a_right_one(shown: object) -> None:
    assert judged({"value": [CREATED, {**CREATED, "clientState": shown}]}) is Verdict.FORGED


@pytest.mark.parametrize("document", [{}, {"value": []}, {"value": [{}]}, {"value": CREATED}, [CREATED], None])
def test_who_shows_nothing_is_unsigned(document: object) -> None:
    assert judged(document) is Verdict.UNSIGNED


def test_a_message_is_asked_for_where_graph_says_it_stands() -> None:
    path = f"{GRAPH}/teams/{TEAM}/channels/{CHANNEL}/messages/{ASKED['id']}"

    assert [each.url for each in asked_for(about("created", ASKED))] == [path]
    assert [each.url for each in asked_for(about("updated", REPLY))] == [f"{path}/replies/{REPLY['id']}"]


def test_a_hundred_sealed_messages_fit_one_delivery() -> None:
    assert CONNECTOR.hook is not None
    assert CONNECTOR.hook.most_bytes > 100 * 64 * 1024


def test_what_is_named_twice_is_one_lookup() -> None:
    first, second = delivered(about("created", ASKED)).lookups, delivered(about("created", ASKED)).lookups
    changed = delivered(about("updated", ASKED)).lookups

    assert first == second
    assert first[0].key != changed[0].key


@pytest.mark.parametrize(
    ("policy", "closed", "reasons"),
    [
        (Policy(), (), ()),
        (Policy(), (CHANNEL,), (Reason.PRIVATE_CHANNEL,)),
        (Policy(private=True), (CHANNEL,), ()),
        (Policy(channels=frozenset({ChannelId("19:other@thread.tacv2")})), (), (Reason.CHANNEL_NOT_ALLOWED,)),
        (Policy(channels=frozenset({ChannelId(CHANNEL)})), (), ()),
    ],
)
def test_nothing_is_asked_for_that_is_not_heard(policy: Policy, closed: tuple[str, ...], reasons: tuple[Reason, ...]) -> None:
    reading = delivered(about("created", ASKED), policy, closed=frozenset(map(ChannelId, closed)))

    assert reading.ignored == reasons
    assert bool(reading.lookups) is not bool(reasons)


@pytest.mark.parametrize(
    ("document", "policy", "kind"),
    [
        (ASKED, None, Kind.ASK),
        (SAID, None, Kind.POST),
        ({**SAID, "subject": "Which broker?"}, None, Kind.ASK),
        (SAID, Policy(question_channels=frozenset({ChannelId(CHANNEL)})), Kind.ASK),
    ],
)
def test_a_post_asks_by_its_title_its_text_or_its_channel(document: Any, policy: Policy | None, kind: Kind) -> None:
    source = replace(TEAMS, policy=policy or TEAMS.policy)

    assert [each.kind for each in read_message(source, document).decided] == [kind]


def test_a_messages_address_is_the_one_that_teams_shows() -> None:
    (interaction,) = read_message(TEAMS, SAID).decided

    name = message_id("11:31:00.123")
    assert interaction.artefact.iri == (
        "https://teams.microsoft.com/l/message/19%3A4a95f7d8db4c4e7fae857bcebe0623e6%40thread.tacv2/"
        f"{name}?groupId={TEAM}&tenantId={TEAMS.options['tenant']}&createdTime={name}&parentMessageId={name}"
    )


def test_a_message_was_made_when_its_id_says_whatever_a_notification_leaves_out() -> None:
    (told,), (shown,) = (
        read_message(TEAMS, each).decided for each in (SAID, {**SAID, "createdDateTime": "2026-03-02T11:31:00Z"})
    )

    assert told == shown
    assert told.happened == "2026-03-02T11:31:00.123Z"


@pytest.mark.parametrize(
    ("who", "reason"),
    [
        ({"application": {"id": "1", "applicationIdentityType": "bot"}, "user": None}, Reason.BOT),
        ({"conversation": {"id": "1"}, "user": None}, Reason.BOT),
        (user(2, "anonymousGuest"), Reason.GUEST),
        (user(2, "federatedUser"), Reason.GUEST),
        ({"phone": {"id": "1"}}, Reason.GUEST),
        ({"user": {"id": person(2), "tenantId": "another"}}, Reason.GUEST),
        (user(7), Reason.EXCLUDED_ACCOUNT),
    ],
)
def test_machines_guests_and_excluded_accounts_are_not_heard(who: Mapping[str, Any], reason: Reason) -> None:
    source = replace(TEAMS, policy=Policy(excluded=account_names(person(7))))

    reading = read_message(source, {**ASKED, "from": who})

    assert (reading.decided, reading.ignored) == ((), (reason,))
    assert [(each.author, each.question) for each in reading.known] == [(None, False)]


def test_system_messages_are_not_heard() -> None:
    assert read_message(TEAMS, {**SAID, "messageType": "systemEventMessage"}).ignored == (Reason.SYSTEM_MESSAGE,)


@pytest.mark.parametrize(
    ("name", "emoji"),
    [("heart", "U+2764"), ("💡", "U+1F4A1"), ("👍🏽", "U+1F44D"), ("🇩🇪", "U+1F1E9 U+1F1EA"), ("partyparrot", ":partyparrot:")],
)
def test_a_reaction_is_written_as_its_emoji(name: str, emoji: str) -> None:
    (reacted,) = read_change(TEAMS, {**SAID, "reactions": [reaction(3, name, "11:34:00")]}, resource_of(SAID)).decided

    assert reacted.emoji == emoji


@pytest.mark.parametrize(("named", "emoji"), [("Ship it", ":Ship_it:"), (None, ":custom:"), ("x" * 900, f":{'x' * 64}:")])
def test_a_reaction_of_the_tenants_own_has_its_name(named: str | None, emoji: str) -> None:
    own = {**reaction(3, "custom", "11:34:00"), "displayName": named, "reactionContentUrl": "https://graph.microsoft.com/x"}

    (reacted,) = read_change(TEAMS, {**SAID, "reactions": [own]}, resource_of(SAID)).decided

    assert reacted.emoji == emoji


def test_a_reaction_that_lacks_something_harms_no_other() -> None:
    broken: list[Any] = [reaction(3, "like", "11:34:00"), {}, None, reaction(4, "x" * 100, "11:34:00"), {"user": user(5)}]

    reading = read_change(TEAMS, {**SAID, "reactions": broken}, resource_of(SAID))

    assert len(reading.decided) == 1
    assert reading.ignored == (Reason.INCOMPLETE,) * 4


def test_a_page_of_messages_tells_their_replies_too() -> None:
    page = {"value": [{**ASKED, "replies": [REPLY, {"id": "no message"}]}, 7]}

    reading = read_messages(TEAMS, page)

    assert [each.kind for each in reading.decided] == [Kind.ASK]
    assert [each.rule for each in reading.undecided] == [Rule.REPLY]
    assert reading.ignored == (Reason.INCOMPLETE, Reason.INCOMPLETE)


@pytest.mark.parametrize(
    "change",
    [
        {"id": "1"},
        {"id": None},
        {"from": None},
        {"channelIdentity": None},
        {"channelIdentity": {"teamId": "x", "channelId": CHANNEL}},
    ],
)
def test_a_message_that_lacks_what_it_needs_is_incomplete(change: Mapping[str, Any]) -> None:
    with pytest.raises(Incomplete):
        read_message(TEAMS, {**SAID, **change})


def test_an_access_token_is_asked_for_by_the_applications_credentials() -> None:
    asked = grant(replace(TEAMS, token=b"a&b"))

    assert asked.url == f"https://login.microsoftonline.com/{TEAMS.options['tenant']}/oauth2/v2.0/token"
    assert b"client_secret=a%26b" in asked.body
    assert b"scope=https%3A%2F%2Fgraph.microsoft.com%2F.default" in asked.body
