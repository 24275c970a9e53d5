"""Platforms to play: deliveries as Slack and Discourse shape them, signed, and a store in memory."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import orjson
from prometheus_client import CollectorRegistry

from services.ingest.connectors.registry import CONNECTORS, HOOKS
from services.ingest.domain.asking import Answer
from services.ingest.domain.attendance import derived
from services.ingest.domain.identity import id_of
from services.ingest.domain.interaction import AccountName, ChannelId, NativeId
from services.ingest.domain.reading import Delivery, Known, Lookup, Reading, Undecided
from services.ingest.domain.settlement import Patience, Thread, Waiting, is_orphan, settle
from services.ingest.domain.source import Hearing, Platform, Policy, Source, SourceId
from services.ingest.intake import Intake
from services.ingest.learning import Lesson, Look, Met
from services.ingest.metrics import IngestMetrics
from services.ingest.settings import WaitingSettings
from services.ingest.store import Opened
from services.ingest.tallies import Tallies
from shared.clock import rfc3339
from shared.contracts import NOTICED, RECEIVED, Received, decode
from shared.stream.memory import MemoryLog
from shared.xapi.model import StatementId
from tests.support.attendances import MemoryAttendances
from tests.support.signing import sign

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
SECRET = b"8f742231b10e8888abcd99yyyzzz85a5"
EVENT = "x-discourse-event"

SLACK = Source(SourceId("acme"), Platform.SLACK, "https://acme.slack.com", (SECRET,), Policy(hearing=Hearing.TEXT))
DISCOURSE = Source(SourceId("forum"), Platform.DISCOURSE, "https://forum.acme.example", (SECRET,), Policy(hearing=Hearing.TEXT))
TOWN = Source(SourceId("town"), Platform.ACTIVITYSTREAMS, "https://town.example", (SECRET,), Policy(hearing=Hearing.TEXT))


def as_json(document: Any) -> bytes:
    """Write *document* as JSON, with whatever numbers are in it."""
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode()


@dataclass(frozen=True)
class Sent:
    """A delivery before it is signed: *write* makes its body of what the connector reads.

    *answer* is what the platform answers when it is asked for what the delivery names, or says so of each lookup.
    """

    source: Source
    document: Any
    headers: Mapping[str, str] = field(default_factory=dict)
    write: Callable[[Any], bytes] = as_json
    answer: Any = None

    def answer_to(self, lookup: Lookup) -> Any:
        return self.answer(lookup) if callable(self.answer) else self.answer

    @property
    def body(self) -> bytes:
        return self.write(self.document)

    def signed(self, now: datetime = NOW, secret: bytes = SECRET) -> dict[str, str]:
        return {**self.headers, **sign(self.source.platform, self.body, secret, now)}


def slack(event: Mapping[str, Any], source: Source = SLACK) -> Sent:
    """Put *event* into the envelope of the Events API."""
    envelope = {
        "token": "t",
        "team_id": "T1",
        "api_app_id": "A1",
        "type": "event_callback",
        "event_id": "Ev" + hashlib.sha256(orjson.dumps(event)).hexdigest()[:10],
        "event_time": 1772452800,
        "event": event,
        "authorizations": [{"enterprise_id": None, "team_id": "T1", "user_id": "UBOT", "is_bot": True}],
        "is_ext_shared_channel": False,
        "event_context": "4-abc",
    }
    return Sent(source, envelope)


def slack_message(user: str, ts: str, text: str, channel: str = "C1", **more: Any) -> dict[str, Any]:
    """Return a message as Slack tells it."""
    message = {"type": "message", "user": user, "ts": ts, "text": text, "channel": channel, "event_ts": ts, "team": "T1"}
    return {"channel_type": "channel", "client_msg_id": f"id-{ts}", **message, **more}


def slack_reaction(user: str, ts: str, name: str, at: str, author: str = "", **more: Any) -> dict[str, Any]:
    """Return a reaction as Slack tells it."""
    item = {"type": "message", "channel": "C1", "ts": ts}
    event = {"type": "reaction_added", "user": user, "reaction": name, "item": item, "event_ts": at, **more}
    return {**event, "item_user": author} if author else event


def discourse(key: str, event: str, subject: Mapping[str, Any], source: Source = DISCOURSE) -> Sent:
    """Put *subject* under its key, and name the event in the header."""
    headers = {EVENT: event, "x-discourse-event-type": key, "x-discourse-event-id": "7"}
    return Sent(source, {key: subject}, headers)


def discourse_post(user: int, topic: int, number: int, text: str, at: str, **more: Any) -> dict[str, Any]:
    """Return a post as Discourse's webhook tells it."""
    return {
        "id": topic * 100 + number,
        "name": "",
        "username": f"user{user}",
        "created_at": at,
        "updated_at": at,
        "cooked": f"<p>{text}</p>",
        "raw": text,
        "post_number": number,
        "post_type": 1,
        "reply_to_post_number": None,
        "topic_id": topic,
        "topic_slug": "a-topic",
        "topic_title": "How do I restart the broker?",
        "topic_archetype": "regular",
        "category_id": 5,
        "category_slug": "help",
        "version": 1,
        "user_id": user,
        "hidden": False,
        "user_deleted": False,
        "deleted_at": None,
        "wiki": False,
        "topic_posts_count": number,
        **more,
    }


def discourse_topic(user: int, topic: int, at: str, **more: Any) -> dict[str, Any]:
    """Return a topic as Discourse's webhook tells it."""
    return {
        "id": topic,
        "title": "How do I restart the broker?",
        "fancy_title": "How do I restart the broker?",
        "slug": "a-topic",
        "archetype": "regular",
        "category_id": 5,
        "created_at": at,
        "last_posted_at": at,
        "deleted_at": None,
        "user_id": user,
        "created_by": {"id": user, "username": f"user{user}", "name": "", "avatar_template": ""},
        "posts_count": 1,
        **more,
    }


def slack_conversation() -> list[Sent]:
    """A question, an answer that is accepted, a remark of the asker, reactions, an edit and a delete."""
    asked, answered, thanked = "1772452800.000100", "1772452860.000200", "1772452900.000300"
    thread = {"thread_ts": asked, "parent_user_id": "UASK"}
    answer = slack_message("UANS", answered, "Drain it, then stop it.", **thread)
    edited = {**answer, "text": "Drain it first, then stop it.", "edited": {"user": "UANS", "ts": "1772452870.000000"}}
    changed = slack_message("", "1772452870.000900", "", subtype="message_changed", message=edited, previous_message=answer)
    del changed["user"], changed["text"]
    gone = slack_message("UASK", thanked, "Thanks!", **thread)
    deleted = {"type": "message", "subtype": "message_deleted", "channel": "C1", "channel_type": "channel", "hidden": True}
    return [
        slack(slack_message("UASK", asked, "How do I restart the broker?")),
        slack(answer),
        slack(gone),
        slack(slack_reaction("UASK", answered, "white_check_mark", "1772452910.000100", "UANS")),
        slack(slack_reaction("UTHIRD", answered, "white_check_mark", "1772452915.000100", "UANS")),
        slack(slack_reaction("UTHIRD", asked, "eyes", "1772452920.000100", "UASK")),
        slack(slack_reaction("UASK", asked, "white_check_mark", "1772452921.000100", "UASK")),
        slack(changed),
        slack({**deleted, "deleted_ts": thanked, "event_ts": "1772452990.000100", "ts": "1772452990.000100"}),
        slack(slack_message("UTHIRD", "1772452995.000100", "Good to know.", **thread, subtype="thread_broadcast")),
        slack(slack_message("UBOT", "1772452996.000100", "Reminder?", bot_id="B1", subtype="bot_message")),
        slack(slack_message("UASK", "1772452997.000100", "Yes", thread_ts="1772452996.000100")),
    ]


def discourse_conversation() -> list[Sent]:
    """A topic that asks, replies, the accepted solution, a like, a vote, an edit and what is taken back."""
    asked = "2026-03-02T12:00:00.123Z"
    first = discourse_post(11, 57, 1, "It hangs when I stop it.", asked)
    answer = discourse_post(12, 57, 2, "Drain it first.", "2026-03-02T12:05:00.000Z")
    edited = {**answer, "raw": "Drain it first, please.", "version": 2, "updated_at": "2026-03-02T12:06:00.000Z"}
    remark = discourse_post(11, 57, 3, "That works!", "2026-03-02T12:10:00.000Z", reply_to_post_number=2)
    return [
        discourse("topic", "topic_created", discourse_topic(11, 57, "2026-03-02T12:00:00.100Z")),
        discourse("post", "post_created", first),
        discourse("post", "post_created", answer),
        discourse("post", "post_created", remark),
        discourse("post", "post_edited", edited),
        discourse("solved", "accepted_solution", edited),
        discourse("like", "post_liked", {"post": edited, "user": {"id": 13, "username": "user13"}}),
        discourse("topic_voting", "topic_upvote", {"topic_id": 57, "topic_slug": "a-topic", "voter_id": 13, "vote_count": 1}),
        discourse("post", "post_destroyed", {**remark, "updated_at": "2026-03-02T12:20:00.000Z"}),
    ]


def activity(kind: str, actor: str, subject: Any, at: str, **more: Any) -> dict[str, Any]:
    """Return an activity of ActivityStreams 2.0; people and things are named by what stands after the town's address."""
    name = hashlib.sha256(orjson.dumps([kind, actor, subject, at])).hexdigest()[:8]
    return {
        "@context": "https://www.w3.org/ns/activitystreams",
        "id": f"https://town.example/activities/{name}",
        "type": kind,
        "actor": {"type": "Person", "id": f"https://town.example/people/{actor}", "name": actor.title()},
        "published": f"2026-03-02T12:{at}Z",
        "object": f"https://town.example/{subject}" if isinstance(subject, str) else subject,
        **more,
    }


def note(name: str, author: str, content: str, **more: Any) -> dict[str, Any]:
    """Return a note of ActivityStreams 2.0."""
    made = {"id": f"https://town.example/{name}", "type": "Note", "attributedTo": f"https://town.example/people/{author}"}
    return {**made, "content": f"<p>{content}</p>", "to": ["as:Public"], **more}


def activitystreams_conversation() -> list[Sent]:
    """A question, its answer, a page, a poll and a vote, what people do to them, an event, and what is taken back."""
    town = "https://town.example"
    tags = [{"type": "Hashtag", "name": "#Kafka"}, {"type": "Mention", "href": f"{town}/people/bea", "name": "@bea"}]
    file = {"type": "Document", "mediaType": "application/pdf", "url": f"{town}/files/1.pdf"}
    asked = note("notes/1", "ann", "How do I restart the broker?", tag=tags, attachment=[file])
    answer = note("notes/2", "bea", "Drain it first.", inReplyTo=asked["id"])
    remark = note("notes/3", "ann", "Thanks!", inReplyTo=answer["id"])
    choices = [{"type": "Note", "name": "Monday"}, {"type": "Note", "name": "Friday"}]
    poll = {"id": f"{town}/polls/1", "type": "Question", "name": "Which day?", "oneOf": choices}
    vote = {"id": f"{town}/votes/1", "type": "Note", "name": "Friday", "inReplyTo": poll["id"]}
    page = {"id": f"{town}/pages/1", "type": "Page", "name": "Runbook", "content": "Drain."}
    page |= {"audience": f"{town}/groups/ops", "to": "as:Public"}
    event = {"id": f"{town}/events/1", "type": "Event", "name": "Office hour"}
    like = activity("Like", "cy", "notes/2", "03:00", content="\U0001f44d")
    script = [
        activity("Create", "ann", asked, "00:00"),
        activity("Create", "bea", answer, "01:00"),
        activity("Create", "ann", remark, "02:00"),
        like,
        activity("Like", "ann", {"id": answer["id"], "type": "Note", "attributedTo": answer["attributedTo"]}, "03:10"),
        activity("Undo", "ann", {"type": "Like", "object": answer["id"]}, "03:20"),
        activity("Announce", "cy", "notes/2", "04:00"),
        activity("Dislike", "cy", "notes/3", "04:10"),
        activity("View", "cy", "pages/1", "04:20"),
        activity("Flag", "cy", "notes/3", "04:30"),
        activity("Create", "bea", poll, "05:00"),
        activity("Create", "cy", vote, "05:10"),
        activity("Create", "bea", page, "06:00"),
        activity("Update", "bea", {**page, "content": "Drain, then stop.", "updated": "2026-03-02T12:07:00Z"}, "07:00"),
        activity("Follow", "cy", {"type": "Person", "id": f"{town}/people/bea"}, "08:00"),
        activity("Undo", "cy", {"type": "Follow", "object": f"{town}/people/bea"}, "08:10"),
        activity("Join", "cy", {"type": "Group", "id": f"{town}/groups/ops"}, "09:00"),
        activity("Leave", "cy", "groups/ops", "09:10"),
        activity("Accept", "ann", event, "10:00"),
        activity("TentativeAccept", "bea", {"type": "Invite", "object": event}, "10:10"),
        activity("Reject", "cy", event, "10:20"),
        activity("Delete", "ann", {"id": remark["id"], "type": "Tombstone", "formerType": "Note"}, "11:00"),
        note("notes/4", "cy", "Said by itself.", published="2026-03-02T12:12:00Z"),
    ]
    return [Sent(TOWN, each) for each in script]


class MemoryStore:
    """The store in memory: what one delivery teaches is there for the next."""

    def __init__(self) -> None:
        self.known: dict[tuple[SourceId, NativeId], Known] = {}
        self.pending: dict[tuple[SourceId, StatementId], tuple[Undecided, datetime]] = {}
        self.orphans: set[tuple[SourceId, StatementId]] = set()
        self.closed: set[tuple[SourceId, ChannelId]] = set()
        self.attendances = MemoryAttendances()

    async def learn(self, lesson: Lesson, look: Look) -> Met:
        source = look.source
        for known in lesson.known:
            there = self.known.get((source, known.artefact.native))
            if there is None or (known.spoken and not there.spoken):
                self.known[source, known.artefact.native] = known
        self.closed |= {(source, channel) for channel in lesson.closed}
        changed = self.attendances.see(source, lesson.sightings, lesson.endings, lesson.due)
        found = await self.open(look.source, look.statements, look.artefacts)
        stand = [self._stands(look.source, id_of(look.source, each.interaction), each) for each in look.undecided]
        ready = [
            each
            for each in stand
            if (each.source, each.statement) not in self.pending and settle(each, Patience.WAITING) is not None
        ]
        return Met(bool(found.waiting), found.orphans, tuple(ready), changed)

    async def wait(self, source: SourceId, waiting: Sequence[tuple[StatementId, Undecided, datetime]]) -> None:
        for statement, undecided, due in waiting:
            self.pending.setdefault((source, statement), (undecided, due))

    async def open(self, source: SourceId, statements: Sequence[StatementId], artefacts: Sequence[NativeId]) -> Opened:
        found = [
            self._waiting(source, statement)
            for (owner, statement), (undecided, _) in self.pending.items()
            if owner == source and (statement in statements or self._depends(source, undecided.target, artefacts))
        ]
        return Opened(tuple(found), frozenset(each for each in statements if (source, each) in self.orphans))

    async def overdue(self, now: datetime, limit: int) -> tuple[Waiting, ...]:
        due = [key for key, (_, at) in self.pending.items() if at <= now][:limit]
        for source, statement in due:
            if is_orphan(self.pending[source, statement][0], self._waiting(source, statement).thread):
                self.orphans.add((source, statement))
        return tuple(self._waiting(*key) for key in sorted(due))

    async def derive(self, now: datetime, limit: int) -> int:
        due = list(self.attendances.derive(now, limit))
        for source, news in due:
            for each in news:
                self.pending.setdefault((source, id_of(source, each)), (derived(each), now))
        return len(due)

    async def settle(self, source: SourceId, statements: Sequence[StatementId]) -> None:
        for statement in statements:
            self.pending.pop((source, statement), None)

    async def count(self) -> int:
        return len(self.pending)

    def _depends(self, source: SourceId, target: NativeId, artefacts: Sequence[NativeId]) -> bool:
        known = self.known.get((source, target))
        return target in artefacts or (known is not None and known.root in artefacts)

    def _waiting(self, source: SourceId, statement: StatementId) -> Waiting:
        return self._stands(source, statement, self.pending[source, statement][0])

    def _stands(self, source: SourceId, statement: StatementId, undecided: Undecided) -> Waiting:
        target = self.known.get((source, undecided.target))
        root = self.known.get((source, target.root)) if target else None
        return Waiting(source, statement, undecided, Thread(target, root), orphan=(source, statement) in self.orphans)


class Ear:
    """An intake over a log in memory: what was heard, and what came of it."""

    def __init__(self, store: Any = None, log: MemoryLog | None = None, metrics: IngestMetrics | None = None) -> None:
        self.now = NOW
        self.log = log or MemoryLog(self.clock)
        self.store = store or MemoryStore()
        self.registry = CollectorRegistry()
        self.metrics = metrics or IngestMetrics(self.registry, Tallies(self.clock))
        self.intake = Intake(
            store=self.store,
            log=self.log,
            clock=self.clock,
            metrics=self.metrics,
            waiting=WaitingSettings(),
            home_page="https://symposia.acme.example",
        )

    def clock(self) -> datetime:
        return self.now

    async def hear(self, *deliveries: Sent) -> None:
        if not self.log.records:
            await self.log.ensure((RECEIVED, NOTICED))
        for sent in deliveries:
            reading = HOOKS[sent.source.platform].read(sent.source, Delivery(sent.headers, sent.document))
            await self.intake.take(sent.source, reading)
            waiting = list(reading.lookups) if sent.answer is not None else []
            while waiting:
                lookup = waiting.pop()
                answer = answered(sent.source, lookup, sent.answer_to(lookup))
                await self.intake.take(sent.source, answer)
                waiting += answer.lookups

    async def sweep(self, source: Source) -> None:
        await self.store.derive(self.now, 100)
        overdue = await self.store.overdue(self.now, 100)
        await self.intake.tell_overdue(source, [each for each in overdue if each.source == source.id])

    def received(self) -> list[Received]:
        topics = self.log.records.items()
        received = (record for partition, records in topics if partition.topic == RECEIVED.name for record in records)
        return [decode(record.value, Received) for record in received]

    def told(self) -> set[tuple[str, bytes]]:
        """Return the id and bytes of every statement that was appended."""
        return {(each.id, bytes(each.body)) for received in self.received() for each in received.statements}

    def statements(self) -> list[dict[str, Any]]:
        return [orjson.loads(bytes(each.body)) for received in self.received() for each in received.statements]


def answered(source: Source, lookup: Lookup, document: Any, noticed: datetime = NOW) -> Reading:
    """Return what is read where *document* is the answer to *lookup*, which the door heard of when it was *noticed*."""
    fetch = CONNECTORS[source.platform].fetch
    assert fetch is not None
    return fetch.read(source, Lookup(lookup.key, lookup.reference, rfc3339(noticed)), Answer(200, {}, as_json(document)))


def acts(statements: Sequence[Mapping[str, Any]]) -> list[tuple[str, str, str]]:
    """Return who did what to which object, in short, sorted."""
    return sorted(
        (each["actor"]["account"]["name"], each["verb"]["id"].rsplit("/", 1)[1], _named(each["object"]).split("//", 1)[-1])
        for each in statements
    )


def _named(thing: Mapping[str, Any]) -> str:
    return str(thing["id"] if "id" in thing else thing["account"]["name"])


def account_names(*names: str) -> frozenset[AccountName]:
    return frozenset(map(AccountName, names))
