"""Messages of Teams that were edited, blocked or taken back since they were said."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from services.ingest.connectors.teams.messages import read_change, read_message
from services.ingest.domain.interaction import ChannelId, Kind
from services.ingest.domain.mapping import statement_of
from services.ingest.domain.reading import Reading, Reason, Rule
from services.ingest.domain.source import Policy, Source
from shared.xapi.model import Version
from shared.xapi.validation import validate
from tests.support.ingest import Ear
from tests.support.polls import hear
from tests.support.profile import faults
from tests.support.teams import CHANNEL, TEAMS, about, notified, person, reaction, resource_of, teams
from tests.unit.ingest.test_teams import ASKED, REPLY, SAID, delivered


def test_what_began_a_thread_and_was_edited_since_is_told_bare_unless_it_was_heard() -> None:
    edited = {**ASKED, "lastEditedDateTime": "2026-03-02T11:40:00Z"}

    reading = read_message(TEAMS, edited)

    assert [(each.rule, each.interaction.text) for each in reading.undecided] == [(Rule.BARE_TOPIC, None)]
    assert [(each.kind, each.text) for each in reading.decided] == [(Kind.EDIT, "How do I restart it?")]
    assert not reading.known[0].spoken


async def test_what_was_heard_is_not_told_again_after_an_edit() -> None:
    ear, edited = Ear(), {**ASKED, "lastEditedDateTime": "2026-03-02T11:40:00Z"}
    await ear.hear(about("created", ASKED), about("created", edited))

    assert [each["verb"]["display"]["en"] for each in ear.statements()] == ["asked", "edited"]


def test_a_change_tells_what_was_done_and_not_what_was_said() -> None:
    path = resource_of(SAID)

    assert read_change(TEAMS, SAID, path).ignored == (Reason.UNCHANGED,)
    (reacted,) = read_change(TEAMS, {**SAID, "reactions": [reaction(3, "like", "11:34:00")]}, path).decided
    assert (reacted.kind, reacted.emoji, reacted.author) == (Kind.REACT, "U+1F44D", person(1))


VIOLATION = {"dlpAction": "blockAccess", "justificationText": None, "userAction": "none", "verdictDetails": "none"}


@pytest.mark.parametrize("action", ["blockAccess", "BlockAccess", "notifySender,blockAccess"])
@pytest.mark.parametrize("readings", [read_message, read_change])
def test_a_message_that_a_policy_blocks_is_removed_and_its_words_are_not_told(
    readings: Callable[[Source, Any, str], Reading], action: str
) -> None:
    blocked = {**SAID, "policyViolation": {**VIOLATION, "dlpAction": action}, "reactions": [reaction(3, "like", "11:34:00")]}

    (removed,) = readings(TEAMS, blocked, resource_of(SAID)).decided

    assert (removed.kind, removed.actor, removed.author, removed.text) == (Kind.REMOVE, "", person(1), None)
    statement = statement_of(removed, TEAMS)
    validate(statement, Version.V1_0_3)
    assert faults(statement) == []
    assert statement["actor"] == {"objectType": "Group", "account": {"homePage": TEAMS.workspace, "name": CHANNEL}}


@pytest.mark.parametrize(
    "change",
    [{"dlpAction": "notifySender"}, {"dlpAction": "blockAccessExternal"}, {"userAction": "override"}, {"dlpAction": None}],
)
def test_a_message_that_colleagues_can_read_all_the_same_is_told(change: dict[str, Any]) -> None:
    (said,) = read_message(TEAMS, {**SAID, "policyViolation": {**VIOLATION, **change}}, resource_of(SAID)).decided

    assert said.text


async def test_what_was_told_before_a_policy_blocked_it_is_redacted_wherever_it_was_said() -> None:
    blocked = {**SAID, "policyViolation": VIOLATION}
    closed = replace(TEAMS, policy=replace(TEAMS.policy, private=False), closed=frozenset({ChannelId(CHANNEL)}))
    ear = Ear()

    await hear(ear, TEAMS, read_message(TEAMS, SAID, resource_of(SAID)), read_change(TEAMS, blocked, resource_of(SAID)))
    await hear(ear, closed, read_change(closed, blocked, resource_of(SAID)))

    (first, second) = [each.redacts for each in ear.received() if each.redacts]
    assert first == second


def test_a_delete_is_told_of_the_path_alone_even_where_nothing_else_is_heard() -> None:
    closed = frozenset({ChannelId(CHANNEL)})
    reading = delivered(teams(notified("deleted", resource_of(REPLY))), Policy(), closed=closed)

    (withdrawn,) = reading.undecided
    assert (withdrawn.rule, withdrawn.interaction.place) == (Rule.WITHDRAWAL, None)
    assert withdrawn.interaction.happened == "2026-03-02T11:32:00.000Z"
    assert withdrawn.target == f"{CHANNEL}/{REPLY['id']}"


def test_a_message_that_is_shown_as_deleted_was_deleted_by_its_author() -> None:
    (gone,) = read_message(TEAMS, {**SAID, "deletedDateTime": "2026-03-02T11:50:00Z", "body": None}).decided

    assert (gone.kind, gone.actor, gone.happened) == (Kind.DELETE, person(1), "2026-03-02T11:50:00.000Z")
