"""Confluence as the tests play it: deliveries that name things by id, and what its REST API says of them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from services.ingest.domain.source import Keeps, Platform, Policy, Source, SourceId
from tests.support.ingest import SECRET, Sent

HOME = "https://wiki.acme.example"
SPACE = {"id": 1, "key": "OPS", "name": "Operations", "type": "global"}
CONFLUENCE = Source(SourceId("intranet"), Platform.CONFLUENCE, HOME, (SECRET,), Policy(keeps=Keeps.TEXT))


ADDED = {
    "spaceKey": "OPS",
    "title": "Thing",
    "contentType": "page",
    "creationDate": 1772452800000,
    "creatorKey": "key-ann",
    "modificationDate": 1772452800000,
    "lastModifierKey": "key-ann",
    "version": 1,
    "self": f"{HOME}/display/OPS/Thing",
    "labels": ["kafka", "brokers"],
}
"""What some versions say besides the id."""


def person(user: str) -> dict[str, Any]:
    return {"type": "known", "username": user.removeprefix("key-"), "userKey": user, "displayName": user.title()}


def content(kind: str, name: int, author: str, at: str, **more: Any) -> dict[str, Any]:
    """Return a thing as the REST API tells it, made by *author* at a time of the day."""
    when = f"2026-03-02T{at}.000+0000"
    made = {"id": str(name), "type": kind, "status": "current", "title": f"Thing {name}", "space": SPACE, "ancestors": []}
    history = {"latest": True, "createdBy": person(f"key-{author}"), "createdDate": when}
    version = {"by": person(f"key-{author}"), "when": when, "number": 1, "minorEdit": False}
    return {**made, "history": history, "version": version, "body": {"view": {"value": f"<p>Says {name}</p>"}}, **more}


def upon(kind: str, name: int) -> dict[str, Any]:
    """Return what a comment or a file says of what it belongs to."""
    return {"container": {"id": str(name), "type": kind, "title": "x"}}


def confluence(event: str, name: int, user: str, at: str, answer: Any = None) -> Sent:
    """Return a delivery, and what is answered when it is asked for the thing that it names."""
    moment = int(datetime.fromisoformat(f"2026-03-02T{at}Z").timestamp() * 1000)
    thing = event.partition("_")[0]
    document = {"timestamp": moment, "event": event, "userKey": f"key-{user}", thing: {"id": name, **ADDED}}
    return Sent(CONFLUENCE, document, {"content-type": "application/json"}, answer=answer)


PAGE = content("page", 100, "ann", "12:00:00")
BLOG = content("blogpost", 200, "bea", "12:10:00")
REMARK = content("comment", 300, "bea", "12:20:00", **upon("page", 100))
ANSWER = content("comment", 301, "ann", "12:25:00", ancestors=[{"id": "300", "type": "comment"}], **upon("page", 100))
FILE = content("attachment", 400, "cy", "12:30:00", **upon("page", 100))


def confluence_conversation() -> list[Sent]:
    """A page and a post, comments upon the page and upon one another, a file, edits, and what is taken back."""
    return [
        confluence("page_created", 100, "ann", "12:00:01", PAGE),
        confluence("blog_created", 200, "bea", "12:10:01", BLOG),
        confluence("comment_created", 300, "bea", "12:20:01", REMARK),
        confluence("comment_created", 301, "ann", "12:25:01", ANSWER),
        confluence("attachment_created", 400, "cy", "12:30:01", FILE),
        confluence("page_updated", 100, "cy", "12:40:00", PAGE),
        confluence("comment_updated", 300, "bea", "12:41:00", REMARK),
        confluence("comment_removed", 301, "ann", "12:50:00"),
        confluence("page_trashed", 100, "bea", "12:51:00"),
        confluence("page_restored", 100, "bea", "12:52:00", PAGE),
    ]


def in_cloud(name: int, author: str, at: str, **more: Any) -> dict[str, Any]:
    """Return a thing as Confluence Cloud tells it, made by *author* at a time of the day."""
    when = int(datetime.fromisoformat(f"2026-03-02T{at}Z").timestamp() * 1000)
    made = {"creatorAccountId": f"557058:{author}", "creationDate": when, "modificationDate": when, "version": 1}
    return {"id": name, "spaceKey": "OPS", "title": f"Thing {name}", "self": f"{HOME}/spaces/OPS/pages/{name}", **made, **more}


def by_cloud(event: str, thing: dict[str, Any], user: str, at: str, **more: Any) -> Sent:
    """Return a delivery of Confluence Cloud."""
    moment = int(datetime.fromisoformat(f"2026-03-02T{at}Z").timestamp() * 1000)
    told = {"userAccountId": f"557058:{user}", "accountType": "customer", event.partition("_")[0]: thing}
    return Sent(CONFLUENCE, {"timestamp": moment, "event": event, **told, **more}, {"content-type": "application/json"})


CLOUD_PAGE = in_cloud(100, "ann", "12:00:00", contentType="page")
CLOUD_REMARK = {**in_cloud(300, "bea", "12:20:00"), "spaceKey": None, "parent": CLOUD_PAGE}
CLOUD_FILE = {"id": "att400", "fileName": "a.pdf", "creatorAccountId": "557058:cy", "version": 1}


def cloud_deliveries() -> list[Sent]:
    """A page, a comment upon it, an answer to that, a file, an edit, and that the page went."""
    return [
        by_cloud("page_created", CLOUD_PAGE, "ann", "12:00:01"),
        by_cloud("comment_created", CLOUD_REMARK, "bea", "12:20:01"),
        by_cloud("comment_created", {**CLOUD_REMARK, "id": 301, "inReplyTo": {"id": 300}}, "ann", "12:25:01"),
        by_cloud("attachment_created", {}, "cy", "12:30:01", attachments=[CLOUD_FILE], attachedTo=CLOUD_PAGE),
        by_cloud("page_updated", CLOUD_PAGE, "cy", "12:40:00"),
        by_cloud("page_trashed", CLOUD_PAGE, "bea", "12:51:00"),
    ]
