"""A delivery is genuine only if who holds the secret signed these very bytes, lately."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import orjson
import pytest

from services.ingest.domain.source import Platform
from services.ingest.verifiers import Verdict, Verifier, discourse, slack
from tests.support.ingest import NOW, SECRET, sign

BODY = b'{"type": "event_callback", "event_id": "Ev1"}'
DOCUMENTED = (
    b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar"
    b"&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com"
    b"%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN"
    b"&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c"
)


def test_slacks_documented_example_is_genuine() -> None:
    headers = {
        "x-slack-request-timestamp": "1531420618",
        "x-slack-signature": "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503",
    }
    then = datetime.fromtimestamp(1531420618, UTC)

    verdict = slack(headers, DOCUMENTED, [b"8f742231b10e8888abcd99yyyzzz85a5"], then)

    assert verdict is Verdict.GENUINE


def test_discourses_own_example_is_genuine() -> None:
    headers = {
        "x-discourse-event-signature": "sha256=162f107f6b5022353274eb1a7197885cfd35744d8d08e5bcea025d309386b7d6",
    }

    verdict = discourse(headers, b'{"ping":"OK"}', [b"my_lovely_secret_for_web_hook"], NOW)

    assert verdict is Verdict.GENUINE


@pytest.mark.parametrize(("platform", "verify"), [(Platform.SLACK, slack), (Platform.DISCOURSE, discourse)])
class TestEveryScheme:
    def test_another_secret_is_forged(self, platform: Platform, verify: Verifier) -> None:
        assert verify(sign(platform, BODY, b"another secret", NOW), BODY, [SECRET], NOW) is Verdict.FORGED

    def test_a_flipped_bit_is_forged(self, platform: Platform, verify: Verifier) -> None:
        flipped = bytes([BODY[0] ^ 1]) + BODY[1:]

        assert verify(sign(platform, BODY, SECRET, NOW), flipped, [SECRET], NOW) is Verdict.FORGED

    def test_a_body_written_anew_is_forged(self, platform: Platform, verify: Verifier) -> None:
        rewritten = orjson.dumps(orjson.loads(BODY))

        assert verify(sign(platform, BODY, SECRET, NOW), rewritten, [SECRET], NOW) is Verdict.FORGED

    def test_the_secret_before_the_rotation_is_genuine(self, platform: Platform, verify: Verifier) -> None:
        assert verify(sign(platform, BODY, SECRET, NOW), BODY, [b"the new secret", SECRET], NOW) is Verdict.GENUINE

    def test_no_signature_is_unsigned(self, platform: Platform, verify: Verifier) -> None:
        del platform
        assert verify({}, BODY, [SECRET], NOW) is Verdict.UNSIGNED

    def test_a_signature_that_is_no_ascii_is_forged(self, platform: Platform, verify: Verifier) -> None:
        headers = {name: "v0=é" if "signature" in name else value for name, value in sign(platform, BODY, SECRET, NOW).items()}

        assert verify(headers, BODY, [SECRET], NOW) is Verdict.FORGED

    def test_without_secrets_nothing_is_genuine(self, platform: Platform, verify: Verifier) -> None:
        assert verify(sign(platform, BODY, SECRET, NOW), BODY, [], NOW) is Verdict.FORGED


@pytest.mark.parametrize(("seconds", "verdict"), [(300, Verdict.GENUINE), (301, Verdict.STALE), (-301, Verdict.STALE)])
def test_slacks_window_is_300_seconds_either_way(seconds: int, verdict: Verdict) -> None:
    headers = sign(Platform.SLACK, BODY, SECRET, NOW)

    assert slack(headers, BODY, [SECRET], NOW + timedelta(seconds=seconds)) is verdict


def test_another_timestamp_than_the_signed_one_is_forged() -> None:
    headers = sign(Platform.SLACK, BODY, SECRET, NOW - timedelta(days=1))
    headers["x-slack-request-timestamp"] = str(int(NOW.timestamp()))

    assert slack(headers, BODY, [SECRET], NOW) is Verdict.FORGED


@pytest.mark.parametrize("timestamp", ["", "now", "-1", "1.5", "٣", "9" * 400, " 1772452800"])
def test_a_timestamp_that_is_no_plain_number_is_unsigned(timestamp: str) -> None:
    headers = {"x-slack-request-timestamp": timestamp, "x-slack-signature": "v0=00"}

    assert slack(headers, BODY, [SECRET], NOW) is Verdict.UNSIGNED
