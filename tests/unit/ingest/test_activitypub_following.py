"""Who we are on the fediverse: an application that shows itself, and follows whom it is told to, one after the other."""

from __future__ import annotations

from dataclasses import replace

import orjson
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from services.ingest.connectors.activitypub import ACTIVITYPUB
from services.ingest.connectors.activitypub.inbox import read
from services.ingest.connectors.activitypub.keys import ask
from services.ingest.connectors.registry import HOOKS
from services.ingest.domain.asking import Answer, Circumstances, Cursor, Request
from services.ingest.domain.reading import Delivery, Reason
from services.ingest.domain.source import Platform
from services.ingest.verifiers import Message, Verdict
from services.ingest.verifiers.strangers import judged
from tests.support.activitypub import ANN, FEDI, KEY, URL, actor, delivery
from tests.support.activitystreams import activity, note
from tests.support.ingest import NOW

CIRCUMSTANCES = Circumstances(NOW, URL)
SECRET_KEY = KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
FOLLOWING = replace(
    FEDI, secrets=(SECRET_KEY,), options={"servers": "town.example", "follow": f"{ANN}, https://town.example/bea"}
)
FOLLOWS = ACTIVITYPUB.polls["follows"]


def shown_to(request: Request) -> Message:
    """Return a request of ours as its server sees it."""
    return Message({name.lower(): value for name, value in request.headers.items()}, request.body, request.url, request.method)


def test_who_we_are_is_shown_at_our_address_if_we_have_a_key() -> None:
    handshake = HOOKS[Platform.ACTIVITYPUB].handshake
    assert handshake is not None
    asked = Message({}, b"", f"{URL}?x=1", "GET")

    reply = handshake(asked, [SECRET_KEY])

    assert reply is not None
    assert reply.media_type == "application/activity+json"
    document = orjson.loads(reply.body)
    assert (document["id"], document["inbox"], document["preferredUsername"]) == (URL, URL, "fedi")
    assert document["publicKey"]["publicKeyPem"] == actor()["publicKey"]["publicKeyPem"]
    assert handshake(asked, [b"a plain secret"]) is None
    assert handshake(replace(asked, method="POST"), [SECRET_KEY]) is None


def test_accounts_are_asked_where_they_are_delivered_to_and_then_followed_one_after_the_other() -> None:
    cursor: Cursor = {}
    requests = []
    while request := FOLLOWS.ask(FOLLOWING, cursor, CIRCUMSTANCES):
        requests.append(request)
        body = orjson.dumps(actor(request.url)) if request.method == "GET" else b""
        cursor = FOLLOWS.read(FOLLOWING, cursor, Answer(200, {}, body)).cursor

    bea = "https://town.example/bea"
    assert [(each.method, each.url) for each in requests] == [
        ("GET", ANN),
        ("POST", f"{ANN}/inbox"),
        ("GET", bea),
        ("POST", f"{bea}/inbox"),
    ]
    assert orjson.loads(requests[1].body)["object"] == ANN
    public = actor()["publicKey"]["publicKeyPem"].encode()
    assert {judged(shown_to(each), public) for each in requests} == {Verdict.GENUINE}
    assert not any(each.shown for each in requests)


@pytest.mark.parametrize("body", [b"", b"[]", orjson.dumps(actor(inbox="https://else.example/inbox")), b'{"inbox": 7}'])
def test_an_account_that_is_delivered_to_elsewhere_is_passed_over(body: bytes) -> None:
    page = FOLLOWS.read(FOLLOWING, {}, Answer(200, {}, body))

    assert (page.cursor, page.reading.ignored) == ({"followed": [ANN]}, (Reason.INCOMPLETE,))


@pytest.mark.parametrize("status", [404, 410])
@pytest.mark.parametrize("cursor", [{}, {"followed": [], "inbox": f"{ANN}/inbox"}], ids=["account", "inbox"])
def test_an_account_that_is_gone_keeps_no_other_from_being_followed(cursor: Cursor, status: int) -> None:
    asked = FOLLOWS.ask(FOLLOWING, cursor, CIRCUMSTANCES)
    page = FOLLOWS.read(FOLLOWING, cursor, Answer(status, {}, orjson.dumps(actor())))
    onward = FOLLOWS.ask(FOLLOWING, page.cursor, CIRCUMSTANCES)

    assert asked is not None
    assert status in asked.bears
    assert (page.reading.ignored, page.more) == ((Reason.GONE,), True)
    assert onward is not None
    assert (onward.method, onward.url) == ("GET", "https://town.example/bea")


@pytest.mark.parametrize("cursor", [{}, {"followed": [], "inbox": f"{ANN}/inbox"}], ids=["account", "inbox"])
def test_an_account_whose_server_is_away_goes_behind_the_others_and_stays_among_those_to_follow(cursor: Cursor) -> None:
    assert FOLLOWS.past is not None
    bea = "https://town.example/bea"

    once = FOLLOWS.past(FOLLOWING, cursor)
    twice = FOLLOWS.past(FOLLOWING, once)
    thrice = FOLLOWS.past(FOLLOWING, twice)
    followed = FOLLOWS.read(FOLLOWING, {**once, "inbox": f"{bea}/inbox"}, Answer(200)).cursor

    onward = [FOLLOWS.ask(FOLLOWING, each, CIRCUMSTANCES) for each in (once, twice, thrice, followed)]
    assert [each.url if each else None for each in onward] == [bea, ANN, bea, ANN]
    assert (twice, thrice) == ({"followed": [], "away": [ANN, bea]}, {"followed": [], "away": [bea, ANN]})
    assert FOLLOWS.read(FOLLOWING, {**followed, "inbox": f"{ANN}/inbox"}, Answer(200)).cursor == {"followed": [bea, ANN]}


def test_each_account_is_followed_by_an_activity_of_its_own_in_whatever_order() -> None:
    asked = [
        FOLLOWS.ask(FOLLOWING, {"followed": [], "inbox": "https://town.example/inbox", **more}, CIRCUMSTANCES)
        for more in ({}, {"away": [ANN]})
    ]

    assert len({orjson.loads(each.body)["id"] for each in asked if each}) == 2


def test_without_a_key_nobody_is_followed() -> None:
    assert FOLLOWS.ask(replace(FOLLOWING, secrets=(b"a plain secret",)), {}, CIRCUMSTANCES) is None
    assert FOLLOWS.ask(replace(FOLLOWING, options={}), {}, CIRCUMSTANCES) is None


def test_keys_are_asked_for_with_our_signature_if_we_have_a_key() -> None:
    asked = delivery(activity("Create", "ann", note("notes/1", "ann", "How do I restart the broker?"), "00:00"))
    (lookup,) = read(FEDI, Delivery({}, asked.document)).lookups

    request = ask(FOLLOWING, lookup, CIRCUMSTANCES)

    assert judged(shown_to(request), actor()["publicKey"]["publicKeyPem"].encode()) is Verdict.GENUINE
