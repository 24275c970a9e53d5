"""A blog in WordPress as the tests play it: what its REST API answers."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import orjson

from services.ingest.domain.asking import Answer, Request
from services.ingest.domain.source import Keeps, Platform, Policy, Source, SourceId
from tests.support.ingest import SECRET
from tests.support.polls import Web

HOME = "https://blog.acme.example"
NEWS = Source(SourceId("news"), Platform.WORDPRESS, HOME, (SECRET,), Policy(keeps=Keeps.TEXT))


def post(number: int, author: int, title: str, at: str, *, kind: str = "post", modified: str = "", **more: Any) -> dict[str, Any]:
    """Return a post, or a page, that was published at a time of the day."""
    made = {"id": number, "type": kind, "link": f"{HOME}/{kind}-{number}/", "author": author, "categories": [7]}
    times = {"date_gmt": f"2026-03-02T{at}", "modified_gmt": f"2026-03-02T{modified or at}"}
    words = {"title": {"rendered": title}, "content": {"rendered": "<p>Drain it first.</p>", "protected": False}}
    return {**made, **times, **words, **more}


def comment(number: int, author: int, on: int, at: str, *, parent: int = 0, kind: str = "post", **more: Any) -> dict[str, Any]:
    """Return a comment on the post, or page, numbered *on*."""
    page = f"{HOME}/{kind}-{on}/comment-page-1/#comment-{number}"
    made = {"id": number, "type": "comment", "post": on, "parent": parent, "author": author, "link": page}
    names = {"author_name": f"Author {author}", "_links": {"up": [{"post_type": kind, "href": "x"}]}}
    return {**made, **names, "date_gmt": f"2026-03-02T{at}", "content": {"rendered": "<p>That helped.</p>"}, **more}


class WordPress(Web):
    """A WordPress that answers by date of change or of writing, and by pages."""

    def __init__(self, posts: list[Any], comments: list[Any], pages: list[Any]) -> None:
        super().__init__()
        self.holds = {"posts": posts, "comments": comments, "pages": pages}

    def answer(self, request: Request) -> Answer:
        self.asked.append(request)
        parts = urlsplit(request.url)
        query = {name: value for name, (value,) in parse_qs(parts.query).items()}
        column = "modified_gmt" if query["orderby"] == "modified" else "date_gmt"
        since = query.get("modified_after") or query.get("after") or ""
        held = self.holds[parts.path.rpartition("/")[2]]
        found = sorted((each for each in held if f"{each[column]}Z" > since), key=lambda each: str(each[column]))
        size, page = int(query["per_page"]), int(query["page"])
        shown = found[(page - 1) * size : page * size]
        if page > 1 and not shown:
            return Answer(400, {}, b'{"code":"rest_post_invalid_page_number"}')
        return Answer(200, {}, orjson.dumps(shown))


def wordpress() -> WordPress:
    """Return a blog with posts, a page, and comments upon them and upon one another."""
    return WordPress(
        [post(1, 11, "How we restart brokers &amp; topics", "12:00:00"), post(2, 12, "Notes", "12:10:00")],
        [comment(5, 12, 1, "12:20:00"), comment(6, 11, 1, "12:30:00", parent=5), comment(7, 13, 3, "12:40:00", kind="page")],
        [post(3, 11, "About", "12:05:00", kind="page")],
    )
