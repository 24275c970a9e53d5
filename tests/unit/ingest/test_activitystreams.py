"""ActivityStreams 2.0, read: what people make and do, by whom it is heard, and what is not ours."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from msgspec.structs import replace as with_
from standardwebhooks import Webhook

from services.ingest.connectors.activitystreams import VERIFY
from services.ingest.connectors.activitystreams.events import read
from services.ingest.connectors.fields import Incomplete
from services.ingest.connectors.registry import HOOKS
from services.ingest.domain.interaction import AccountName, ChannelId, Interaction, Kind
from services.ingest.domain.mapping import statement_of
from services.ingest.domain.reading import Delivery, Reading, Reason, ignored
from services.ingest.domain.source import Keeps, Platform, Policy, Source
from services.ingest.verifiers import Message, Verdict
from shared.xapi.model import Version
from shared.xapi.validation import validate
from tests.support.activitystreams import TOWN, activity, activitystreams_conversation, note
from tests.support.ingest import NOW, SECRET, Ear, acts
from tests.support.profile import faults

OPS = "https://town.example/groups/ops"
ANN = AccountName("https://town.example/people/ann")
WHISPER = note("notes/1", "ann", "Psst", to=["https://town.example/people/bea"])
HELLO = note("notes/1", "ann", "Hi")
SERVICE = {**activity("Like", "bot", "notes/1", "00:00"), "actor": {"type": "Service", "id": "https://town.example/bot"}}


def heard(document: Any, source: Source = TOWN) -> Reading:
    return read(source, Delivery({}, document))


def told(reading: Reading) -> list[Interaction]:
    return [*reading.decided, *(each.interaction for each in reading.undecided)]


def hearing(**policy: Any) -> Source:
    return Source(TOWN.id, TOWN.platform, TOWN.workspace, TOWN.secrets, Policy(**policy))


async def test_a_conversation_is_told() -> None:
    ear = Ear()

    await ear.hear(*activitystreams_conversation())

    said = {(who.rsplit("/", 1)[1], did, what.partition("/")[2]) for who, did, what in acts(ear.statements())}
    assert said == {
        ("ann", "asked", "notes/1"),
        ("ann", "mentioned", "people/bea"),
        ("ann", "attach", "files/1.pdf"),
        ("bea", "answered", "notes/2"),
        ("ann", "replied", "notes/3"),
        ("cy", "reacted", "notes/2"),
        ("ann", "like", "notes/2"),
        ("ann", "unlike", "notes/2"),
        ("cy", "share", "notes/2"),
        ("cy", "voted-down", "notes/3"),
        ("cy", "viewed", "pages/1"),
        ("cy", "flag-as-inappropriate", "notes/3"),
        ("bea", "asked", "polls/1"),
        ("cy", "answered", "polls/1"),
        ("bea", "create", "pages/1"),
        ("bea", "edited", "pages/1"),
        ("cy", "follow", "people/bea"),
        ("cy", "stop-following", "people/bea"),
        ("cy", "join", "groups/ops"),
        ("cy", "leave", "groups/ops"),
        ("ann", "rsvp-yes", "events/1"),
        ("bea", "rsvp-maybe", "events/1"),
        ("cy", "rsvp-no", "events/1"),
        ("ann", "delete", "notes/3"),
        ("cy", "posted", "notes/4"),
    }
    assert [each.redacts for each in ear.received() if each.redacts] == [("https://town.example/notes/3",)]


async def test_a_vote_names_a_choice_of_its_poll() -> None:
    ear = Ear()

    await ear.hear(*activitystreams_conversation())

    polls = {
        each["verb"]["id"].rsplit("/", 1)[1]: each
        for each in ear.statements()
        if each["object"].get("id", "").endswith("polls/1")
    }
    choices = {each["id"]: each["description"]["und"] for each in polls["asked"]["object"]["definition"]["choices"]}
    assert choices[polls["answered"]["result"]["response"]] == "Friday"


def test_without_text_nothing_of_what_was_said_is_told() -> None:
    source = hearing(keeps=Keeps.METADATA)

    statements = [
        statement_of(each, source) for sent in activitystreams_conversation() for each in told(heard(sent.document, source))
    ]

    written = orjson.dumps(statements)
    assert all(word not in written for word in (b"broker?", b"Drain", b"Thanks", b"Kafka", b"kafka", b"Monday", b"Friday"))


def test_a_collection_is_heard_item_by_item() -> None:
    like = activity("Like", "cy", "notes/2", "03:00")

    reading = heard({"type": "OrderedCollection", "orderedItems": [like, {"type": "Like"}, 7, {"type": "Offer", "object": "x"}]})

    assert [each.kind for each in reading.decided] == [Kind.LIKE]
    assert reading.ignored == (Reason.INCOMPLETE, Reason.UNMAPPED, Reason.UNMAPPED)


@pytest.mark.parametrize(
    ("document", "policy", "reason"),
    [
        (activity("Create", "ann", WHISPER, "00:00"), {}, Reason.DIRECT_MESSAGE),
        (activity("Like", "ann", "notes/1", "00:00", to="https://town.example/people/bea"), {}, Reason.DIRECT_MESSAGE),
        (activity("Create", "ann", HELLO, "00:00"), {"channels": frozenset({ChannelId(OPS)})}, Reason.CHANNEL_NOT_ALLOWED),
        (SERVICE, {}, Reason.BOT),
        (activity("Like", "ann", "notes/1", "00:00"), {"excluded": frozenset({ANN})}, Reason.EXCLUDED_ACCOUNT),
        (activity("Create", "ann", {"type": "Event", "id": "https://town.example/e"}, "00:00"), {}, Reason.UNMAPPED),
        (activity("Accept", "ann", {"type": "Follow", "id": "https://town.example/f"}, "00:00"), {}, Reason.UNMAPPED),
        (activity("Update", "ann", {"type": "Person", "id": "https://town.example/people/ann"}, "00:00"), {}, Reason.UNMAPPED),
        (activity("Undo", "ann", {"type": "Block", "object": "https://town.example/people/bea"}, "00:00"), {}, Reason.UNMAPPED),
        ({"type": "Travel"}, {}, Reason.UNMAPPED),
        ({}, {}, Reason.UNMAPPED),
        ({"type": "Collection", "items": []}, {}, Reason.UNMAPPED),
    ],
)  # fmt: skip
def test_what_is_not_ours_is_ignored_with_its_reason(document: Any, policy: dict[str, Any], reason: Reason) -> None:
    assert heard(document, hearing(**policy)) == ignored(reason)


@pytest.mark.parametrize(
    "change",
    [
        {"actor": None},
        {"actor": {"type": "Person", "name": "Ann"}},
        {"actor": "not an iri"},
        {"object": None},
        {"object": {"type": "Note"}},
        {"object": "x" * 5000},
        {"published": None},
        {"published": "yesterday"},
    ],
)
def test_what_lacks_what_it_needs_is_incomplete(change: dict[str, Any]) -> None:
    with pytest.raises(Incomplete):
        heard({**activity("Like", "ann", "notes/1", "00:00"), **change})


def test_an_undo_that_only_names_an_activity_is_incomplete() -> None:
    with pytest.raises(Incomplete):
        heard(activity("Undo", "ann", "activities/1", "00:00"))


def test_a_group_that_the_source_allows_is_heard_though_it_is_not_public() -> None:
    said = note("notes/1", "ann", "Hi", to=[OPS], audience=OPS)
    source = hearing(channels=frozenset({ChannelId(OPS)}))

    (made,) = heard(activity("Create", "ann", said, "00:00"), source).decided

    assert made.place is not None
    assert made.place.id == OPS


def test_two_acts_upon_one_thing_are_two_and_the_same_act_is_one() -> None:
    def interaction(**more: Any) -> Interaction:
        return told(heard(activity("Like", "ann", "notes/1", "00:00", **more)))[0]

    assert interaction() == interaction(summary="Ann liked a note")
    assert interaction(id="https://town.example/other").revision != interaction().revision
    assert with_(interaction(id=None), revision="") == with_(interaction(), revision="")


def test_who_shares_that_something_was_made_shares_what_was_made() -> None:
    made = activity("Create", "ann", note("notes/1", "ann", "Drain it first."), "00:00")

    (shared,) = heard(activity("Announce", "cy", made, "01:00")).decided

    assert (shared.kind, shared.artefact.iri) == (Kind.SHARE, "https://town.example/notes/1")
    assert shared.author == "https://town.example/people/ann"
    assert heard(activity("Announce", "cy", activity("Like", "ann", "notes/1", "00:00"), "01:00")) == ignored(Reason.UNMAPPED)


@pytest.mark.parametrize("name", ["quote", "_misskey_quote", "quoteUri", "quoteUrl"])
def test_who_quotes_a_note_shares_it(name: str) -> None:
    quoting = {
        **note("notes/2", "bea", "Well said."),
        name: "https://town.example/notes/1",
        "quoteUrl": "https://town.example/notes/1",
    }

    said, shared = heard(activity("Create", "bea", quoting, "01:00")).decided

    assert (said.kind, shared.kind, shared.artefact.iri) == (Kind.POST, Kind.SHARE, "https://town.example/notes/1")
    assert (shared.text, shared.actor) == (None, said.actor)


def test_a_poll_that_has_only_got_votes_was_not_edited() -> None:
    poll = note("polls/1", "ann", "Which day?", type="Question", published="2026-03-02T12:00:00Z", oneOf=[{"name": "Monday"}])
    refreshed = activity("Update", "ann", poll, "05:00")
    del refreshed["published"]

    assert heard(refreshed) == ignored(Reason.UNCHANGED)
    edited = heard({**refreshed, "object": {**poll, "updated": "2026-03-02T12:05:00Z"}}).decided
    assert [each.kind for each in edited] == [Kind.EDIT]


@pytest.mark.parametrize(("last", "kinds"), [(["as:Public"], [Kind.POST]), ([], [])])
def test_what_is_addressed_to_very_many_is_public_where_the_public_is_among_them(last: list[str], kinds: list[Kind]) -> None:
    followers = [f"https://town.example/people/{number}" for number in range(200)]
    made = activity("Create", "ann", note("notes/9", "ann", "Hello", to=[*followers, *last]), "00:00")

    assert [each.kind for each in heard(made).decided] == kinds


def test_types_are_understood_in_every_spelling() -> None:
    for kind in ("Like", ["ext:Love", "Like"], "https://www.w3.org/ns/activitystreams#Like", "as:Like"):
        assert told(heard({**activity("Like", "ann", "notes/1", "00:00"), "type": kind}))[0].kind is Kind.LIKE


def test_what_the_library_signs_is_genuine_and_a_second_signature_may_fit() -> None:
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    body = '{"type": "Like", "content": "\u00e9"}'
    signature = Webhook(secret).sign("msg_1", NOW, body)
    headers = {"webhook-id": "msg_1", "webhook-timestamp": str(int(NOW.timestamp())), "webhook-signature": f"v1,AAAA {signature}"}
    message = Message(headers, body.encode())

    assert VERIFY(message, [SECRET, secret.encode()], NOW) is Verdict.GENUINE
    assert VERIFY(message, [secret.encode()], NOW + timedelta(minutes=6)) is Verdict.STALE
    assert VERIFY(Message({**headers, "webhook-id": "msg_2"}, body.encode()), [secret.encode()], NOW) is Verdict.FORGED
    assert VERIFY(message, [b"whsec_", b"whsec_%%%", b"whsec_\xff"], NOW) is Verdict.FORGED


def test_the_sample_is_signed_and_changes_nothing() -> None:
    sample = HOOKS[Platform.ACTIVITYSTREAMS].sample(SECRET, NOW)

    assert HOOKS[Platform.ACTIVITYSTREAMS].verify(Message(sample.headers, sample.body), [SECRET], NOW) is Verdict.GENUINE
    assert heard(orjson.loads(sample.body)) == ignored(Reason.UNMAPPED)


def test_whatever_others_write_is_mapped_after_the_profile_or_refused_with_a_reason() -> None:
    """SYMPOSIA_SAMPLES names a directory with more of it; the documents of this file are always tried."""
    elsewhere = os.environ.get("SYMPOSIA_SAMPLES")
    files = [*Path(elsewhere).glob("activitystreams2/*.json"), *Path(elsewhere).glob("*/*.as2.json")] if elsewhere else []
    documents = [
        *(orjson.loads(file.read_bytes()) for file in files),
        *(sent.document for sent in activitystreams_conversation()),
    ]

    for document in documents:
        reading = heard_at_all(document)
        statements = [statement_of(each, TOWN) for each in told(reading)]
        assert statements or reading.ignored
        for statement in statements:
            validate(statement, Version.V1_0_3)
            assert faults(statement) == []


def heard_at_all(document: Any) -> Reading:
    try:
        return heard(document)
    except Incomplete:
        return ignored(Reason.INCOMPLETE)


SAID = {**HELLO, "published": "2026-03-02T12:00:00Z"}


def test_words_that_are_told_by_language_are_heard() -> None:
    spoken = {**SAID, "content": None, "contentMap": {"de": "<p>Wer wei\u00df es?</p>", "en": "<p>Who knows?</p>"}}
    article = {**SAID, "type": "Article", "nameMap": {"en": "A simple article"}}

    (asked,), (written,) = heard(spoken).decided, heard(article).decided

    assert (asked.kind, asked.text) == (Kind.ASK, "Wer wei\u00df es?")
    assert written.artefact.title == "A simple article"
