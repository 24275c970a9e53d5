"""GitHub as the tests play it: deliveries as its webhooks shape them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from services.ingest.connectors.times import UUID_EPOCH
from services.ingest.domain.source import Keeps, Platform, Policy, Source, SourceId
from tests.support.ingest import SECRET, Sent

GITHUB = Source(SourceId("code"), Platform.GITHUB, "https://github.com", (SECRET,), Policy(keeps=Keeps.TEXT))
REPOSITORY = {
    "id": 501,
    "full_name": "acme/handbook",
    "private": False,
    "visibility": "public",
    "updated_at": "2026-03-02T12:00:00Z",
}
ACME = {"id": 9, "login": "acme"}
QUESTIONS = {"id": 7, "name": "Q&A", "slug": "q-a", "is_answerable": True}


def person(name: int, kind: str = "User") -> dict[str, Any]:
    return {"id": name, "login": f"user{name}", "type": kind}


def delivery_id(at: str) -> str:
    """Return the id of a delivery that GitHub makes at *at*."""
    ticks = (datetime.fromisoformat(at) - UUID_EPOCH) // timedelta(microseconds=1) * 10
    parts = (ticks & 0xFFFFFFFF, ticks >> 32 & 0xFFFF, ticks >> 48 & 0x0FFF | 1 << 12, 0x80, 0x01, 0x16)
    return str(UUID(fields=parts))


def github(event: str, action: str, sender: int, at: str, source: Source = GITHUB, **said: Any) -> Sent:
    """Return a delivery of *event*, which GitHub noticed at *at* (a time of the day)."""
    document = {"action": action, **said, "repository": REPOSITORY, "sender": person(sender)}
    headers = {"x-github-event": event, "x-github-delivery": delivery_id(f"2026-03-02T{at}Z")}
    return Sent(source, document, headers)


def topic(number: int, author: int, title: str, at: str, **more: Any) -> dict[str, Any]:
    """Return a discussion or an issue."""
    moment = f"2026-03-02T{at}Z"
    made = {"id": 8000 + number, "number": number, "title": title, "user": person(author), "body": f"{title} Really."}
    return {**made, "created_at": moment, "updated_at": moment, "answer_chosen_at": None, "answer_chosen_by": None, **more}


def comment(name: int, author: int, body: str, at: str, **more: Any) -> dict[str, Any]:
    """Return a comment."""
    moment = f"2026-03-02T{at}Z"
    return {"id": name, "user": person(author), "body": body, "created_at": moment, "updated_at": moment, **more}


def edit(thing: Mapping[str, Any], at: str, **now: Any) -> dict[str, Any]:
    """Return what a delivery says of an edit: the comment as it is now, and what changed."""
    changed = {name: {"from": thing[name]} for name in now}
    return {"changes": changed, "comment": {**thing, **now, "updated_at": f"2026-03-02T{at}Z"}}


def github_conversation() -> list[Sent]:
    """A question, answers, one of them chosen; an issue, a review, a wiki page; who stars, joins and takes back."""
    asked = topic(4, 11, "How do I restart the broker?", "12:00:00", category=QUESTIONS)
    answer = comment(41, 12, "Drain it first.", "12:05:00", parent_id=None)
    remark = comment(42, 11, "That works!", "12:10:00", parent_id=41)
    better = edit(answer, "12:06:00", body="Drain it first, please.")
    mended = better["comment"]
    chosen = {**asked, "answer_chosen_at": "2026-03-02T12:12:00Z", "answer_chosen_by": person(11)}
    issue = topic(5, 12, "The runbook is wrong", "12:20:00")
    change = topic(6, 12, "Mend the runbook", "12:30:00")
    review = {"id": 61, "user": person(13), "body": "Well said.", "submitted_at": "2026-03-02T12:31:00Z", "state": "commented"}
    line = comment(62, 13, "Typo here.", "12:32:00", path="runbook.md")
    page = {"page_name": "Runbook", "title": "Runbook", "action": "created", "sha": "a" * 40}
    team = {"id": 77, "slug": "brokers", "privacy": "closed"}
    joined: dict[str, Any] = {"member": person(13), "team": team, "organization": ACME, "scope": "team"}
    return [
        github("discussion", "created", 11, "12:00:01", discussion=asked),
        github("discussion_comment", "created", 12, "12:05:01", discussion=asked, comment=answer),
        github("discussion_comment", "created", 11, "12:10:01", discussion=asked, comment=remark),
        github("discussion_comment", "edited", 12, "12:06:01", discussion=asked, comment=mended, changes=better["changes"]),
        github("discussion", "answered", 11, "12:12:01", discussion=chosen, answer=mended),
        github("discussion", "unanswered", 11, "12:13:01", discussion=asked, old_answer=mended),
        github("discussion_comment", "deleted", 14, "12:14:00", discussion=asked, comment=remark),
        github("issues", "opened", 12, "12:20:01", issue=issue),
        github("issue_comment", "created", 13, "12:21:01", issue=issue, comment=comment(51, 13, "Which one?", "12:21:00")),
        github("pull_request", "opened", 12, "12:30:01", pull_request=change),
        github("pull_request_review", "submitted", 13, "12:31:01", pull_request=change, review=review),
        github("pull_request_review_comment", "created", 13, "12:32:01", pull_request=change, comment=line),
        github("commit_comment", "created", 13, "12:33:01", comment=comment(63, 13, "Nice.", "12:33:00", commit_id="b" * 40)),
        github("gollum", "", 12, "12:40:00", pages=[page, {**page, "page_name": "Home", "action": "edited"}]),
        github("star", "created", 13, "12:41:01", starred_at="2026-03-02T12:41:00Z"),
        github("star", "deleted", 13, "12:42:00", starred_at=None),
        github("membership", "added", 11, "12:43:00", **joined),
        github("membership", "removed", 11, "12:44:00", **joined),
        github("organization", "member_added", 11, "12:45:00", membership={"user": person(14)}, organization=ACME),
        github("member", "added", 11, "12:46:00", member=person(14)),
    ]
