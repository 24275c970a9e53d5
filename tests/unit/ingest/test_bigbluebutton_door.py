"""How BigBlueButton's deliveries are parsed, and by what they are known to be genuine."""

from __future__ import annotations

from urllib.parse import urlencode

import orjson
import pytest

from services.ingest.connectors.bigbluebutton import BIGBLUEBUTTON, verify
from services.ingest.connectors.bigbluebutton.events import parse, read
from services.ingest.domain.reading import Delivery, Reason
from services.ingest.verifiers import Message, Verdict
from shared.xapi.guard import Limits, Malformed
from tests.support.bigbluebutton import BBB, as_form, bbb, checksum, said
from tests.support.ingest import NOW, SECRET

LIMITS = Limits(size=10_000, depth=20, nodes=1_000)
DOOR = "https://symposia.acme.example/hooks/bigbluebutton/clinic"
JOINED = bbb("user-joined", "12:00:00", "23", "w_1", guest=False)
QUESTION = said("23", "w_1", "12:05:00", "m-1", "How?")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"event=",
        b"domain=x&timestamp=1",
        b"event=[",
        b"event={}",
        b"event=%FF",
        b"{}",
        b"[",
        b"&" * 300,
        b"event=" + b"[" * 90 + b"]" * 90,
    ],
)
def test_what_is_no_form_with_events_is_malformed(body: bytes) -> None:
    with pytest.raises(Malformed):
        parse(Message({}, body), LIMITS)


def test_a_form_and_a_bare_array_are_read_alike() -> None:
    events = QUESTION.document["event"]

    forms = [as_form({"event": events}), orjson.dumps(events), urlencode({"event": orjson.dumps(events).decode()}).encode()]

    assert [parse(Message({}, each), LIMITS) for each in forms] == [{"event": events}] * 3


@pytest.mark.parametrize("algorithm", ["sha1", "sha256", "sha384", "sha512"])
@pytest.mark.parametrize("url", [DOOR, f"{DOOR}?x=1"])
def test_a_checksum_is_over_address_body_and_secret(algorithm: str, url: str) -> None:
    body, other = QUESTION.body, JOINED.body
    signed = checksum(url, body, SECRET, algorithm)

    def verdict(body: bytes, url: str, secret: bytes = SECRET) -> Verdict:
        return verify(Message({}, body, url), (b"the secret before", secret), NOW)

    assert verdict(body, signed) is Verdict.GENUINE
    assert verdict(other, signed) is Verdict.FORGED
    assert verdict(body, signed.replace("clinic", "other")) is Verdict.FORGED
    assert verdict(body, signed[:-1] + ("0" if signed[-1] != "0" else "1")) is Verdict.FORGED
    assert verdict(body, signed, b"another secret") is Verdict.FORGED
    assert verdict(body, url) is Verdict.UNSIGNED


def test_the_secret_itself_may_be_shown_instead() -> None:
    def verdict(token: str) -> Verdict:
        return verify(Message({"authorization": f"Bearer {token}"}, QUESTION.body, DOOR), (SECRET,), NOW)

    assert verdict(SECRET.decode()) is Verdict.GENUINE
    assert verdict("something else") is Verdict.FORGED


def test_a_wrong_checksum_is_forged_even_beside_the_secret() -> None:
    message = Message({"authorization": f"Bearer {SECRET.decode()}"}, QUESTION.body, f"{DOOR}?checksum={'0' * 64}")

    assert verify(message, (SECRET,), NOW) is Verdict.FORGED


def test_the_sample_is_genuine_and_means_nothing() -> None:
    assert BIGBLUEBUTTON.hook is not None
    sample = BIGBLUEBUTTON.hook.sample(SECRET, NOW)
    message = Message(sample.headers, sample.body, DOOR)

    assert verify(message, (SECRET,), NOW) is Verdict.GENUINE
    assert read(BBB, Delivery({}, parse(message, LIMITS))).ignored == (Reason.UNMAPPED,)
