"""What Canvas signs, or shows a token for, is known as its own."""

from __future__ import annotations

import base64
import random
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import quote

import pytest

from services.ingest.connectors.canvas import VERIFY
from services.ingest.connectors.canvas.events import read
from services.ingest.connectors.fields import Incomplete
from services.ingest.connectors.registry import HOOKS
from services.ingest.domain.reading import Delivery, Reason
from services.ingest.domain.source import Platform
from services.ingest.sources import BadSource, sample_of
from services.ingest.verifiers import Message, Verdict
from shared.xapi.guard import Limits, Malformed
from tests.support.canvas import CANVAS, canvas_conversation, key_set, new_key, signed, unix
from tests.support.ingest import NOW, SECRET, as_json
from tests.unit.ingest.test_canvas import ASKED

KEY, OTHER = new_key(3), new_key(2)


KEYS = key_set(OTHER, KEY)


TOKEN = signed(ASKED, KEY)


def judged(body: bytes, secrets: list[bytes], query: str = "", headers: Mapping[str, str] | None = None) -> Verdict:
    return VERIFY(Message(headers or {}, body, f"https://in.acme.example/hooks/canvas/class{query}"), secrets, NOW)


OURS = {"hostname": "acme.instructure.com"}
THEIRS = {"hostname": "rival.instructure.com"}


@pytest.mark.parametrize(
    ("options", "metadata", "heard"),
    [
        ({}, OURS, True),
        ({}, {"hostname": "ACME.instructure.com"}, True),
        ({}, THEIRS, False),
        ({}, {"hostname": None}, False),
        ({"account": "x7q"}, THEIRS | {"root_account_uuid": "x7q"}, True),
        ({"account": "x7q"}, OURS | {"root_account_uuid": "y8r"}, False),
        ({"account": "21070000000000001"}, {"hostname": None}, True),
    ],
)
def test_what_canvas_signs_for_another_customer_is_not_heard(options: Any, metadata: Any, *, heard: bool) -> None:
    event = {**ASKED, "metadata": {**ASKED["metadata"], **metadata}}
    source = replace(CANVAS, secrets=(KEYS,), options=options)

    reading = read(source, Delivery({}, event))

    assert reading.ignored == (() if heard else (Reason.FORGED,))
    assert bool(reading.decided or reading.undecided) is heard


def test_whoever_shows_a_token_is_asked_for_no_host() -> None:
    elsewhere = {**ASKED, "metadata": {**ASKED["metadata"], **THEIRS}}

    assert read(CANVAS, Delivery({}, elsewhere)).ignored == ()


@pytest.mark.parametrize(
    ("body", "verdict"),
    [
        (TOKEN, Verdict.GENUINE),
        (b'"' + TOKEN + b'"\n', Verdict.GENUINE),
        (signed(ASKED, KEY, exp=unix() + 1), Verdict.GENUINE),
        (signed(ASKED, KEY, exp=unix() - 3600), Verdict.STALE),
        (signed(ASKED, new_key(3)), Verdict.FORGED),
        (TOKEN[:-8] + b"AAAAAAAA", Verdict.FORGED),
        (TOKEN[:40] + b"A" + TOKEN[41:], Verdict.FORGED),
        (TOKEN.rpartition(b".")[0] + b".", Verdict.UNSIGNED),
        (as_json(ASKED), Verdict.UNSIGNED),
        (b"", Verdict.UNSIGNED),
    ],
)
def test_a_signed_event_is_known_by_canvas_keys(body: bytes, verdict: Verdict) -> None:
    assert judged(body, [KEYS]) is verdict


def test_a_token_that_names_no_algorithm_or_a_shared_one_is_forged() -> None:
    claims = TOKEN.split(b".")[1]
    for header in (b'{"alg":"none"}', b'{"alg":"HS256"}'):
        forged = base64.urlsafe_b64encode(header).rstrip(b"=") + b"." + claims + b".AAAA"
        assert judged(forged, [KEYS]) is Verdict.FORGED


def test_the_keys_before_a_rotation_hold_too() -> None:
    assert judged(TOKEN, [key_set(new_key(4)), KEYS]) is Verdict.GENUINE


def test_a_token_may_be_shown_in_the_address_or_in_the_header() -> None:
    shown, body = f"?token={quote(SECRET.decode())}", as_json(ASKED)

    assert judged(body, [SECRET], shown) is Verdict.GENUINE
    assert judged(body, [SECRET], headers={"authorization": f"Bearer {SECRET.decode()}"}) is Verdict.GENUINE
    assert judged(body, [SECRET], "?token=else") is Verdict.FORGED
    assert judged(body, [SECRET]) is Verdict.UNSIGNED
    assert judged(TOKEN, [SECRET]) is Verdict.UNSIGNED


def test_public_keys_are_no_token_that_could_be_shown() -> None:
    assert judged(as_json(ASKED), [KEYS], f"?token={quote(KEYS.decode())}") is Verdict.FORGED


def parsed(body: bytes) -> Any:
    return HOOKS[Platform.CANVAS].parse(Message({}, body), Limits())


def test_the_claims_of_a_signed_event_are_read() -> None:
    assert parsed(TOKEN) == ASKED
    assert parsed(as_json(ASKED)) == ASKED


@pytest.mark.parametrize("body", [b"", b"[]", b"a.b", b"a.AA-.c", b"a." + base64.urlsafe_b64encode(b"[1]") + b".c", b"a.b.c"])
def test_what_is_no_event_is_malformed(body: bytes) -> None:
    with pytest.raises(Malformed):
        parsed(body)


def test_signed_mutants_are_told_or_incomplete() -> None:
    chance, events = random.Random(20260302), [each.document for each in canvas_conversation()]  # noqa: S311  seeded, keeps no secret

    for _ in range(200):
        mutant = {**chance.choice(events), "body": chance.choice(events)["body"]}
        mutant["metadata"] = {
            **mutant["metadata"],
            chance.choice(["event_name", "user_id", "context_id"]): chance.choice([None, 7, {}]),
        }
        body = signed(mutant, KEY)
        assert judged(body, [KEYS]) is Verdict.GENUINE
        try:
            assert read(CANVAS, Delivery({}, parsed(body))) is not None
        except Incomplete:
            continue


def test_no_sample_can_be_made_of_what_canvas_alone_signs() -> None:
    assert sample_of(CANVAS, NOW).rest.startswith("?token=")
    with pytest.raises(BadSource):
        sample_of(replace(CANVAS, secrets=(KEYS,)), NOW)
