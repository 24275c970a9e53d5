"""What Canvas' live events mean, what of them is not ours, and by what it is known that they are Canvas'."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from services.ingest.connectors.canvas.events import read
from services.ingest.connectors.fields import Incomplete
from services.ingest.domain.interaction import ChannelId, Interaction, Kind
from services.ingest.domain.reading import Delivery, Reading, Reason, Rule
from services.ingest.domain.source import Keeps, Policy
from tests.support.canvas import CANVAS, COURSE, GROUP, SHARD, canvas_conversation, entry, everywhere, live, member, topic
from tests.support.ingest import Ear, account_names, acts, as_json

OPEN = Policy(keeps=Keeps.TEXT)
ASKED = topic("discussion_topic_created", 11, "12:00:00", 21, "How do I restart it?")
PRIVATE = ("Group", GROUP)
COMMENT = live(
    "submission_comment_created", 2, "12:00:00", submission_comment_id="71", submission_id="81", user_id="2", body="Well done."
)
MESSAGE = live("conversation_message_created", 2, "12:00:00", author_id="2", conversation_id="91", message_id="92")


def heard(event: Mapping[str, Any], policy: Policy = OPEN) -> Reading:
    return read(replace(CANVAS, policy=policy), Delivery({}, event))


def told(event: Mapping[str, Any], policy: Policy = OPEN) -> Interaction:
    reading = heard(event, policy)
    (interaction,) = [*reading.decided, *(each.interaction for each in reading.undecided)]
    return interaction


def within(event: Mapping[str, Any], **metadata: Any) -> dict[str, Any]:
    return {**event, "metadata": {**event["metadata"], **metadata}}


def saying(event: Mapping[str, Any], **body: Any) -> dict[str, Any]:
    return {**event, "body": {**event["body"], **body}}


IGNORED = [
    (live("logged_in", 11, "12:00:00"), Reason.UNMAPPED),
    (live("grade_change", 11, "12:00:00"), Reason.UNMAPPED),
    (live("course_completed", 11, "12:00:00"), Reason.UNMAPPED),
    (live("asset_accessed", 11, "12:00:00", asset_type="course", asset_id="1", asset_subtype="quizzes"), Reason.UNMAPPED),
    (live("asset_accessed", 11, "12:00:00", asset_type="discussion_topic", asset_id="1", asset_subtype="x"), Reason.UNMAPPED),
    (saying(ASKED, workflow_state="unpublished"), Reason.UNMAPPED),
    (member("enrollment_created", 14, "12:00:00", "invited", course_id="565"), Reason.UNMAPPED),
    (member("enrollment_updated", 14, "12:00:00", "active", course_id="565"), Reason.UNMAPPED),
    (member("enrollment_created", 14, "12:00:00", "active", course_id="565", type="StudentViewEnrollment"), Reason.BOT),
    (within(ASKED, user_id=None), Reason.ACTOR_UNKNOWN),
    (within(ASKED, real_user_id=everywhere(2)), Reason.ACTOR_UNKNOWN),
    (live("wiki_page_created", 11, "12:00:00", PRIVATE, wiki_page_id="31", title="Notes"), Reason.PRIVATE_CHANNEL),
    (live("attachment_created", 11, "12:00:00", None, attachment_id="41", context_type="User"), Reason.PRIVATE_CHANNEL),
    (COMMENT, Reason.DIRECT_MESSAGE),
    (MESSAGE, Reason.DIRECT_MESSAGE),
    ({"sensor": "http://acme.instructure.com/", "data": [{"type": "MessageEvent"}]}, Reason.UNMAPPED),
    ({"metadata": {"event_name": ["x"]}}, Reason.UNMAPPED),
]


@pytest.mark.parametrize(("event", "reason"), IGNORED)
def test_what_is_not_ours_is_ignored_with_its_reason(event: Mapping[str, Any], reason: Reason) -> None:
    reading = heard(event)

    assert reading.ignored == (reason,)
    assert not reading.decided
    assert not reading.undecided


@pytest.mark.parametrize(
    ("title", "questions", "kind"),
    [("Brokers?", (), Kind.ASK), ("Brokers", (), Kind.POST), ("Brokers", (str(COURSE),), Kind.ASK)],
)
def test_a_topic_asks_by_its_title_or_by_its_course(title: str, questions: tuple[str, ...], kind: Kind) -> None:
    policy = Policy(question_channels=frozenset(map(ChannelId, questions)))

    assert told(saying(ASKED, title=title), policy).kind is kind
    assert told(saying(ASKED, title=title, is_announcement=True), policy).kind is Kind.POST


async def test_an_entry_answers_a_question_that_was_asked_before_it_was_published() -> None:
    ear = Ear()
    draft = saying(ASKED, workflow_state="unpublished")

    await ear.hear(*(replace(canvas_conversation()[0], document=each) for each in (draft, entry(12, "12:05:00", 51, 21, "So."))))

    assert [each[:2] for each in acts(ear.statements())] == [("12", "answered")]


def test_an_entry_below_another_replies_to_it() -> None:
    reply = told(entry(11, "12:06:00", 52, 21, "Ah.", parent_discussion_entry_id="51"))

    assert (reply.kind, reply.parent and reply.parent.iri) == (
        Kind.REPLY,
        "https://acme.instructure.com/courses/565/discussion_topics/21#entry-51",
    )


@pytest.mark.parametrize("written", ["21", 21, everywhere(21), SHARD + 21])
def test_global_and_local_ids_name_the_same(written: object) -> None:
    assert told(saying(ASKED, discussion_topic_id=written)).artefact == told(ASKED).artefact


def test_somebody_of_another_shard_keeps_the_global_id() -> None:
    assert told(within(ASKED, user_id="1234560000000000011")).actor == "1234560000000000011"


def test_an_entry_that_is_handed_in_is_the_same_statement() -> None:
    written = entry(12, "12:05:00", 51, 21, "So.")
    handed_in = {**written, "metadata": {**written["metadata"], "event_name": "discussion_entry_submitted"}}

    assert heard(handed_in) == heard(written)


def test_text_is_kept_without_markup_and_only_if_the_policy_says_so() -> None:
    assert told(ASKED).text == "How do I restart it?"
    assert told(ASKED, Policy()).text is None


@pytest.mark.parametrize("excluded", ["11", "user11"])
def test_an_excluded_account_is_named_by_id_or_login(excluded: str) -> None:
    assert heard(ASKED, Policy(excluded=account_names(excluded))).ignored == (Reason.EXCLUDED_ACCOUNT,)


def test_only_courses_of_the_allow_list_are_heard() -> None:
    assert heard(ASKED, Policy(channels=frozenset({ChannelId("566")}))).ignored == (Reason.CHANNEL_NOT_ALLOWED,)
    assert heard(ASKED, Policy(channels=frozenset({ChannelId("565")}))).decided


def test_groups_are_heard_where_private_channels_are() -> None:
    page = live("wiki_page_created", 11, "12:00:00", PRIVATE, wiki_page_id="31", title="Notes")

    assert told(page, Policy(private=True)).artefact.iri == "https://acme.instructure.com/groups/144/pages/31"


@pytest.mark.parametrize(("event", "kind"), [(COMMENT, Kind.COMMENT), (MESSAGE, Kind.POST)])
def test_what_two_say_to_each_other_is_told_without_text_where_direct_messages_are_heard(
    event: Mapping[str, Any], kind: Kind
) -> None:
    interaction = told(event, Policy(direct=True, keeps=Keeps.TEXT))

    assert (interaction.kind, interaction.actor, interaction.text) == (kind, "2", None)


@pytest.mark.parametrize(
    "event",
    [
        topic("discussion_topic_updated", 2, "12:09:00", 21, "How?", workflow_state="deleted"),
        live("wiki_page_deleted", 12, "12:14:00", wiki_page_id="31"),
        live("attachment_deleted", 12, "12:16:00", attachment_id="41"),
    ],
)
def test_a_delete_is_always_heard(event: Mapping[str, Any]) -> None:
    assert [each.kind for each in heard(event).decided] == [Kind.DELETE]
    (undecided,) = heard(event, Policy(channels=frozenset({ChannelId("566")}))).undecided
    assert (undecided.rule, undecided.interaction.place) == (Rule.WITHDRAWAL, None)


async def test_no_address_of_a_persons_computer_is_in_any_statement() -> None:
    ear = Ear()

    await ear.hear(*canvas_conversation())

    assert len(ear.statements()) == 17
    assert b"192.0.2.7" not in as_json(ear.statements())


@pytest.mark.parametrize(
    "change",
    [
        {"discussion_topic_id": None},
        {"discussion_topic_id": "0"},
        {"discussion_topic_id": "-1"},
        {"discussion_topic_id": "9" * 20},
        {"discussion_topic_id": True},
        {"discussion_topic_id": "٣"},
    ],
)
def test_what_lacks_what_it_needs_is_incomplete(change: Mapping[str, Any]) -> None:
    with pytest.raises(Incomplete):
        heard(saying(ASKED, **change))


def test_an_event_without_a_time_is_incomplete() -> None:
    with pytest.raises(Incomplete):
        heard(within(ASKED, event_time="yesterday"))


async def listened(*documents: Mapping[str, Any]) -> Ear:
    ear = Ear()
    await ear.hear(*(replace(canvas_conversation()[0], document=each) for each in documents))
    return ear


HIDDEN = topic("discussion_topic_updated", 2, "12:09:00", 21, "How?", workflow_state="unpublished")


async def test_a_topic_that_is_unpublished_is_redacted_with_its_entries() -> None:
    ear = await listened(ASKED, entry(12, "12:05:00", 51, 21, "So."), HIDDEN)

    hidden, board = ear.statements()[-1], "https://acme.instructure.com/courses/565/discussion_topics/21"
    assert set(ear.received()[-1].redacts) == {board, f"{board}#entry-51"}
    assert (hidden["verb"]["id"].rpartition("/")[2], hidden["actor"]["account"]["name"]) == ("remove", "2")


async def test_a_draft_is_redacted_only_if_it_was_published_between() -> None:
    draft = saying(ASKED, workflow_state="unpublished")
    published = topic("discussion_topic_updated", 11, "12:03:00", 21, "How?")

    never, once = await listened(draft, HIDDEN), await listened(draft, published, HIDDEN)

    assert never.statements() == []
    assert [each["verb"]["id"].rpartition("/")[2] for each in once.statements()] == ["edited", "remove"]
