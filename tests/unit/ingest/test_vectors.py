"""Published and computed signatures of every platform are genuine; whatever is changed about them, they are refused.

SYMPOSIA_SAMPLES names a directory with more of them, in a file `signature_vectors.json` of the same shape.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest

from services.ingest.connectors.discourse import VERIFY as DISCOURSE
from services.ingest.connectors.github import VERIFY as GITHUB
from services.ingest.connectors.mattermost import VERIFY as MATTERMOST
from services.ingest.connectors.slack import VERIFY as SLACK
from services.ingest.connectors.webex import VERIFY as WEBEX
from services.ingest.handshakes import LINKEDIN as LINKEDIN_CHALLENGE
from services.ingest.handshakes import ZOOM as ZOOM_CHALLENGE
from services.ingest.handshakes import HmacChallenge
from services.ingest.handshakes import X as X_CHALLENGE
from services.ingest.verifiers import (
    BodyHmac,
    Encoding,
    Message,
    Scheme,
    SharedToken,
    StandardWebhook,
    TimedHmac,
    UrlHash,
    Verdict,
    Verifier,
    bearer,
)
from services.ingest.verifiers.body_hmac import LINKEDIN, WEBSUB

VERIFIERS: dict[str, Verifier] = {
    "slack": SLACK,
    "zoom": TimedHmac("x-zm-signature", "x-zm-request-timestamp"),
    "discourse": DISCOURSE,
    "github": GITHUB,
    "meta": BodyHmac("x-hub-signature-256"),
    "mastodon-admin-webhook": BodyHmac("x-hub-signature"),
    "confluence-dc": BodyHmac("x-hub-signature"),
    "websub": BodyHmac("x-hub-signature", WEBSUB),
    "webex": WEBEX,
    "x": BodyHmac("x-twitter-webhooks-signature", (Scheme(encoding=Encoding.BASE64),)),
    "linkedin": BodyHmac("x-li-signature", LINKEDIN),
    "bigbluebutton": UrlHash(),
    "standard-webhooks": StandardWebhook(),
    "matrix": SharedToken(bearer),
    "mattermost": MATTERMOST,
}
CHALLENGES: dict[str, HmacChallenge] = {"zoom": ZOOM_CHALLENGE, "x": X_CHALLENGE, "linkedin": LINKEDIN_CHALLENGE}
TIMED = {"slack", "zoom", "standard-webhooks"}
UNSIGNED_BODIES = {"matrix", "mattermost"}
NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)


def vectors() -> list[dict[str, Any]]:
    files = [Path(__file__).parent / "vectors.json"]
    if elsewhere := os.environ.get("SYMPOSIA_SAMPLES"):
        files.append(Path(elsewhere) / "signature_vectors.json")
    return [vector for file in files for vector in orjson.loads(file.read_bytes())]


def platform_of(vector: dict[str, Any]) -> str:
    return str(vector["platform"].partition(" ")[0])


def signed_at(vector: dict[str, Any]) -> datetime:
    return datetime.fromtimestamp(int(vector["timestamp"]), UTC) if "timestamp" in vector else NOW


def messages(vector: dict[str, Any]) -> Iterator[Message]:
    """Yield the delivery as it is signed, and as it may be signed as well."""
    body, url = vector["body"].encode(), vector.get("url", "https://ingest.example.org/hooks/it/1")
    shown = [*vector.get("query", {}).values(), *(vector.get("alternatives", {}).values() if "query" in vector else ())]
    for checksum in shown:
        yield Message({}, body, f"{url}?checksum={checksum}")
    if "query" not in vector:
        for headers in (vector["headers"], vector.get("alternatives", vector["headers"])):
            yield Message({name.lower(): value for name, value in headers.items()}, body, url)


CASES = [
    pytest.param(vector, message, id=f"{platform_of(vector)}-{number}")
    for vector in vectors()
    for number, message in enumerate(messages(vector))
]


def judged(vector: dict[str, Any], message: Message, secrets: Sequence[str] = (), after: timedelta = timedelta()) -> Verdict:
    given = [each.encode() for each in secrets or (vector["secret"],)]
    return VERIFIERS[platform_of(vector)](message, given, signed_at(vector) + after)


@pytest.mark.parametrize(("vector", "message"), CASES)
class TestAVector:
    def test_is_genuine(self, vector: dict[str, Any], message: Message) -> None:
        assert judged(vector, message) is Verdict.GENUINE
        assert judged(vector, message, ("whsec_bmV3ZXI=", vector["secret"])) is Verdict.GENUINE

    def test_under_another_secret_is_forged(self, vector: dict[str, Any], message: Message) -> None:
        assert judged(vector, message, (vector["secret"][:-2] + "zz",)) is Verdict.FORGED

    def test_with_any_flipped_bit_is_refused(self, vector: dict[str, Any], message: Message) -> None:
        if platform_of(vector) == "matrix":
            return  # the token is all that is checked: the next test flips it
        for at in {0, len(message.body) // 2, len(message.body) - 1, message.body.find(vector["secret"].encode())} - {-1}:
            flipped = bytearray(message.body)
            flipped[at] ^= 1
            verdict = judged(vector, replace(message, body=bytes(flipped)))
            in_token = platform_of(vector) == "mattermost" and verdict is Verdict.GENUINE
            assert verdict in (Verdict.FORGED, Verdict.UNSIGNED) or (in_token and vector["secret"].encode() in flipped)

    def test_with_another_signature_is_refused(self, vector: dict[str, Any], message: Message) -> None:
        for name, value in message.headers.items():
            for other in (value[:-1] + chr(ord(value[-1]) ^ 1), "é", value + "0", ""):
                refused = judged(vector, replace(message, headers={**message.headers, name: other}))
                assert refused in (Verdict.FORGED, Verdict.STALE, Verdict.UNSIGNED)
        if message.query:
            assert judged(vector, replace(message, url=message.url[:-1] + "g")) is Verdict.FORGED
            assert judged(vector, replace(message, url=message.url.replace("/1?", "/2?"))) is Verdict.FORGED

    def test_without_a_signature_is_unsigned(self, vector: dict[str, Any], message: Message) -> None:
        bare = replace(message, headers={}, url=message.url.partition("?")[0])
        assert judged(vector, replace(bare, body=b"{}")) is Verdict.UNSIGNED

    def test_whose_body_was_written_anew_is_forged(self, vector: dict[str, Any], message: Message) -> None:
        if platform_of(vector) not in UNSIGNED_BODIES:
            for rewritten in (message.body + b" ", b" " + message.body, message.body.replace(b":", b": ", 1) + b"\n"):
                assert judged(vector, replace(message, body=rewritten)) is Verdict.FORGED

    def test_that_names_a_time_is_stale_beyond_its_window(self, vector: dict[str, Any], message: Message) -> None:
        late = judged(vector, message, after=timedelta(seconds=301))
        early = judged(vector, message, after=-timedelta(seconds=301))

        expected = Verdict.STALE if platform_of(vector) in TIMED else Verdict.GENUINE
        assert (late, early) == (expected, expected)


@pytest.mark.parametrize("vector", [each for each in vectors() if "challenge" in each], ids=platform_of)
def test_a_challenge_is_answered_with_its_hmac(vector: dict[str, Any]) -> None:
    (asked, challenge), answer = next(iter(vector["challenge"].items())), vector["challenge"]
    body = orjson.dumps({"event": "endpoint.url_validation", "payload": {asked: challenge}})
    by_post = platform_of(vector) == "zoom"
    message = Message({}, body if by_post else b"", f"https://i.example/h?{asked}={challenge}", "POST" if by_post else "GET")

    reply = CHALLENGES[platform_of(vector)](message, [vector["secret"].encode(), b"the one before"])

    assert reply is not None
    said = orjson.loads(reply.body)
    assert {**answer, **said} == answer
