"""Messages keep their shape: what was ever written can be read, and statements keep their bytes."""

from __future__ import annotations

import msgspec
import pytest

from shared.contracts import (
    TOPICS,
    BadMessage,
    CourseLink,
    Enriched,
    Noticed,
    Objection,
    Received,
    ReceivedStatement,
    Recorded,
    Status,
    decode,
    encode,
)

STATEMENT = b'{"id":"x",  "result":{"response":"caf\\u00e9 \\u0000"}}'

GOLDEN: list[tuple[msgspec.Struct, bytes]] = [
    (
        Received(
            "2026-01-31T12:00:00.000000Z",
            "source:s1",
            "account::symposia@https://lrs.example",
            (ReceivedStatement("x", "ab", msgspec.Raw(STATEMENT)),),
            ("https://chat.example/m/1",),
        ),
        b'{"receivedAt":"2026-01-31T12:00:00.000000Z","source":"source:s1","authority":"account::symposia@https://lrs.example",'
        b'"statements":[{"id":"x","digest":"ab","body":'
        + STATEMENT
        + b'}],"redacts":["https://chat.example/m/1"],"defines":true}',
    ),
    (
        Recorded("x", 7, "s", "r", "credential:k", msgspec.Raw(STATEMENT)),
        b'{"id":"x","seq":7,"stored":"s","receivedAt":"r","source":"credential:k","statement":' + STATEMENT + b","
        b'"voided":false,"redactedAt":null,"namesOnly":false}',
    ),
    (
        Enriched(3, "x", 7, "t", "s", "r", "v", Status.LIVE, learner="l", links=(CourseLink("c", "url", 0.98, "https://c"),)),
        (
            b'{"revision":3,"id":"x","seq":7,"timestamp":"t","stored":"s","receivedAt":"r","verb":"v","status":"live",'
            b'"learner":"l","author":null,"actorGrounded":false,"object":null,"objectType":null,"parent":null,"links":'
            b'[{"course":"c","method":"url","confidence":0.98,"evidence":"https://c","actorEnrolled":false,"authorEnrolled":false}],"takenBack":false,'
            b'"copyOf":null,"uponCopyOf":null,"learnerBefore":null,"authorBefore":null}'
        ),
    ),
    (
        Noticed("wiki", "page 7", {"path": "/7"}, "2026-01-31T12:00:00.000000Z"),
        b'{"source":"wiki","key":"page 7","reference":{"path":"/7"},"noticedAt":"2026-01-31T12:00:00.000000Z"}',
    ),
    (Objection("l", objects=True, at="t"), b'{"learner":"l","objects":true,"at":"t"}'),
]


@pytest.mark.parametrize(("message", "golden"), GOLDEN, ids=lambda value: type(value).__name__)
def test_a_message_is_written_as_it_always_was(message: msgspec.Struct, golden: bytes) -> None:
    assert encode(message) == golden


@pytest.mark.parametrize(("message", "golden"), GOLDEN, ids=lambda value: type(value).__name__)
def test_what_a_newer_version_added_is_ignored(message: msgspec.Struct, golden: bytes) -> None:
    newer = golden[:-1] + b',"fromTheFuture":{"a":[1]}}'

    assert encode(decode(newer, type(message))) == golden


@pytest.mark.parametrize("garbage", [b"", b"{", b"[]", b"\xff\xfe", b'{"id":1}', b"null", b"[" * 100_000])
def test_bytes_that_are_no_message_are_told_as_such(garbage: bytes) -> None:
    with pytest.raises(BadMessage, match="not a Recorded message"):
        decode(garbage, Recorded)


@pytest.mark.parametrize(
    ("kind", "change"),
    [
        (Recorded, {"seq": 2**63}),
        (Recorded, {"seq": -1}),
        (Recorded, {"stored": "a\0"}),
        (Recorded, {"source": "\0"}),
        (Recorded, {"redactedAt": "\0"}),
        (Enriched, {"seq": 2**70}),
        (Enriched, {"revision": -1}),
        (Enriched, {"object": "https://a.example/\0"}),
        (Received, {"source": "a\0"}),
        (Received, {"redacts": ["\0"]}),
        (Objection, {"at": "\0"}),
    ],
)
def test_what_no_column_can_hold_is_no_message(kind: type[msgspec.Struct], change: dict[str, object]) -> None:
    golden = next(golden for message, golden in GOLDEN if type(message) is kind)
    poisoned = msgspec.json.encode(msgspec.json.decode(golden) | change)

    with pytest.raises(BadMessage):
        decode(poisoned, kind)


def test_every_copy_of_a_statement_is_gone_after_28_days() -> None:
    assert all(topic.retention_ms <= 28 * 24 * 3600 * 1000 for topic in TOPICS)
