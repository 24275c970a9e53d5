"""A wiki as the tests play it: its recent changes, and Wikimedia's stream of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

import orjson

from services.ingest.domain.asking import Answer
from services.ingest.domain.source import Platform, Policy, Source, SourceId
from tests.support.ingest import SECRET

HOME = "https://wiki.acme.example"
WIKI = Source(SourceId("wiki"), Platform.MEDIAWIKI, HOME, (SECRET,), Policy())
EVENTS = "https://stream.wikimedia.org/v2/stream/recentchange"
PEDIA = replace(WIKI, id=SourceId("pedia"), workspace="https://en.wikipedia.org", options={"stream": EVENTS})


def change(rcid: int, kind: str, title: str, user: int, at: str, **more: Any) -> dict[str, Any]:
    """Return a change as `list=recentchanges` tells it, at a time of the day."""
    numbers = {"rcid": rcid, "revid": 100 + rcid, "old_revid": 0 if kind == "new" else 99 + rcid, "pageid": 7}
    flags = {"bot": False, "new": kind == "new", "minor": False, **({"anon": True} if user == 0 else {})}
    return {"type": kind, "ns": 0, "title": title, **numbers, "userid": user, **flags, "timestamp": f"2026-03-02T{at}Z", **more}


def logged(rcid: int, what: str, title: str, user: int, at: str, **more: Any) -> dict[str, Any]:
    """Return an entry of a log as `list=recentchanges` tells it."""
    log, _, action = what.partition("/")
    entry = {"logid": 500 + rcid, "logtype": log, "logaction": action, "logparams": {}, "revid": 0}
    return {**change(rcid, "log", title, user, at), **entry, **more}


CHANGES = [
    change(1, "new", "Restarting brokers", 11, "12:00:00"),
    change(2, "edit", "Restarting brokers", 12, "12:05:00"),
    change(3, "edit", "Restarting brokers", 0, "12:06:00"),
    change(4, "edit", "Restarting brokers", 99, "12:07:00", bot=True),
    logged(5, "upload/upload", "File:Broker.png", 12, "12:08:00", ns=6),
    logged(6, "move/move", "Restarting brokers", 12, "12:09:00"),
    change(7, "new", "Spam", 13, "12:10:00"),
    logged(8, "delete/delete", "Spam", 11, "12:11:00"),
    logged(9, "delete/restore", "Spam", 11, "12:12:00"),
]


def query(*changes: Any, onward: str | None = None) -> Answer:
    """Return what the API answers, with where to go on."""
    more = {"continue": {"rccontinue": onward, "continue": "-||"}} if onward else {"batchcomplete": True}
    return Answer(200, {}, orjson.dumps({**more, "query": {"recentchanges": list(changes)}}))


def event(number: int, kind: str, title: str, user: str, at: str, **more: Any) -> dict[str, Any]:
    """Return a change as the stream tells it."""
    when = datetime.fromisoformat(f"2026-03-02T{at}Z")
    meta = {"domain": "en.wikipedia.org", "dt": when.isoformat(), "id": f"00000000-0000-0000-0000-{number:012}", "stream": "x"}
    ids = {"id": number, "revision": {"old": 99 + number, "new": 100 + number}, "wiki": "enwiki"}
    place = {"server_url": "https://en.wikipedia.org", "server_name": "en.wikipedia.org", "namespace": 0}
    told = {"type": kind, "title": title, "user": user, "bot": False, "minor": False, "timestamp": int(when.timestamp())}
    return {"$schema": "/mediawiki/recentchange/1.0.0", "meta": meta, **ids, **place, **told, **more}


HEARD = [
    event(1, "new", "Broker", "Ann", "12:00:00"),
    event(2, "edit", "Broker", "Bea", "12:01:00"),
    event(3, "edit", "Broker", "192.0.2.7", "12:02:00"),
    event(4, "edit", "Broker", "2001:DB8:0:0:0:0:0:1", "12:03:00"),
    event(5, "edit", "Broker", "~2026-1234-56", "12:04:00"),
    event(6, "edit", "Kafka", "Cy", "12:05:00", server_url="https://de.wikipedia.org"),
    event(7, "log", "Broker", "Ann", "12:06:00", log_id=77, log_type="delete", log_action="delete"),
    event(8, "categorize", "Category:Brokers", "Bea", "12:07:00"),
    event(9, "edit", "User talk:192.0.2.7", "Bea", "12:08:00", namespace=3),
]


def stream(*events: Any) -> bytes:
    """Return what is heard of the stream: events with the ids that lead back to them."""
    said = [
        f'event: message\nid: [{{"topic":"eqiad.mediawiki.recentchange","partition":0,"timestamp":{number}}}]\ndata: '.encode()
        + orjson.dumps(each)
        for number, each in enumerate(events)
    ]
    return b":ok\n\n" + b"".join(each + b"\n\n" for each in said)
