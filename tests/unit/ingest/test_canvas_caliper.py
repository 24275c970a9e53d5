"""Canvas' Live Events in the Caliper format: the same statements as of its own."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from services.ingest.connectors.canvas.events import read
from services.ingest.domain.interaction import Interaction, Kind
from services.ingest.domain.reading import Delivery, Reading, Reason
from services.ingest.domain.source import Policy, Source
from tests.support.caliper import ENROLMENT, ENTRY, FILE, PAGE, TOPIC, URN, VIEWED, caliper, envelope, thing
from tests.support.canvas import CANVAS, COURSE, GROUP, everywhere, live, member, sent, topic
from tests.support.ingest import Ear, acts


def heard(document: Any, source: Source = CANVAS) -> Reading:
    return read(source, Delivery({}, document))


def told(reading: Reading) -> list[Interaction]:
    return [*reading.decided, *(each.interaction for each in reading.undecided)]


@pytest.mark.parametrize(
    ("event", "own"),
    [
        (caliper(12, "Posted", "12:05:00", ENTRY), live(
            "discussion_entry_created", 12, "12:05:00", discussion_entry_id=everywhere(51), discussion_topic_id=everywhere(21),
            text="<p>Drain it first.</p>")),
        (caliper(12, "Created", "12:12:00", PAGE), live(
            "wiki_page_created", 12, "12:12:00", wiki_page_id=everywhere(31), title="Runbook", body="<p>Drain.</p>")),
        (caliper(13, "Modified", "12:13:00", PAGE), live(
            "wiki_page_updated", 13, "12:13:00", wiki_page_id=everywhere(31), title="Runbook", body="<p>Drain.</p>")),
        (caliper(12, "Deleted", "12:14:00", PAGE), live("wiki_page_deleted", 12, "12:14:00", wiki_page_id=everywhere(31))),
        (caliper(12, "Created", "12:15:00", FILE), live("attachment_created", 12, "12:15:00", attachment_id=everywhere(41))),
        (caliper(13, "NavigatedTo", "12:11:00", VIEWED), live(
            "asset_accessed", 13, "12:11:00", asset_type="wiki_page", asset_id=everywhere(31))),
        (caliper(2, "Created", "12:17:00", ENROLMENT), member(
            "enrollment_created", 14, "12:17:00", "active", course_id=everywhere(COURSE), created_at="2026-03-02T12:17:00Z")),
    ],
)  # fmt: skip
def test_an_event_is_the_same_in_either_format(event: dict[str, Any], own: dict[str, Any]) -> None:
    assert heard(envelope(event)) == heard(own)


def test_a_topic_is_told_without_its_text_which_caliper_leaves_out() -> None:
    (asked,) = told(heard(envelope(caliper(11, "Created", "12:00:00", TOPIC))))
    written = topic("discussion_topic_created", 11, "12:00:00", 21, "How do I restart the broker?")
    (own,) = told(heard({**written, "body": {**written["body"], "body": None}}))

    assert asked == own
    assert (asked.kind, asked.text) == (Kind.ASK, None)


def test_an_entry_below_another_replies_to_that() -> None:
    below = {**ENTRY, "replyTo": {"id": f"{URN}:discussionEntry:50"}}

    (reply,) = told(heard(envelope(caliper(12, "Posted", "12:05:00", below))))

    assert reply.parent is not None
    assert reply.parent.native == "entries/50"


def test_whoever_is_put_into_a_group_joins_it_where_groups_are_heard() -> None:
    joins = {"member": {"id": f"{URN}:user:{everywhere(14)}"}, "organization": {"id": f"{URN}:group:{everywhere(GROUP)}"}}

    reading = heard(envelope(caliper(2, "Created", "12:19:00", thing("groupMembership", 71, **joins), None)))

    assert reading.ignored == (Reason.PRIVATE_CHANNEL,)


def test_whoever_is_taken_out_of_a_group_leaves_it() -> None:
    left = {"member": {"id": f"{URN}:user:{everywhere(14)}"}, "organization": {"id": f"{URN}:group:{everywhere(GROUP)}"}}
    gone = thing("groupMembership", 71, own={"workflow_state": "deleted"}, **left)

    reading = heard(envelope(caliper(2, "Modified", "12:19:00", gone, None)), replace(CANVAS, policy=Policy(private=True)))

    assert [(each.kind, each.actor) for each in reading.decided] == [(Kind.LEAVE, "14")]


def test_what_is_of_no_kind_that_is_heard_harms_no_other() -> None:
    quiz = caliper(11, "Created", "12:00:00", thing("quiz", 1))

    reading = heard(envelope(quiz, {"action": "Created"}, None, caliper(11, "Created", "12:00:00", TOPIC)))

    assert reading.ignored == (Reason.UNMAPPED,) * 3
    assert [each.kind for each in told(reading)] == [Kind.ASK]


def test_the_system_is_nobody() -> None:
    event = caliper(11, "Created", "12:00:00", TOPIC)
    event["actor"] = {"id": "http://acme.instructure.com/", "type": "SoftwareApplication"}

    assert heard(envelope(event)).ignored == (Reason.ACTOR_UNKNOWN,)


async def test_whoever_was_invited_joins_once_when_accepting() -> None:
    course: dict[str, Any] = {"course_id": everywhere(COURSE), "type": "StudentEnrollment", "created_at": "2026-03-01T08:00:00Z"}
    ear = Ear()

    await ear.hear(
        sent(member("enrollment_created", 14, "12:00:00", "invited", **course)),
        sent(member("enrollment_updated", 14, "12:01:00", "active", **course)),
        sent(member("enrollment_updated", 14, "12:02:00", "active", **course)),
    )

    assert {each[:2] for each in acts(ear.statements())} == {("14", "join")}
    assert len(ear.told()) == 1
