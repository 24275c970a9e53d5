"""What Slack tells beside words: mentions, files, huddles, stars, who comes and goes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from services.ingest.domain.interaction import ChannelId, Kind
from services.ingest.domain.mapping import statement_of
from services.ingest.domain.reading import Reading, Reason, Rule
from services.ingest.domain.source import Policy, State
from tests.support.asides import slack_huddle, slack_star
from tests.support.ingest import Ear, account_names
from tests.support.profile import faults
from tests.support.slack import SLACK, slack, slack_message
from tests.unit.ingest.test_slack import MEMBERS, NEWCOMER, TS, changed, heard, message


def told(reading: Reading) -> list[tuple[Kind, str, str]]:
    """Return kind, actor and object of what is told, each of which follows its template."""
    assert [faults(statement_of(each, SLACK)) for each in reading.decided] == [[] for _ in reading.decided]
    return [(each.kind, each.actor, each.artefact.iri) for each in reading.decided]


ROOM = "https://acme.slack.com/archives/C1/p1772452800000100"


def test_a_message_tells_whom_it_mentions_but_for_its_author_and_who_is_excluded() -> None:
    event = message("<@U1>, <@U2|bea> and <@U2> and <@U3>: see <!here> <#C2>")

    reading = heard(event, Policy(excluded=account_names("U3")))

    assert [(each.kind, each.person, each.text) for each in reading.decided[1:]] == [(Kind.MENTION, "U2", None)]


def test_mentions_of_a_reply_do_not_wait_for_its_root() -> None:
    reading = heard(slack_message("U2", "1772452860.000200", "<@U1> So.", thread_ts=TS))

    assert [each.kind for each in reading.decided] == [Kind.MENTION]
    assert [each.rule for each in reading.undecided] == [Rule.REPLY]


def test_files_of_a_message_are_attached_to_it() -> None:
    files = [{"id": "F1", "user": "U1"}, {"id": "F2", "user": "U2"}, {"id": None}]

    reading = heard(message("See.", subtype="file_share", files=files))

    assert told(reading) == [
        (Kind.POST, "U1", ROOM),
        (Kind.ATTACH, "U1", "https://acme.slack.com/files/U1/F1"),
        (Kind.ATTACH, "U1", "https://acme.slack.com/files/U2/F2"),
    ]


SECTION = [
    {"type": "text", "text": "How do I stop "}, {"type": "text", "text": "a < b?", "style": {"code": True}},
    {"type": "emoji", "name": "tada"}, {"type": "user", "user_id": "U2"}, {"type": "channel", "channel_id": "C2"},
    {"type": "broadcast", "range": "here"}, {"type": "link", "url": "https://a.example/", "text": "this"}, {"type": "color"},
    None,
]  # fmt: skip
LIST = {"type": "rich_text_list", "elements": [{"type": "rich_text_section", "elements": [{"type": "text", "text": "one"}]}] * 2}
CODE = {"type": "rich_text_preformatted", "elements": [{"type": "text", "text": "x ? y"}]}


def test_what_stands_in_blocks_alone_is_what_a_message_says() -> None:
    rich = {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": SECTION}, LIST, CODE]}
    section = {"type": "section", "text": {"type": "mrkdwn", "text": "See <https://b.example/>."}}

    reading = heard(message("", blocks=[rich, {"type": "divider"}, section]))

    assert reading.decided[0].text == (
        "How do I stop `a < b?`:tada:@U2#C2@herethis https://a.example/\none\none\n```x ? y```\nSee https://b.example/."
    )
    assert [(each.kind, each.person) for each in reading.decided] == [(Kind.POST, None), (Kind.MENTION, "U2")]


def test_blocks_add_nothing_to_a_message_that_has_its_text() -> None:
    assert (
        heard(message("See.", blocks=[{"type": "section", "text": {"type": "mrkdwn", "text": "Other."}}])).decided[0].text
        == "See."
    )


def test_a_file_of_the_time_before_there_were_several_is_attached() -> None:
    reading = heard(message("See.", subtype="file_share", file={"id": "F1", "user": "U1"}))

    assert told(reading)[1:] == [(Kind.ATTACH, "U1", "https://acme.slack.com/files/U1/F1")]


def shared(channel: str, author: str = "U2", **more: Any) -> dict[str, Any]:
    """Return a message that is shared, as an attachment of the one that shares it."""
    return {"is_share": True, "channel_id": channel, "ts": "1772452000.000100", "author_id": author, "text": "Drain it.", **more}


def test_a_message_that_is_shared_is_told_but_not_from_where_nobody_is_heard() -> None:
    elsewhere = [shared("C3"), shared("D1"), shared("G1"), shared("C4", private_channel_prompt=True)]
    attached = [shared("C2"), *elsewhere, shared("C2", is_share=False), shared("C2", ts="?")]

    reading = heard(message("Worth reading", attachments=attached), source=replace(SLACK, closed=frozenset({ChannelId("C3")})))

    assert told(reading)[1:] == [(Kind.SHARE, "U1", "https://acme.slack.com/archives/C2/p1772452000000100")]
    assert [each.author for each in reading.decided[1:]] == ["U2"]
    assert "Drain" not in str(reading)


@pytest.mark.parametrize("subtype", ["huddle_thread", "sh_room_created"])
def test_a_call_of_old_is_a_session_too(subtype: str) -> None:
    assert told(heard({**slack_huddle(TS), "subtype": subtype})) == [(Kind.START, "U1", ROOM)]


def test_a_huddle_is_a_session_that_its_host_starts() -> None:
    assert told(heard(slack_huddle(TS))) == [(Kind.START, "U1", ROOM)]


def test_a_huddle_that_is_over_tells_how_long_it_was_and_who_was_there() -> None:
    over = slack_huddle(TS, has_ended=True, date_end=1772453400)

    reading = heard(changed(slack_huddle(TS), **over))

    assert told(reading) == [(Kind.START, "U1", ROOM), (Kind.END, "U1", ROOM), (Kind.JOIN, "U1", ROOM), (Kind.JOIN, "U2", ROOM)]
    assert reading.decided[1].seconds == 600
    assert reading.decided[0] == heard(slack_huddle(TS)).decided[0]


@pytest.mark.parametrize("kind", ["channel_deleted", "group_deleted"])
@pytest.mark.parametrize("state", State)
async def test_what_was_said_in_a_channel_goes_with_it(kind: str, state: State) -> None:
    ear, other = Ear(), {**message("Elsewhere?"), "channel": "C10"}
    reply = slack_message("U2", "1772452860.000200", "So.", thread_ts=TS)
    deleted = slack({"type": kind, "channel": "C1", "event_ts": "1772453000.000100"}, replace(SLACK, state=state))

    await ear.hear(slack(message("How?")), slack(reply), slack(other), deleted)

    assert [each.redacts for each in ear.received() if each.redacts] == [(ROOM, f"{ROOM[:-16]}1772452860000200")]
    assert heard({"type": kind, "channel": "C1"}).closed == ("C1",)


@pytest.mark.parametrize(("kind", "expected"), [("star_added", Kind.BOOKMARK), ("star_removed", Kind.UNBOOKMARK)])
def test_a_star_bookmarks_a_message(kind: str, expected: Kind) -> None:
    assert told(heard(slack_star(kind, TS))) == [(expected, "U1", ROOM)]


def test_who_comes_to_the_workspace_joins_it() -> None:
    assert told(heard(NEWCOMER)) == [(Kind.JOIN, "U9", "https://acme.slack.com")]


def test_a_user_group_is_joined_and_left() -> None:
    group = "https://acme.slack.com/usergroups/S1"

    assert told(heard(MEMBERS)) == [(Kind.JOIN, "U1", group), (Kind.JOIN, "U2", group), (Kind.LEAVE, "U3", group)]


@pytest.mark.parametrize("event", [NEWCOMER, MEMBERS])
def test_what_belongs_to_no_channel_is_not_heard_where_channels_are_named(event: Mapping[str, Any]) -> None:
    assert heard(event, Policy(channels=frozenset({ChannelId("C1")}))).ignored == (Reason.CHANNEL_NOT_ALLOWED,)


def test_what_looks_like_a_mention_in_the_label_of_a_link_is_none() -> None:
    link = {"type": "link", "url": "https://acme.example/?a=1&b=2", "text": "<@UVICTIM> & <!channel>"}
    rich = {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": [link]}]}

    (said,) = heard(message("", blocks=[rich])).decided

    assert said.text == "<@UVICTIM> & <!channel> https://acme.example/?a=1&b=2"
