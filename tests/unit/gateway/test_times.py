"""2.0.0 §4.2.7: times come back in UTC."""

from __future__ import annotations

import json

from hypothesis import given

from services.gateway.domain.times import has_other_zone, with_times_in_utc
from shared.xapi.model import Version
from shared.xapi.timestamps import instant
from tests.support.statements import timestamps

RAW = (
    b'{ "timestamp" : "2026-03-02T09:30:00+02:00" ,"verb":{"id":"https://example.org/v"},"object":{"objectType":"SubStatement",'
    b'"time\\u0073tamp":"20260302T0930","object":{"id":"https://example.org/\\"timestamp\\":"}}, "result":{"extensions":'
    b'{"https://example.org/x":{"timestamp":"2026-03-02T09:30:00+02:00"}}}}'
)


def test_times_are_written_in_utc_and_the_rest_keeps_its_bytes() -> None:
    written = with_times_in_utc(RAW)

    assert written == (
        b'{"timestamp" : "2026-03-02T07:30:00Z","verb":{"id":"https://example.org/v"},"object":{"objectType":"SubStatement",'
        b'"time\\u0073tamp":"2026-03-02T09:30:00Z","object":{"id":"https://example.org/\\"timestamp\\":"}},"result":{"extensions":'
        b'{"https://example.org/x":{"timestamp":"2026-03-02T09:30:00+02:00"}}}}'
    )
    assert has_other_zone(json.loads(RAW))
    assert not has_other_zone(json.loads(written))
    assert with_times_in_utc(written) == written


def test_an_activity_and_a_statement_without_time_have_no_zone() -> None:
    assert not has_other_zone({"object": {"id": "https://example.org/o"}})
    assert not has_other_zone({"object": {"objectType": "SubStatement"}, "timestamp": "2026-03-02T09:30:00.5Z"})
    assert has_other_zone({"object": {"objectType": "SubStatement", "timestamp": "2026-03-02T09:30"}})


@given(timestamps(Version.V1_0_3))
def test_every_time_that_is_taken_is_written_as_the_same_moment(text: str) -> None:
    raw = json.dumps({"timestamp": text, "object": {"id": "https://example.org/o"}}).encode()

    written = json.loads(with_times_in_utc(raw))

    assert not has_other_zone(written)
    assert instant(written["timestamp"]) == instant(text)
