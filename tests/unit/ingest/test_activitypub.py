"""What is delivered to an inbox is read once the key of whoever signed it says that it is genuine, and never before."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from http_message_signatures import HTTPMessageSigner, HTTPSignatureKeyResolver, algorithms

from services.ingest.connectors.activitypub import ACTIVITYPUB
from services.ingest.connectors.activitypub.inbox import MOST_BYTES, delivered, read
from services.ingest.connectors.activitypub.keys import ask
from services.ingest.connectors.activitypub.keys import read as read_key
from services.ingest.connectors.fields import Incomplete
from services.ingest.domain.asking import Answer, Circumstances
from services.ingest.domain.interaction import Kind
from services.ingest.domain.reading import Delivery, Lookup, Reason
from services.ingest.domain.source import Policy, Source
from services.ingest.verifiers import Message, Verdict
from services.ingest.verifiers.signing import public_pem
from services.ingest.verifiers.strangers import SignedByStranger, judged
from shared.xapi.guard import Limits, Malformed
from tests.support.activitypub import (
    ANN,
    ASKED,
    FEDI,
    KEY,
    TYPED,
    URL,
    activitypub_conversation,
    actor,
    delivery,
    judged_by,
    kept,
    message,
    signature,
)
from tests.support.activitystreams import activity, note
from tests.support.ingest import NOW, Ear, Sent, account_names, acts, as_json

OTHER = rsa.generate_private_key(public_exponent=65537, key_size=2048)
CIRCUMSTANCES = Circumstances(NOW, URL)


class Resolver(HTTPSignatureKeyResolver):
    def resolve_private_key(self, key_id: str) -> Any:
        del key_id
        return KEY

    def resolve_public_key(self, key_id: str) -> Any:
        del key_id
        return KEY.public_key()


def by_rfc9421(body: bytes) -> Message:
    """Return *body* delivered as Mastodon signs since 4.5."""
    request = SimpleNamespace(method="POST", url=URL, headers={"Content-Type": "application/activity+json"})
    signer = HTTPMessageSigner(signature_algorithm=algorithms.RSA_V1_5_SHA256, key_resolver=Resolver())
    covered = ("@method", "@target-uri")
    signer.sign(request, key_id=f"{ANN}#main-key", created=NOW, covered_component_ids=covered, body=body)
    return Message({name.lower(): value for name, value in request.headers.items()}, body, URL)


def test_nothing_is_told_before_the_key_is_here() -> None:
    reading = read(FEDI, Delivery({}, delivery(ASKED).document))

    assert (reading.decided, reading.undecided) == ((), ())
    assert [each.reference["key"] for each in reading.lookups] == [f"{ANN}#main-key"]


def test_the_key_is_asked_for_where_it_stands_and_is_shown_nothing() -> None:
    asked = ask(FEDI, kept(delivery(ASKED)), CIRCUMSTANCES)

    assert (asked.url, asked.method, asked.shown) == (ANN, "GET", False)
    assert asked.headers["Accept"].startswith("application/activity+json")


def test_what_the_key_verifies_is_told() -> None:
    (interaction,) = judged_by(delivery(ASKED)).decided

    assert (interaction.kind, interaction.actor) == (Kind.ASK, ANN)


@pytest.mark.parametrize("body", [as_json(ASKED), as_json({**ASKED, "object": {**ASKED["object"], "content": "Wörter?"}})])
def test_both_ways_to_sign_are_understood(body: bytes) -> None:
    signed = by_rfc9421(body)

    assert SignedByStranger()(signed, [], NOW) is Verdict.GENUINE
    document = delivered(signed, Limits())
    assert [each.kind for each in judged_by(Sent(FEDI, document, answer=actor())).decided] == [Kind.ASK]
    assert judged_by(Sent(FEDI, document, answer=actor(key=OTHER))).ignored == (Reason.FORGED,)


def test_a_time_that_was_put_before_the_signed_one_makes_nothing_new() -> None:
    signed = by_rfc9421(as_json(ASKED))
    written, later = signed.headers["signature-input"], NOW + timedelta(hours=1)
    again = written.replace(";created=", f";created={int(later.timestamp())};created=")
    replayed = replace(signed, headers={**signed.headers, "signature-input": again})

    assert judged(replayed, public_pem(KEY).encode()) is Verdict.GENUINE  # whose last time is the one that is signed
    assert SignedByStranger()(replayed, [], later) is Verdict.FORGED


def test_another_key_makes_it_forged() -> None:
    assert judged_by(delivery(ASKED), actor(key=OTHER)).ignored == (Reason.FORGED,)
    assert judged_by(delivery(ASKED, key=OTHER)).ignored == (Reason.FORGED,)


@pytest.mark.parametrize("changed", [{"body": "e30="}, {"url": URL + "2"}, {"method": "PUT"}])
def test_what_was_changed_since_it_was_signed_is_forged(changed: dict[str, str]) -> None:
    lookup = kept(delivery(ASKED))
    tampered = Lookup(lookup.key, {**lookup.reference, **changed})

    assert read_key(FEDI, tampered, Answer(200, TYPED, orjson.dumps(actor()))).ignored == (Reason.FORGED,)


def test_a_signature_of_one_person_is_none_of_another() -> None:
    by_bea = {**ASKED, "actor": "https://town.example/people/bea"}
    body = as_json(by_bea)
    document = delivered(Message(signature(body, NOW), body, URL), Limits())

    assert judged_by(Sent(FEDI, document, answer=actor())).ignored == (Reason.FORGED,)


@pytest.mark.parametrize("kind", ["Create", "Update", "Delete"])
def test_nobody_speaks_of_what_stands_on_another_server(kind: str) -> None:
    foreign = {**note("notes/1", "ann", "Mine."), "id": "https://else.example/notes/1", "updated": "2026-03-02T12:00:00Z"}

    assert judged_by(delivery(activity(kind, "ann", foreign, "00:00"))).ignored == (Reason.FORGED,)


def test_nobody_makes_what_stands_on_another_server_by_telling_it_alone_or_beside_what_is_ones_own() -> None:
    foreign = {**note("notes/1", "ann", "Mine."), "id": "https://else.example/notes/1", "published": "2026-03-02T12:00:00Z"}

    assert judged_by(delivery({**foreign, "actor": ANN})).ignored == (Reason.FORGED,)
    assert judged_by(delivery({**ASKED, "object": [ASKED["object"], foreign]})).ignored == (Reason.FORGED,)


def test_of_several_things_those_of_other_servers_are_only_named() -> None:
    foreign = {"id": "https://else.example/notes/1", "type": "Note", "attributedTo": "https://else.example/people/eve"}
    ours = {**foreign, "id": "https://town.example/notes/1", "attributedTo": "https://town.example/people/bea"}

    like = activity("Like", "ann", [ours, foreign], "00:00")

    liked, undone = judged_by(delivery(like)).decided, judged_by(delivery(activity("Undo", "ann", like, "01:00"))).decided

    assert [each.author for each in (*liked, *undone)] == ["https://town.example/people/bea", None] * 2


def test_what_is_said_of_the_author_of_anothers_note_is_not_believed() -> None:
    foreign = {"id": "https://else.example/notes/1", "type": "Note", "attributedTo": "https://else.example/people/eve"}

    (liked,) = judged_by(delivery(activity("Like", "ann", foreign, "00:00"))).decided

    assert (liked.artefact.iri, liked.author) == ("https://else.example/notes/1", None)


def test_a_bot_is_known_by_the_document_of_its_key() -> None:
    assert judged_by(delivery(ASKED), actor(type="Service")).ignored == (Reason.BOT,)


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"id": ANN, "publicKey": "https://town.example/key"},
        actor("https://town.example/people/bea"),
        {**actor(), "publicKey": {**actor()["publicKey"], "publicKeyPem": ""}},
    ],
)
def test_a_document_without_the_key_is_incomplete(document: Any) -> None:
    with pytest.raises(Incomplete):
        read_key(FEDI, kept(delivery(ASKED)), Answer(200, TYPED, orjson.dumps(document)))


@pytest.mark.parametrize("called", ["application/json", "text/plain", "application/ld+json", "image/png", None])
def test_a_key_in_what_somebody_uploaded_is_none(called: str | None) -> None:
    uploaded = Answer(200, {} if called is None else {"content-type": called}, orjson.dumps(actor()))

    with pytest.raises(Incomplete):
        read_key(FEDI, kept(delivery(ASKED)), uploaded)


def test_linked_data_of_the_fediverse_may_hold_a_key() -> None:
    called = 'application/ld+json; charset=utf-8; profile="https://www.w3.org/ns/activitystreams"'

    assert read_key(FEDI, kept(delivery(ASKED)), Answer(200, {"content-type": called}, orjson.dumps(actor()))).decided


def test_a_key_may_stand_alone_or_among_others() -> None:
    public = actor()["publicKey"]

    assert judged_by(delivery(ASKED), {"@context": "x", **public}).decided
    assert judged_by(delivery(ASKED), {**actor(), "publicKey": [{"id": "other"}, public]}).decided


@pytest.mark.parametrize("key", [b"no key", b"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----"])
def test_what_is_no_key_verifies_nothing(key: bytes) -> None:
    assert judged(message(ASKED), key) is Verdict.FORGED


IGNORED: list[tuple[Any, Source, Reason]] = [
    (ASKED, replace(FEDI, options={"servers": "else.example"}), Reason.CHANNEL_NOT_ALLOWED),
    (ASKED, replace(FEDI, options={}), Reason.CHANNEL_NOT_ALLOWED),
    ({**ASKED, "object": {**ASKED["object"], "to": [ANN]}}, FEDI, Reason.DIRECT_MESSAGE),
]


@pytest.mark.parametrize(("said", "source", "reason"), IGNORED)
def test_what_is_not_ours_is_not_even_kept(said: Any, source: Source, reason: Reason) -> None:
    reading = read(source, Delivery({}, delivery(said).document))

    assert (reading.ignored, reading.lookups) == ((reason,), ())


def test_a_key_of_another_server_than_the_actors_is_forged() -> None:
    body = as_json({**ASKED, "actor": "https://else.example/eve"})
    document = delivered(Message(signature(body, NOW), body, URL), Limits())

    assert read(FEDI, Delivery({}, document)).ignored == (Reason.FORGED,)


def test_excluded_accounts_are_not_heard() -> None:
    source = replace(FEDI, policy=Policy(excluded=account_names(ANN)))

    assert judged_by(delivery(ASKED), source=source).ignored == (Reason.EXCLUDED_ACCOUNT,)


@pytest.mark.parametrize(
    ("change", "verdict"),
    [
        ({}, Verdict.GENUINE),
        ({"signature": ""}, Verdict.UNSIGNED),
        ({"signature": 'keyId="x"'}, Verdict.FORGED),
        ({"digest": "SHA-256=AAAA"}, Verdict.FORGED),
        ({"date": "yesterday"}, Verdict.FORGED),
        ({"signature-input": "sig1=()"}, Verdict.FORGED),
    ],
)
def test_the_door_takes_only_what_may_be_signed(change: dict[str, str], verdict: Verdict) -> None:
    sent = message(ASKED)

    assert SignedByStranger()(replace(sent, headers={**sent.headers, **change}), [], NOW) is verdict


@pytest.mark.parametrize(("late", "verdict"), [(timedelta(hours=12), Verdict.GENUINE), (timedelta(hours=13), Verdict.STALE)])
def test_the_door_takes_only_what_was_signed_lately(late: timedelta, verdict: Verdict) -> None:
    assert SignedByStranger()(message(ASKED), [], NOW + late) is verdict
    assert SignedByStranger()(by_rfc9421(b"{}"), [], NOW + timedelta(minutes=6)) is Verdict.STALE


def test_a_body_that_was_changed_is_refused_at_the_door() -> None:
    for sent in (message(ASKED), by_rfc9421(as_json(ASKED))):
        assert SignedByStranger()(replace(sent, body=sent.body + b" "), [], NOW) is Verdict.FORGED


def test_what_is_too_long_to_be_kept_is_malformed() -> None:
    long = {**ASKED, "summary": "x" * MOST_BYTES}

    with pytest.raises(Malformed):
        delivered(message(long), Limits())


def test_a_forged_delivery_does_not_stand_in_the_way_of_the_genuine_one() -> None:
    forged, genuine = delivery(ASKED, key=OTHER), delivery(ASKED)

    assert kept(forged).key != kept(genuine).key
    assert ACTIVITYPUB.hook is not None
    assert "signature" in ACTIVITYPUB.hook.fingerprint


async def test_a_conversation_is_told_whole() -> None:
    ear = Ear()

    await ear.hear(*activitypub_conversation())

    told = {(person, verb) for person, verb, _ in acts(ear.statements())}
    assert {
        (ANN, "asked"),
        ("https://town.example/people/bea", "answered"),
        (ANN, "like"),
        (ANN, "unlike"),
        (ANN, "delete"),
    } <= told


def test_a_conversation_is_no_place() -> None:
    talk = "https://town.example/contexts/1"
    said = {**ASKED, "context": talk, "object": {**ASKED["object"], "context": talk, "conversation": talk}}

    (asked,) = judged_by(delivery(said)).decided

    assert asked.place is None
