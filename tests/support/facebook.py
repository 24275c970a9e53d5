"""Facebook Pages as the tests play them: Graph's webhooks, and the feed of a page."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import orjson

from services.ingest.connectors.facebook import FACEBOOK as CONNECTOR
from services.ingest.domain.asking import Answer
from services.ingest.domain.reading import Reading
from services.ingest.domain.source import Keeps, Platform, Policy, Source, SourceId
from tests.support.ingest import SECRET, Sent

FACEBOOK = Source(
    SourceId("pages"),
    Platform.FACEBOOK,
    "https://www.facebook.com",
    (SECRET,),
    Policy(keeps=Keeps.TEXT),
    options={"page": "900"},
)


def seconds(at: str) -> int:
    """Return the Unix time of a time of the day."""
    return int(datetime.fromisoformat(f"2026-03-02T{at}+00:00").timestamp())


def value(item: str, verb: str, person: int, at: str, **more: Any) -> dict[str, Any]:
    """Return what changed in a feed."""
    who = {"id": str(person), "name": f"Person {person}"}
    shown = {"id": "900_1", "status_type": "mobile_status_update", "is_published": True, "promotion_status": "inactive"}
    post = {**shown, "permalink_url": "https://www.facebook.com/1", "updated_time": "2026-03-02T12:00:00+0000"}
    changed = {"from": who, "item": item, "verb": verb, "created_time": seconds(at), "post_id": "900_1", "post": post}
    return {**changed, **more}


def delivery(*values: Any, at: str = "12:30:00", field: str = "feed") -> Sent:
    """Return a delivery of changes of the page 900."""
    changes = [{"field": field, "value": each} for each in values]
    return Sent(FACEBOOK, {"object": "page", "entry": [{"id": "900", "time": seconds(at), "changes": changes}]})


ASKED = value("status", "add", 11, "12:00:00", message="How do I restart the broker?", published=1)
ANSWER = value("comment", "add", 12, "12:01:00", comment_id="1_2", parent_id="900_1", message="Drain it first.")
DEEPER = value("comment", "add", 11, "12:02:00", comment_id="1_3", parent_id="1_2", message="Thanks!")


def facebook_conversation() -> list[Sent]:
    """A question, an answer, a remark that is taken back, likes and reactions, an edit."""
    edited = {**ANSWER, "verb": "edited", "message": "Drain it first, please."}
    gone = {"item": "comment", "verb": "remove", "comment_id": "1_3", "post_id": "900_1", "created_time": seconds("12:09:00")}
    liked, unliked = (value("reaction", verb, 13, "12:03:00", reaction_type="like") for verb in ("add", "remove"))
    wowed = value("reaction", "add", 13, "12:04:00", reaction_type="wow", comment_id="1_2")
    photo = value("photo", "add", 12, "12:08:00", post_id="900_4", link="https://cdn.example/1.jpg")
    return [
        delivery(ASKED, liked, wowed),
        delivery(ANSWER, DEEPER, photo),
        delivery(edited, unliked, {**wowed, "verb": "remove"}, at="12:07:00"),
        delivery(gone, liked, ASKED),
    ]


def feed() -> bytes:
    """Return the feed of the page, as Graph answers it: what the webhooks tell."""
    people = {each["comment_id"]: each["from"] for each in (ANSWER, DEEPER)}
    comments = [
        {"id": "1_2", "from": people["1_2"], "message": "Drain it first.", "created_time": "2026-03-02T12:01:00+0000"},
        {"id": "1_3", "from": people["1_3"], "message": "Thanks!", "created_time": "2026-03-02T12:02:00+0000"},
    ]
    comments[1]["parent"] = {"id": "1_2"}
    post = {"id": "900_1", "from": ASKED["from"], "message": ASKED["message"], "created_time": "2026-03-02T12:00:00+0000"}
    return orjson.dumps({"data": [{**post, "comments": {"data": comments}}], "paging": {"next": "x"}})


def read_sample(source: Source, document: Any) -> Reading:
    """Read what Graph answered: a post in a feed, or comments upon one."""
    post = {"id": "900_1", "from": {"id": "900"}, "created_time": "2010-01-01T00:00:00+0000", "comments": {"data": document}}
    told = {"told": ["900_1"]} if isinstance(document, list) else {}
    page = orjson.dumps({"data": [post if isinstance(document, list) else document]})
    return CONNECTOR.polls["feed"].read(source, told, Answer(200, {}, page)).reading
