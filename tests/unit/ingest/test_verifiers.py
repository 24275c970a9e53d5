"""A delivery is genuine only if who holds the secret signed these very bytes, lately."""

from __future__ import annotations

from base64 import b64encode
from datetime import timedelta

import orjson
import pytest

from services.ingest.connectors.registry import HOOKS
from services.ingest.connectors.slack import VERIFY as SLACK
from services.ingest.domain.source import Platform
from services.ingest.verifiers import Message, SharedToken, StandardWebhook, UrlHash, Verdict, bearer
from services.ingest.verifiers.token import basic, in_body
from tests.support.ingest import NOW, SECRET
from tests.support.signing import KEYED, SHOWN, sign

BODY = b'{"type": "event_callback", "event_id": "Ev1"}'
IN_HEADERS = sorted(platform for platform in HOOKS if platform not in KEYED and sign(platform, BODY, SECRET, NOW))
"""Platforms whose deliveries show in their headers who sent them: others show it in the body, or not at all."""


STANDARD = StandardWebhook()


def standard(name: str = "msg_1") -> dict[str, str]:
    signed_at = int(NOW.timestamp())
    signature = STANDARD.sign(SECRET, name, signed_at, BODY).decode()
    return {"webhook-id": name, "webhook-timestamp": str(signed_at), "webhook-signature": signature}


def judged(platform: Platform, headers: dict[str, str], body: bytes = BODY, secrets: tuple[bytes, ...] = (SECRET,)) -> Verdict:
    return HOOKS[platform].verify(Message(headers, body), secrets, NOW)


@pytest.mark.parametrize("platform", IN_HEADERS)
class TestEveryScheme:
    def test_another_secret_is_forged(self, platform: Platform) -> None:
        assert judged(platform, sign(platform, BODY, b"another secret", NOW), BODY, (SECRET,)) is Verdict.FORGED

    def test_the_secret_before_the_rotation_is_genuine(self, platform: Platform) -> None:
        assert judged(platform, sign(platform, BODY, SECRET, NOW), BODY, (b"the new secret", SECRET)) is Verdict.GENUINE

    def test_no_signature_is_unsigned(self, platform: Platform) -> None:
        assert judged(platform, {}, BODY, (SECRET,)) is Verdict.UNSIGNED

    def test_a_signature_that_is_no_ascii_is_forged(self, platform: Platform) -> None:
        signed = sign(platform, BODY, SECRET, NOW)
        headers = {name: "v0=é" if "signature" in name else value.replace(SECRET.decode(), "é") for name, value in signed.items()}

        assert judged(platform, headers, BODY, (SECRET,)) is Verdict.FORGED

    def test_without_secrets_nothing_is_genuine(self, platform: Platform) -> None:
        assert judged(platform, sign(platform, BODY, SECRET, NOW), BODY, ()) is Verdict.FORGED


@pytest.mark.parametrize("platform", sorted({*IN_HEADERS} - SHOWN))
class TestEverySignatureOverABody:
    def test_a_flipped_bit_is_forged(self, platform: Platform) -> None:
        flipped = bytes([BODY[0] ^ 1]) + BODY[1:]

        assert judged(platform, sign(platform, BODY, SECRET, NOW), flipped, (SECRET,)) is Verdict.FORGED

    def test_a_body_written_anew_is_forged(self, platform: Platform) -> None:
        rewritten = orjson.dumps(orjson.loads(BODY))

        assert judged(platform, sign(platform, BODY, SECRET, NOW), rewritten, (SECRET,)) is Verdict.FORGED


@pytest.mark.parametrize(("seconds", "verdict"), [(300, Verdict.GENUINE), (301, Verdict.STALE), (-301, Verdict.STALE)])
def test_slacks_window_is_300_seconds_either_way(seconds: int, verdict: Verdict) -> None:
    headers = sign(Platform.SLACK, BODY, SECRET, NOW)

    assert SLACK(Message(headers, BODY), [SECRET], NOW + timedelta(seconds=seconds)) is verdict


def shown(headers: dict[str, str], body: bytes = b"", url: str = "") -> Message:
    return Message(headers, body, url)


def in_basic(pair: str) -> str:
    return "Basic " + b64encode(pair.encode()).decode()


@pytest.mark.parametrize(
    ("authorization", "found"),
    [
        ("Bearer token", ("token",)),
        ("bearer  token ", ("token",)),
        ("Bearer ", ()),
        ("Bearer", ()),
        ("Basic token", ()),
        ("", ()),
    ],
)
def test_a_bearer_shows_one_token(authorization: str, found: tuple[str, ...]) -> None:
    assert bearer(shown({"authorization": authorization})) == found
    assert bearer(shown({})) == ()


@pytest.mark.parametrize(
    ("authorization", "found"),
    [
        (in_basic("anybody:pass:word"), ("pass:word",)),
        (in_basic(":pass").replace("Basic ", "BASIC  ") + " ", ("pass",)),
        (in_basic("anybody:"), ()),
        (in_basic("anybody"), ()),
        ("Basic !" + in_basic("a:pass")[6:], ()),
        ("Basic /w==", ()),
        (in_basic("a:pass").replace("Basic", "Bearer"), ()),
        ("", ()),
    ],
)
def test_basic_shows_the_password_whoevers_it_is_rfc_7617(authorization: str, found: tuple[str, ...]) -> None:
    assert basic(shown({"authorization": authorization})) == found
    assert basic(shown({})) == ()


@pytest.mark.parametrize(
    ("body", "found"),
    [
        (b'{"token": "t"}', ["t"]),
        (b'{"token": ""}', []),
        (b'{"token": 7}', []),
        (b'{"token": ["t"]}', []),
        (b'["token"]', []),
        (b"token=t&token=u", ["t", "u"]),
        (b"token=", []),
        (b"other=t", []),
        (b"token=\xff", []),
        (b"&".join([b"token=t"] * 101), []),
        (b'{"token": "t", "more": [' + b"0," * 100_000 + b"0]}", []),
    ],
)
def test_a_body_shows_its_token_in_json_or_in_a_form(body: bytes, found: list[str]) -> None:
    assert list(in_body("token")(shown({}, body))) == found


def test_every_token_that_is_shown_has_to_fit() -> None:
    check = SharedToken(in_body("token"))

    verdicts = [check(shown({}, body), [b"t"], NOW) for body in (b"token=t&token=t", b"token=t&token=u", b"", rb'"\ud800"')]

    assert verdicts == [Verdict.GENUINE, Verdict.FORGED, Verdict.UNSIGNED, Verdict.UNSIGNED]


def test_a_hash_of_no_known_length_is_forged() -> None:
    assert UrlHash()(shown({}, b"", "https://i.example/h?checksum=abc"), [SECRET], NOW) is Verdict.FORGED


def test_another_timestamp_than_the_signed_one_is_forged() -> None:
    headers = sign(Platform.SLACK, BODY, SECRET, NOW - timedelta(days=1))
    headers["x-slack-request-timestamp"] = str(int(NOW.timestamp()))

    assert SLACK(Message(headers, BODY), [SECRET], NOW) is Verdict.FORGED


def test_a_time_without_a_signature_is_unsigned() -> None:
    signed = sign(Platform.SLACK, BODY, SECRET, NOW)

    assert SLACK(Message({**signed, "x-slack-signature": ""}, BODY), [SECRET], NOW) is Verdict.UNSIGNED
    assert (
        SLACK(Message({"x-slack-request-timestamp": signed["x-slack-request-timestamp"]}, BODY), [SECRET], NOW)
        is Verdict.UNSIGNED
    )


@pytest.mark.parametrize("missing", ["webhook-id", "webhook-timestamp", "webhook-signature"])
def test_a_standard_webhook_without_one_of_its_headers_is_unsigned(missing: str) -> None:
    headers = {name: value for name, value in standard().items() if name != missing}

    assert STANDARD(Message(headers, BODY), [SECRET], NOW) is Verdict.UNSIGNED


@pytest.mark.parametrize(("others", "verdict"), [(0, Verdict.GENUINE), (7, Verdict.GENUINE), (8, Verdict.FORGED)])
def test_of_the_signatures_of_a_standard_webhook_eight_are_looked_at(others: int, verdict: Verdict) -> None:
    headers = standard()
    headers["webhook-signature"] = " ".join([*["v1,AAAA"] * others, headers["webhook-signature"]])

    assert STANDARD(Message(headers, BODY), [SECRET], NOW) is verdict


@pytest.mark.parametrize(("length", "verdict"), [(256, Verdict.GENUINE), (257, Verdict.FORGED)])
def test_the_id_of_a_standard_webhook_is_no_longer_than_an_id(length: int, verdict: Verdict) -> None:
    assert STANDARD(Message(standard("x" * length), BODY), [SECRET], NOW) is verdict


@pytest.mark.parametrize("timestamp", ["", "now", "-1", "1.5", "٣", "9" * 400, " 1772452800"])
def test_a_timestamp_that_is_no_plain_number_is_unsigned(timestamp: str) -> None:
    headers = {"x-slack-request-timestamp": timestamp, "x-slack-signature": "v0=00"}

    assert SLACK(Message(headers, BODY), [SECRET], NOW) is Verdict.UNSIGNED
