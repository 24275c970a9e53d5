"""What Open edX's tracking events mean, and what of them is not ours."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from services.ingest.connectors.openedx import VERIFY
from services.ingest.connectors.openedx.events import read
from services.ingest.connectors.registry import HOOKS
from services.ingest.domain.interaction import ChannelId, Interaction, Kind
from services.ingest.domain.reading import Delivery, Reading, Reason, Rule
from services.ingest.domain.source import Keeps, Platform, Policy
from services.ingest.verifiers import Message, Verdict
from shared.xapi.guard import Limits, Malformed
from tests.support.ingest import NOW, SECRET, Ear, account_names, acts, as_json
from tests.support.openedx import COURSE, OPENEDX, began, forum, logged, openedx_conversation, responded, sent, tracked

OPEN = Policy(keeps=Keeps.TEXT)
ASKED = began(11, "12:00:00", "a1", "How do I restart it?")
DELETED = forum("thread.deleted", 11, "12:09:00", "a1", own_content=True)


def heard(*events: Mapping[str, Any], policy: Policy = OPEN) -> Reading:
    return read(replace(OPENEDX, policy=policy), Delivery({}, list(events)))


def told(event: Mapping[str, Any], policy: Policy = OPEN) -> Interaction:
    reading = heard(event, policy=policy)
    (interaction,) = [*reading.decided, *(each.interaction for each in reading.undecided)]
    return interaction


def within(event: Mapping[str, Any], **context: Any) -> dict[str, Any]:
    return {**event, "context": {**event["context"], **context}}


def saying(event: Mapping[str, Any], **data: Any) -> dict[str, Any]:
    return {**event, "data": {**event["data"], **data}}


IGNORED = [
    (tracked("seek_video", 11, "12:00:00", id="v1"), Reason.UNMAPPED),
    (tracked("problem_check", 11, "12:00:00"), Reason.UNMAPPED),
    (forum("thread.locked", 2, "12:00:00", "a1"), Reason.UNMAPPED),
    (tracked("edx.forum.searched", 11, "12:00:00", query="broker"), Reason.UNMAPPED),
    (forum("response.mark", 2, "12:00:00", "b1", mark_type="Else"), Reason.UNMAPPED),
    (logged(ASKED, source="browser"), Reason.UNMAPPED),
    (logged(ASKED, source="mobile"), Reason.UNMAPPED),
    (within(ASKED, user_id=None), Reason.ACTOR_UNKNOWN),
    (within(ASKED, user_id=""), Reason.ACTOR_UNKNOWN),
    (saying(ASKED, team_id="brokers-1"), Reason.PRIVATE_CHANNEL),
    (saying(ASKED, anonymous=True), Reason.ACTOR_UNKNOWN),
    (responded(12, "12:05:00", "b1", "a1", "So.", anonymous_to_peers=True), Reason.ACTOR_UNKNOWN),
    (saying(ASKED, id=None), Reason.INCOMPLETE),
    (within(ASKED, course_id="course v1"), Reason.INCOMPLETE),
    ({**ASKED, "timestamp": "yesterday"}, Reason.INCOMPLETE),
    ({**logged(ASKED), "event": "{"}, Reason.INCOMPLETE),
    (tracked("xblock.poll.submitted", 14, "12:00:00", url_name="2d25e451"), Reason.INCOMPLETE),
    (tracked("openassessmentblock.peer_assess", 12, "12:00:00", submission_uuid="0a1b", parts=[]), Reason.INCOMPLETE),
    ({}, Reason.UNMAPPED),
    ({"name": ["edx.forum.thread.created"]}, Reason.UNMAPPED),
]


@pytest.mark.parametrize(("event", "reason"), IGNORED)
def test_what_is_not_ours_is_ignored_with_its_reason(event: Mapping[str, Any], reason: Reason) -> None:
    reading = heard(event)

    assert reading.ignored == (reason,)
    assert not reading.decided
    assert not reading.undecided


def test_of_a_batch_whatever_is_whole_is_told() -> None:
    reading = heard(saying(ASKED, id=None), ASKED, {"name": "page_close"})

    assert [each.kind for each in reading.decided] == [Kind.ASK]
    assert reading.ignored == (Reason.INCOMPLETE, Reason.UNMAPPED)


def test_an_event_as_it_is_logged_tells_the_same_as_one_that_is_routed() -> None:
    assert heard(logged(ASKED)) == heard(ASKED)


@pytest.mark.parametrize(
    ("thread_type", "title", "questions", "kind"),
    [
        ("question", "Brokers", (), Kind.ASK),
        ("discussion", "Brokers?", (), Kind.ASK),
        ("discussion", "Brokers", (), Kind.POST),
        ("discussion", "Brokers", (COURSE,), Kind.ASK),
    ],
)
def test_a_thread_asks_by_its_type_by_its_title_or_by_its_course(
    thread_type: str, title: str, questions: tuple[str, ...], kind: Kind
) -> None:
    policy = Policy(question_channels=frozenset(map(ChannelId, questions)))

    assert told(saying(ASKED, thread_type=thread_type, title=title), policy).kind is kind


def test_a_response_may_answer_and_a_comment_on_it_replies() -> None:
    (response,) = heard(responded(12, "12:05:00", "b1", "a1", "So.")).undecided
    comment = told(forum("comment.created", 11, "12:06:00", "b2", discussion={"id": "a1"}, response={"id": "b1"}, body="Ah."))

    assert (response.rule, response.target) == (Rule.REPLY, "threads/a1")
    assert (comment.kind, comment.parent and comment.parent.native) == (Kind.REPLY, "comments/b1")


@pytest.mark.parametrize(("body", "text"), [("<p>It <b>hangs</b>.</p>", "It hangs."), ("It *hangs* <so>", "It *hangs* <so>")])
def test_text_is_kept_without_markup_and_only_if_the_policy_says_so(body: str, text: str) -> None:
    assert told(saying(ASKED, body=body)).text == text
    assert told(saying(ASKED, body=body), Policy()).text is None


def test_things_have_the_addresses_that_open_edxs_own_xapi_gives_them() -> None:
    asked = told(ASKED)
    poll = told(tracked("xblock.poll.submitted", 14, "12:00:00", url_name="2d25", choice="B"))

    assert asked.artefact.iri == "https://lms.acme.example/api/discussion/v1/threads/a1"
    assert asked.place is not None
    assert asked.place.iri == f"https://lms.acme.example/course/{COURSE}"
    assert poll.artefact.iri == "https://lms.acme.example/xblock/block-v1:Acme+KAFKA101+2026+type@poll+block@2d25"


def test_a_course_of_the_old_kind_is_named_too() -> None:
    video = told(within(tracked("play_video", 12, "12:00:00", id="v1"), course_id="edX/Demo/2013"))

    assert video.artefact.iri == "https://lms.acme.example/xblock/edX/Demo/2013/video/v1"


def test_a_block_of_a_coachs_own_course_is_named_as_open_edx_names_it() -> None:
    video = told(within(tracked("play_video", 12, "12:00:00", id="v1"), course_id="ccx-v1:edX+Demo+2013+ccx@1"))

    assert video.artefact.iri == "https://lms.acme.example/xblock/ccx-block-v1:edX+Demo+2013+ccx@1+type@video+block@v1"


def test_words_that_were_chosen_are_not_told() -> None:
    survey = tracked("xblock.survey.submitted", 14, "12:00:00", url_name="e4", choices={"Did you like it?": "Y", "learn": 7})

    (chosen,) = told(survey).chosen
    assert chosen.endswith(".Y")
    assert "like" not in chosen


def test_a_peers_points_are_a_rating() -> None:
    parts = [
        {"option": {"points": 2}, "criterion": {"points_possible": 3}},
        {"option": {"points": 1}, "criterion": {"points_possible": 2}},
        {"option": None, "criterion": {"points_possible": 0}, "feedback": "Well argued."},
    ]
    rating = told(tracked("openassessmentblock.peer_assess", 12, "12:00:00", submission_uuid="0a1b", parts=parts)).rating

    assert rating is not None
    assert (rating.given, rating.lowest, rating.highest) == (3, 0, 5)


def test_whoever_is_added_joins_not_who_adds() -> None:
    joined = told(tracked("edx.team.learner_added", 2, "12:00:00", team_id="brokers-1", user_id=14))

    assert (joined.kind, joined.actor) == (Kind.JOIN, "14")


@pytest.mark.parametrize("by", ["", 2], ids=["a task", "staff who are not heard"])
def test_whoever_is_enrolled_joins_though_it_was_done_by_nobody_who_is_heard(by: object) -> None:
    enrolled = tracked(
        "edx.course.enrollment.activated", 2, "12:00:00", course_id=COURSE, user_id=14, username="user14", mode="audit"
    )
    enrolled["context"] |= {"user_id": by, "username": "user2" if by else ""}

    joined = heard(enrolled, policy=Policy(excluded=account_names("2")))

    assert [(each.kind, each.actor) for each in joined.decided] == [(Kind.JOIN, "14")]


@pytest.mark.parametrize("excluded", ["14", "user14"])
def test_an_excluded_account_does_not_join_either(excluded: str) -> None:
    enrolled = tracked("edx.course.enrollment.activated", 2, "12:00:00", course_id=COURSE, user_id=14, username="user14")

    assert heard(enrolled, policy=Policy(excluded=account_names(excluded))).ignored == (Reason.EXCLUDED_ACCOUNT,)


@pytest.mark.parametrize("excluded", ["11", "user11"])
def test_an_excluded_account_is_named_by_id_or_user_name(excluded: str) -> None:
    assert heard(ASKED, policy=Policy(excluded=account_names(excluded))).ignored == (Reason.EXCLUDED_ACCOUNT,)


def test_only_courses_of_the_allow_list_are_heard() -> None:
    assert heard(ASKED, policy=Policy(channels=frozenset({ChannelId("course-v1:Else+X+1")}))).ignored == (
        Reason.CHANNEL_NOT_ALLOWED,
    )
    assert heard(ASKED, policy=Policy(channels=frozenset({ChannelId(COURSE)}))).decided


def test_what_teams_say_is_heard_where_private_channels_are() -> None:
    assert heard(saying(ASKED, team_id="brokers-1"), policy=Policy(private=True)).decided


@pytest.mark.parametrize("policy", [OPEN, Policy(channels=frozenset({ChannelId("course-v1:Else+X+1")}))])
def test_a_delete_is_always_heard(policy: Policy) -> None:
    (undecided,) = heard(DELETED, policy=policy).undecided

    assert (undecided.rule, undecided.interaction.kind) == (Rule.WITHDRAWAL, Kind.DELETE)


async def test_nothing_that_an_anonymous_author_does_later_names_him() -> None:
    ear, hidden = Ear(), saying(ASKED, anonymous=True)
    marked = {"discussion": {"id": "a1"}, "mark_type": "Answer", "is_thread_author": True}

    await ear.hear(
        sent(hidden),
        sent(responded(12, "12:05:00", "b1", "a1", "So.")),
        sent(forum("response.mark", 11, "12:07:00", "b1", **marked)),
        sent(forum("thread.edited", 11, "12:08:00", "a1", own_content=True)),
        sent(DELETED),
    )

    assert [each[:2] for each in acts(ear.statements())] == [("12", "answered")]


async def test_who_follows_and_sees_what_is_anonymous_is_not_told_since_its_author_does_so_at_once() -> None:
    ear, acts_of_hers = Ear(), [forum(f"thread.{act}", 11, "12:00:00", "a1") for act in ("followed", "viewed", "unfollowed")]

    await ear.hear(*map(sent, acts_of_hers), sent(saying(ASKED, anonymous_to_peers=True)))
    ear.now += timedelta(seconds=61)
    await ear.sweep(OPENEDX)

    assert ear.statements() == []
    assert not ear.store.pending


async def test_who_follows_a_thread_that_was_begun_before_we_heard_is_told() -> None:
    ear = Ear()

    await ear.hear(sent(forum("thread.followed", 11, "12:00:00", "a1")))
    ear.now += timedelta(seconds=61)
    await ear.sweep(OPENEDX)

    assert [each[:2] for each in acts(ear.statements())] == [("11", "follow")]


async def test_no_address_of_a_learners_computer_is_in_any_statement() -> None:
    ear = Ear()

    await ear.hear(*openedx_conversation())

    assert len(ear.statements()) > 20
    assert b"192.0.2.7" not in as_json(ear.statements())


BASIC = base64.b64encode(b"symposia:" + SECRET).decode()


@pytest.mark.parametrize(
    ("authorization", "verdict"),
    [
        (f"Bearer {SECRET.decode()}", Verdict.GENUINE),
        (f"Basic {BASIC}", Verdict.GENUINE),
        (f"basic {BASIC}", Verdict.GENUINE),
        (f"Basic {base64.b64encode(b'symposia:else').decode()}", Verdict.FORGED),
        (f"Basic {base64.b64encode(SECRET).decode()}", Verdict.UNSIGNED),
        ("Basic é", Verdict.UNSIGNED),
        ("Basic AAAA====", Verdict.UNSIGNED),
        (f"Basic {base64.b64encode(b'a:' + bytes([255])).decode()}", Verdict.UNSIGNED),
        ("Digest x", Verdict.UNSIGNED),
    ],
)
def test_the_secret_is_a_bearer_token_or_a_password(authorization: str, verdict: Verdict) -> None:
    assert VERIFY(Message({"authorization": authorization}, b"[]"), [SECRET], NOW) is verdict


def parsed(body: bytes, kind: str = "application/json") -> Any:
    return HOOKS[Platform.OPENEDX].parse(Message({"content-type": kind}, body), Limits(size=1000, nodes=10))


def test_a_delivery_is_one_event_an_array_or_lines() -> None:
    assert parsed(b'{"a":1}') == [{"a": 1}]
    assert parsed(b'[{"a":1},{"b":2}]') == [{"a": 1}, {"b": 2}]
    assert parsed(b'{"a":1}\n\n{"b":2}\r\n', "application/x-ndjson; charset=utf-8") == [{"a": 1}, {"b": 2}]


@pytest.mark.parametrize("body", [b"[1]", b'"a"', b"", b'{"a":1}\n{'])
@pytest.mark.parametrize("kind", ["application/json", "application/x-ndjson"])
def test_what_is_neither_is_malformed(body: bytes, kind: str) -> None:
    if body or kind == "application/json":
        with pytest.raises(Malformed):
            parsed(body, kind)


def test_more_lines_than_values_are_allowed_are_malformed() -> None:
    with pytest.raises(Malformed):
        parsed(b"{}\n" * 11, "application/x-ndjson")
