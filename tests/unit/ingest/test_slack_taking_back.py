"""What people of Slack take back."""

from __future__ import annotations

import pytest

from services.ingest.domain.interaction import Kind
from services.ingest.domain.reading import Rule
from tests.support.slack import slack_message
from tests.unit.ingest.test_slack import TS, changed, heard, message


def test_a_thread_whose_root_is_taken_back_becomes_a_tombstone() -> None:
    event = changed(message("How?"), subtype="tombstone", user="USLACKBOT", text="This message was deleted.")

    (interaction,) = heard(event).decided

    assert (interaction.kind, interaction.actor) == (Kind.DELETE, "U1")


def test_a_delete_that_names_nobody_is_told_of_the_author_once_known() -> None:
    event = {"type": "message", "subtype": "message_deleted", "channel": "C1", "deleted_ts": TS, "ts": "1772452900.000100"}

    (undecided,) = heard(event).undecided

    assert undecided.rule is Rule.WITHDRAWAL


@pytest.mark.parametrize("subtype", [[], {}, 7, ""])
def test_a_delete_of_something_odd_is_a_delete(subtype: object) -> None:
    before = slack_message("U1", TS, "Hi", subtype=subtype)

    assert heard({"type": "message", "subtype": "message_deleted", "channel": "C1", "ts": TS, "previous_message": before}).decided


def test_the_delete_of_what_the_system_said_waits_for_what_nobody_said() -> None:
    before = slack_message("U1", TS, "<@U1> has joined the channel", subtype="channel_join")

    reading = heard({"type": "message", "subtype": "message_deleted", "channel": "C1", "ts": TS, "previous_message": before})

    assert not reading.decided
    assert [each.rule for each in reading.undecided] == [Rule.WITHDRAWAL]


def test_a_delete_where_nothing_is_heard_names_neither_person_nor_place() -> None:
    event = {"type": "message", "subtype": "message_deleted", "channel": "D1", "channel_type": "im", "deleted_ts": TS,
             "ts": TS, "previous_message": message()}  # fmt: skip

    (undecided,) = heard(event).undecided

    assert (undecided.interaction.actor, undecided.interaction.place) == ("", None)
