"""What Slack's deliveries mean, and what of them is not ours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from services.ingest.connectors.fields import Incomplete
from services.ingest.connectors.slack.events import read
from services.ingest.domain.interaction import ChannelId, Event, Kind
from services.ingest.domain.mapping import statement_of
from services.ingest.domain.reading import Delivery, Reading, Reason, Rule
from services.ingest.domain.source import Keeps, Policy, Source
from tests.support.asides import slack_huddle, slack_star
from tests.support.ingest import account_names
from tests.support.profile import faults
from tests.support.slack import SLACK, slack, slack_message, slack_reaction

TS = "1772452800.000100"


def heard(event: Mapping[str, Any], policy: Policy | None = None, source: Source = SLACK) -> Reading:
    source = replace(source, policy=policy) if policy else source
    return read(source, Delivery({}, slack(event).document))


def message(text: str = "How?", **more: Any) -> dict[str, Any]:
    return slack_message("U1", TS, text, **more)


def changed(before: Mapping[str, Any], **now: Any) -> dict[str, Any]:
    event = {"type": "message", "subtype": "message_changed", "channel": "C1", "ts": TS, "event_ts": TS}
    return {**event, "message": {**before, **now}, "previous_message": before}


EDITED = {"edited": {"user": "U1", "ts": "1772452900.000000"}}
JOINED = {"type": "member_joined_channel", "user": "U1", "channel": "C1", "channel_type": "C", "team": "T1", "event_ts": TS}
NEWCOMER: dict[str, Any] = {"type": "team_join", "user": {"id": "U9", "team_id": "T1", "is_bot": False}, "event_ts": TS}
MEMBERS: dict[str, Any] = {"type": "subteam_members_changed", "subteam_id": "S1", "date_update": 1772452800,
                           "added_users": ["U1", "U2"], "removed_users": ["U3"]}  # fmt: skip

IGNORED = [
    (message(bot_id="B1"), Reason.BOT),
    (message(subtype="bot_message"), Reason.BOT),
    (slack_message("USLACKBOT", TS, "Reminder"), Reason.BOT),
    (message(subtype="channel_join"), Reason.SYSTEM_MESSAGE),
    (message(subtype="channel_topic"), Reason.SYSTEM_MESSAGE),
    (message(channel="D1", channel_type="im"), Reason.DIRECT_MESSAGE),
    (message(channel="G1", channel_type="mpim"), Reason.DIRECT_MESSAGE),
    (message(channel="C9", channel_type="group"), Reason.PRIVATE_CHANNEL),
    (message(channel="C9", channel_type="something new"), Reason.PRIVATE_CHANNEL),
    (slack_reaction("U1", TS, "eyes", TS, item={"type": "file", "file": "F1"}), Reason.UNMAPPED),
    (slack_reaction("U1", TS, "eyes", TS, item={"type": "message", "channel": "D1", "ts": TS}), Reason.DIRECT_MESSAGE),
    (slack_reaction("U1", TS, "eyes", TS, item={"type": "message", "channel": "G1", "ts": TS}), Reason.PRIVATE_CHANNEL),
    (changed(message("Hi"), **EDITED), Reason.UNCHANGED),
    (changed(message("Hi"), text="Hi", attachments=[{}]), Reason.UNCHANGED),
    (changed({**message("Hi"), **EDITED}, text="Hi there"), Reason.UNCHANGED),
    (changed(message("Hi", bot_id="B1"), text="Ho", **EDITED), Reason.BOT),
    ({"type": "message", "subtype": "message_deleted", "channel": "C1", "deleted_ts": TS, "ts": TS,
      "previous_message": {"bot_id": "B1", "ts": TS}}, Reason.BOT),
    ({"type": "pin_added", "user": "U1", "item": {"type": "message"}}, Reason.UNMAPPED),
    ({**JOINED, "channel_type": "G"}, Reason.PRIVATE_CHANNEL),
    ({**JOINED, "channel_type": "something new"}, Reason.PRIVATE_CHANNEL),
    ({**JOINED, "user": "USLACKBOT"}, Reason.BOT),
    ({"type": "app_mention", "user": "U1", "text": "<@U2> hi", "ts": TS, "channel": "C1"}, Reason.TOLD_ALREADY),
    ({"type": "file_shared", "file_id": "F1", "user_id": "U1", "channel_id": "C1", "event_ts": TS}, Reason.TOLD_ALREADY),
    ({"type": "user_huddle_changed", "user": {"id": "U1"}, "event_ts": TS}, Reason.UNMAPPED),
    (message(subtype="message_replied"), Reason.TOLD_ALREADY),
    ({"type": "message", "message": {**message(), "reply_count": 1}, "channel": "C1", "ts": TS}, Reason.TOLD_ALREADY),
    ({**JOINED, "user": "UBOT"}, Reason.BOT),
    (slack_reaction("UBOT", TS, "eyes", TS), Reason.BOT),
    ({"type": "app_rate_limited", "team_id": "T1"}, Reason.RATE_LIMITED),
    (slack_huddle(TS, channels=["D1"]) | {"channel": "D1", "channel_type": "im"}, Reason.DIRECT_MESSAGE),
    ({**slack_star("star_added", TS), "item": {"type": "file", "file_id": "F1"}}, Reason.UNMAPPED),
    ({**slack_star("star_added", TS), "item": {"type": "message", "channel": "D1"}}, Reason.DIRECT_MESSAGE),
    ({**NEWCOMER, "user": {**NEWCOMER["user"], "is_bot": True}}, Reason.BOT),
    ({**MEMBERS, "added_users": [], "removed_users": []}, Reason.UNCHANGED),
    ({"type": ["message"]}, Reason.UNMAPPED),
]  # fmt: skip


@pytest.mark.parametrize(("event", "reason"), IGNORED)
def test_what_is_not_ours_is_ignored_with_its_reason(event: Mapping[str, Any], reason: Reason) -> None:
    reading = heard(event)

    assert reading.ignored == (reason,)
    assert not reading.decided
    assert not reading.undecided


def test_a_private_message_shows_its_channel_to_be_private() -> None:
    assert heard(message(channel="C9", channel_type="group")).closed == ("C9",)


def test_a_group_message_whose_id_begins_like_a_channels_closes_it_to_reactions() -> None:
    closed = heard(message(channel="C9", channel_type="mpim")).closed
    reaction = slack_reaction("U1", TS, "eyes", TS, item={"type": "message", "channel": "C9", "ts": TS})

    assert closed == ("C9",)
    assert heard(reaction, source=replace(SLACK, closed=frozenset(closed))).ignored == (Reason.PRIVATE_CHANNEL,)
    assert heard(message(channel="D1", channel_type="im")).closed == ()


def test_a_group_message_that_was_closed_is_heard_once_direct_messages_are() -> None:
    source = replace(SLACK, closed=frozenset({ChannelId("C9")}), policy=Policy(direct=True))

    assert heard(message(channel="C9", channel_type="mpim"), source=source).decided


def test_a_reaction_in_a_channel_that_is_known_to_be_private_is_ignored() -> None:
    source = replace(SLACK, closed=frozenset({ChannelId("C1")}))

    assert heard(slack_reaction("U1", TS, "eyes", TS), source=source).ignored == (Reason.PRIVATE_CHANNEL,)


def test_only_channels_of_the_allow_list_are_heard() -> None:
    policy = Policy(channels=frozenset({ChannelId("C2")}))

    assert heard(message(), policy).ignored == (Reason.CHANNEL_NOT_ALLOWED,)
    assert heard(message(channel="C2"), policy).decided


@pytest.mark.parametrize(
    ("envelope", "is_heard"),
    [
        ({}, True),
        ({"team_id": "T2", "authorizations": [{"team_id": "T2", "user_id": "UBOT", "is_bot": True}]}, False),
        ({"team_id": "T2", "authorizations": [{"team_id": None, "enterprise_id": "E1", "is_enterprise_install": True}]}, False),
        ({"team_id": "T2"}, True),
        ({"team_id": None, "authorizations": None}, False),
    ],
    ids=["its own", "another's", "of an organisation", "shared with another", "nobody's"],
)
def test_a_source_of_one_workspace_hears_no_other(envelope: Mapping[str, Any], *, is_heard: bool) -> None:
    document = {**slack(message()).document, **envelope}

    assert bool(read(replace(SLACK, options={"team": "T1"}), Delivery({}, document)).decided) is is_heard
    assert read(SLACK, Delivery({}, document)).decided


def test_an_excluded_account_is_not_heard_but_its_thread_is_known() -> None:
    reading = heard(message(), Policy(excluded=account_names("U1")))

    assert reading.ignored == (Reason.EXCLUDED_ACCOUNT,)
    assert [(known.author, known.question) for known in reading.known] == [(None, False)]


def test_text_is_kept_only_if_the_policy_says_so() -> None:
    assert heard(message("How?"), Policy(keeps=Keeps.METADATA)).decided[0].text is None
    assert heard(message("How?"), Policy(keeps=Keeps.TEXT)).decided[0].text == "How?"


def test_the_text_of_a_direct_message_is_never_kept() -> None:
    policy = Policy(direct=True, keeps=Keeps.TEXT)

    (interaction,) = heard(message(channel="D1", channel_type="im"), policy).decided

    assert interaction.text is None


@pytest.mark.parametrize(("text", "kind"), [("How does it work?", Kind.ASK), ("It works.", Kind.POST)])
def test_a_threads_root_with_a_question_mark_asks(text: str, kind: Kind) -> None:
    assert heard(message(text)).decided[0].kind is kind


def test_every_thread_of_a_channel_for_questions_asks() -> None:
    policy = Policy(question_channels=frozenset({ChannelId("C1")}))

    assert heard(message("Help, please"), policy).decided[0].kind is Kind.ASK
    assert (
        heard(slack_message("U2", "1772452860.000200", "So.", thread_ts=TS), policy).undecided[0].interaction.kind is Kind.REPLY
    )


@pytest.mark.parametrize("subtype", ["thread_broadcast", "file_share", "me_message"])
def test_what_people_say_in_other_ways_is_said_too(subtype: str) -> None:
    assert heard(message(subtype=subtype)).decided


def test_a_reply_waits_for_the_root_of_its_thread() -> None:
    (undecided,) = heard(slack_message("U2", "1772452860.000200", "So.", thread_ts=TS)).undecided

    assert (undecided.rule, undecided.target) == (Rule.REPLY, f"C1:{TS}")


@pytest.mark.parametrize("name", ["white_check_mark", "heavy_check_mark"])
def test_an_accepting_reaction_waits_for_its_target(name: str) -> None:
    (undecided,) = heard(slack_reaction("U1", TS, name, "1772452900.000100")).undecided

    assert undecided.rule is Rule.ACCEPTING_REACTION


def test_a_skin_tone_changes_no_reaction() -> None:
    (interaction,) = heard(slack_reaction("U1", TS, "+1::skin-tone-3", "1772452900.000100", "U2")).decided

    assert (interaction.kind, interaction.emoji, interaction.author) == (Kind.REACT, "U+1F44D", "U2")


def test_a_workspaces_own_emoji_keeps_its_name() -> None:
    assert heard(slack_reaction("U1", TS, "party-gopher", TS)).decided[0].emoji == ":party-gopher:"


def test_an_edit_tells_its_revision() -> None:
    (interaction,) = heard(changed(message("Hi"), text="Ho", **EDITED)).decided

    assert (interaction.event, interaction.revision, interaction.text) == (Event.EDITED, "1772452900.000000", "Ho")
    assert interaction.happened == "2026-03-02T12:01:40.000000Z"


def test_an_edit_without_its_previous_version_is_told() -> None:
    event = changed(message("Hi"), text="Ho", **EDITED)
    del event["previous_message"]

    assert heard(event).decided


@pytest.mark.parametrize(
    "event",
    [
        {"type": "message", "channel": "C1", "user": "U1", "text": "no ts"},
        {**message(), "ts": "yesterday"},
        {**message(), "ts": 1772452800.0001},
        {**message(), "user": ""},
        {**message(), "user": {"id": "U1"}},
        {**message(), "user": "U 1\x00"},
        {**message(), "channel": None},
        {**JOINED, "user": None},
        {**JOINED, "event_ts": "soon"},
        {**NEWCOMER, "user": "U9"},
        {**MEMBERS, "date_update": 0},
        {**MEMBERS, "subteam_id": None},
        slack_huddle(TS, created_by=None),
        slack_huddle(TS, date_start="now"),
        slack_huddle(TS, has_ended=True, date_end=2**62),
        {**slack_star("star_added", TS), "user": None},
        slack_reaction("U1", TS, "", TS),
        slack_reaction("U1", TS, "x" * 1000, TS),
    ],
)
def test_what_lacks_what_it_needs_is_incomplete(event: Mapping[str, Any]) -> None:
    with pytest.raises(Incomplete):
        heard(event)


def test_a_warning_that_slack_holds_events_back_is_heard() -> None:
    document = {"type": "app_rate_limited", "team_id": "T1", "minute_rate_limited": 1518467820}

    assert read(SLACK, Delivery({}, document)).ignored == (Reason.RATE_LIMITED,)


def test_who_joins_a_channel_and_leaves_it_is_told() -> None:
    (joined,) = heard(JOINED).decided
    (left,) = heard({**JOINED, "type": "member_left_channel"}).decided

    assert (joined.kind, left.kind) == (Kind.JOIN, Kind.LEAVE)
    assert joined.artefact.iri == "https://acme.slack.com/archives/C1"
    assert [faults(statement_of(each, SLACK)) for each in (joined, left)] == [[], []]


def test_a_private_channel_that_somebody_joins_is_closed_from_then_on() -> None:
    assert heard({**JOINED, "channel_type": "G"}).closed == (ChannelId("C1"),)


def test_a_join_without_a_time_has_that_of_its_envelope() -> None:
    (joined,) = heard({**JOINED, "event_ts": None}).decided

    assert joined.happened == "2026-03-02T12:00:00.000000Z"
