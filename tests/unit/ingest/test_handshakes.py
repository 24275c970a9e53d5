"""What a platform asks before it delivers is answered; what only looks like it is not."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from services.ingest.handshakes import (
    LINKEDIN,
    ZOOM,
    Echo,
    Handshake,
    HubChallenge,
    Reply,
    ValidationToken,
    X,
    admits_verify_token,
    verify_token,
)
from services.ingest.verifiers import Message

SECRET = b"a secret of a hub"
HUB = HubChallenge(admits_verify_token)


def get(**query: str) -> Message:
    written = "&".join(f"{name.replace('_', '.', 1)}={quote(value)}" for name, value in query.items())
    return Message({}, b"", f"https://ingest.example/hooks/a/b?{written}", "GET")


def test_an_echo_gives_back_what_was_signed() -> None:
    message = Message({}, b'{"type": "url_verification", "challenge": "3eZbrw"}')

    assert Echo("url_verification")(message, []) == Reply(b"3eZbrw")
    assert Echo("url_verification").signed


def test_a_question_may_be_written_with_escapes() -> None:
    slack = Message({}, rb'{"type": "url\u005fverification", "challenge": "3eZbrw"}')
    zoom = Message({}, rb'{"event": "endpoint\u002eurl_validation", "payload": {"plainToken": "abc"}}')

    assert Echo("url_verification")(slack, []) == Reply(b"3eZbrw")
    assert ZOOM(zoom, [SECRET]) is not None


def test_a_validation_token_is_given_back_decoded_and_as_text() -> None:
    message = Message({}, b"", "https://ingest.example/hooks/a/b?validationToken=a%20%3Cb%3E")

    assert ValidationToken()(message, []) == Reply(b"a <b>", "text/plain; charset=utf-8")


@pytest.mark.parametrize("mode", ["subscribe", "unsubscribe"])
def test_a_hub_that_knows_the_word_is_given_its_challenge(mode: str) -> None:
    message = get(hub_mode=mode, hub_challenge="1158201444", hub_verify_token=verify_token(SECRET))

    assert HUB(message, [b"newer", SECRET]) == Reply(b"1158201444")


@pytest.mark.parametrize(
    "message",
    [
        get(hub_mode="subscribe", hub_challenge="1", hub_verify_token="guessed"),
        get(hub_mode="subscribe", hub_challenge="1"),
        get(hub_mode="denied", hub_challenge="1", hub_verify_token=verify_token(SECRET)),
        get(hub_mode="subscribe", hub_verify_token=verify_token(SECRET)),
        get(hub_mode="subscribe", hub_challenge="x" * 3000, hub_verify_token=verify_token(SECRET)),
    ],
)
def test_a_hub_that_does_not_is_given_nothing(message: Message) -> None:
    assert HUB(message, [SECRET]) is None


@pytest.mark.parametrize("handshake", [Echo("url_verification"), ValidationToken(), ZOOM, X, LINKEDIN, HUB])
@pytest.mark.parametrize(
    ("body", "query"),
    [
        (b"", ""),
        (b"[]", "validationToken="),
        (b"\xff", "crc_token=%00&crc_token=1"),
        (b'{"type": "url_verification"}', "hub.mode=subscribe"),
        (b'{"type": "url_verification", "challenge": 7}', "challengeCode=" + "x" * 5000),
        (b'{"event": "endpoint.url_validation", "payload": {"plainToken": null}}', "&".join(["a=1"] * 200)),
        (b'{"event": "endpoint.url_validation", "payload": []}', "%"),
    ],
)
def test_what_asks_nothing_is_answered_nothing(handshake: Handshake, body: bytes, query: str) -> None:
    for method in ("GET", "POST"):
        message = Message({}, body, f"https://ingest.example/hooks/a/b?{query}", method)
        assert handshake(message, [SECRET]) is None


@pytest.mark.parametrize("challenge", ['{"for_user_id":"1"}', 'hmacsha256={"type":"x"}', "v0:1:{}", "a b", "a\n", "[]"])
def test_nobody_has_the_body_of_a_delivery_signed_as_a_challenge(challenge: str) -> None:
    asked = {name: f"https://ingest.example/hooks/a/b?{name}={quote(challenge)}" for name in ("crc_token", "challengeCode")}

    assert X(Message({}, b"", asked["crc_token"], "GET"), [SECRET]) is None
    assert LINKEDIN(Message({}, b"", asked["challengeCode"], "GET"), [SECRET]) is None
