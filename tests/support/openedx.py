"""Open edX as the tests play it: tracking events as they are routed to a backend, and as they are logged."""

from __future__ import annotations

from typing import Any

from services.ingest.domain.source import Keeps, Platform, Policy, Source, SourceId
from tests.support.ingest import SECRET, Sent, as_json

COURSE = "course-v1:Acme+KAFKA101+2026"
OPENEDX = Source(SourceId("campus"), Platform.OPENEDX, "https://lms.acme.example", (SECRET,), Policy(keeps=Keeps.TEXT))


def tracked(name: str, user: int | None, at: str, **data: Any) -> dict[str, Any]:
    """Return an event as event-routing-backends is given it."""
    context = {
        "session": "9be7677aefad3235abeb0241f2bea142",
        "user_id": user,
        "username": f"user{user}",
        "ip": "192.0.2.7",
        "host": "lms.acme.example",
        "agent": "Mozilla/5.0",
        "path": "/api/discussion/v1/threads/",
        "referer": "https://apps.acme.example/",
        "client_id": None,
        "course_id": COURSE,
        "org_id": "Acme",
        "enterprise_uuid": "",
    }
    return {"name": name, "timestamp": f"2026-03-02T{at}.857649+00:00", "data": data, "context": context}


def logged(event: dict[str, Any], source: str = "server") -> dict[str, Any]:
    """Return *event* as a line of the tracking log has it; a browser writes JSON within JSON."""
    context = {name: event["context"][name] for name in ("course_id", "org_id", "path", "user_id")}
    said = as_json(event["data"]).decode() if source == "browser" else event["data"]
    return {
        "username": event["context"]["username"],
        "event_type": event["name"],
        "event_source": source,
        "ip": "192.0.2.7",
        "agent": "Mozilla/5.0",
        "time": event["timestamp"],
        "event": said,
        "context": context,
        "page": None,
    }


def forum(what: str, user: int | None, at: str, name: str, **data: Any) -> dict[str, Any]:
    """Return an event of the forum about the thread, response or comment *name*."""
    roles = {"user_forums_roles": ["Student"], "user_course_roles": []}
    return tracked(f"edx.forum.{what}", user, at, id=name, commentable_id="course", url="", **roles, **data)


def began(user: int, at: str, name: str, title: str, **more: Any) -> dict[str, Any]:
    """Return that a thread was begun."""
    said = {"thread_type": "question", "title": title, "title_truncated": False, "body": f"<p>{title}</p>", "truncated": False}
    hidden = {"anonymous": False, "anonymous_to_peers": False, "group_id": None, "options": {"followed": True}}
    return forum("thread.created", user, at, name, **{**said, **hidden, **more})


def responded(user: int, at: str, name: str, to: str, body: str, **more: Any) -> dict[str, Any]:
    return forum("response.created", user, at, name, discussion={"id": to}, body=body, truncated=False, **more)


def sent(*events: dict[str, Any]) -> Sent:
    """Return a delivery of *events*, as `json_objects_or_lines` reads it."""
    return Sent(OPENEDX, list(events), {"content-type": "application/json"})


def openedx_conversation() -> list[Sent]:
    """A question with its answer, a discussion, acts upon them, a team, a poll, a peer's assessment, and what is taken back."""
    team, unit = {"team_id": "brokers-1", "user_id": 14}, f"block-v1:{COURSE[10:]}+type@vertical+block@1f"
    parts = [{"option": {"points": given}, "criterion": {"points_possible": given + 1}} for given in (2, 1)]
    assessment = {"submission_uuid": "0a1b", "parts": parts, "feedback": "Good."}
    survey = {"url_name": "e4975240", "choices": {"enjoy": "Y", "learn": "N"}}
    marked = {"discussion": {"id": "a1"}, "mark_type": "Answer", "is_thread_author": True, "target_username": "user12"}
    endorsed = {**marked, "mark_type": "Endorse", "is_thread_author": False, "discussion": {"id": "a2"}}
    own, foreign = {"own_content": True, "content_type": "Comment"}, {"own_content": False, "content_type": "Response"}
    return [
        sent(began(11, "12:00:00", "a1", "How do I restart the broker?")),
        sent(responded(12, "12:05:00", "b1", "a1", "<p>Drain it first.</p>")),
        sent(forum("comment.created", 11, "12:06:00", "b2", discussion={"id": "a1"}, response={"id": "b1"}, body="Thanks!")),
        sent(forum("response.mark", 11, "12:07:00", "b1", **marked)),
        sent(forum("response.unmark", 11, "12:08:00", "b1", **marked)),
        sent(
            began(13, "12:10:00", "a2", "What I learnt", thread_type="discussion"),
            responded(11, "12:11:00", "b3", "a2", "Well said."),
            forum("response.mark", 2, "12:12:00", "b3", **endorsed),
        ),
        sent(forum("thread.viewed", 12, "12:13:00", "a2", title="What I learnt"), {"name": "seek_video"}),
        sent(forum("thread.voted", 12, "12:14:00", "a2", vote_value="up", undo_vote=False, target_username="user13")),
        sent(forum("response.voted", 13, "12:15:00", "b1", vote_value="up", undo_vote=True, target_username="user12")),
        sent(forum("thread.followed", 12, "12:16:00", "a2", followed=True)),
        sent(forum("thread.unfollowed", 12, "12:17:00", "a2", followed=False)),
        sent(forum("response.reported", 12, "12:18:00", "b3", content_type="Response", body="…")),
        sent(forum("response.edited", 12, "12:19:00", "b1", **own)),
        sent(forum("comment.deleted", 11, "12:20:00", "b2", **own, body="Thanks!")),
        sent(forum("response.deleted", 2, "12:21:00", "b3", **foreign, body="Well said.")),
        sent(tracked("edx.course.enrollment.activated", 2, "12:22:00", course_id=COURSE, user_id=14, mode="audit")),
        sent(tracked("edx.course.enrollment.deactivated", 14, "12:23:00", course_id=COURSE, user_id=14, mode="audit")),
        sent(tracked("edx.team.learner_added", 14, "12:24:00", **team, add_method="joined_from_team_view")),
        sent(tracked("edx.team.learner_removed", 14, "12:25:00", **team, remove_method="self_removal")),
        sent(logged(tracked("xblock.poll.submitted", 14, "12:26:00", url_name="2d25e451", choice="B"))),
        sent(logged(tracked("xblock.survey.submitted", 14, "12:27:00", **survey))),
        sent(logged(tracked("openassessmentblock.peer_assess", 12, "12:28:00", **assessment))),
        sent(logged(tracked("play_video", 12, "12:29:00", id="0b9e3947", code="hls", currentTime=0), source="browser")),
        sent(tracked("edx.bookmark.added", 12, "12:30:00", component_usage_id=unit, course_id=COURSE)),
        sent(tracked("edx.bookmark.removed", 12, "12:31:00", component_usage_id=unit, course_id=COURSE)),
    ]
