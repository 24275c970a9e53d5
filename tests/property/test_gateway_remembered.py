from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from services.gateway.domain.admission import Admitted, Writing, admit
from services.gateway.domain.credential import Credential, KeyId, Scope
from services.gateway.recorder import Remembered
from services.gateway.recorder.requests import read
from shared.contracts import encode
from shared.xapi.guard import Limits
from shared.xapi.model import Version
from shared.xapi.validation import Invalid
from tests.support import statements as strategy
from tests.support.received import record

AUTHORITY = b'{"objectType":"Agent","account":{"homePage":"https://s.example","name":"key"}}'
SENDER = Credential(KeyId("key"), "test", frozenset({Scope.ALL}), AUTHORITY, "account::key@https://s.example", ())
NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
generous = settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large], max_examples=50)


def admitted(data: st.DataObject, version: Version) -> Admitted:
    """Return a request that the door admits; some valid statements it does not, for what no schema says."""
    raw = json.dumps(data.draw(strategy.values(version)), ensure_ascii=data.draw(st.booleans())).encode()
    try:
        return admit(raw, Writing(version, SENDER, NOW, Limits(), 1000))
    except Invalid:
        assume(False)
        raise


@pytest.mark.parametrize("version", list(Version))
@generous
@given(data=st.data())
def test_a_recorder_reads_in_a_request_what_its_door_has_read(version: Version, data: st.DataObject) -> None:
    request = admitted(data, version)

    found = read(record(encode(request.received)))

    assert found.statements == tuple(candidate for _, candidate in request.candidates())


@pytest.mark.parametrize("version", list(Version))
@generous
@given(data=st.data())
def test_a_recorder_finds_remembered_what_it_would_read(version: Version, data: st.DataObject) -> None:
    request = admitted(data, version)
    remembered = Remembered()
    remembered.keep(request.candidates())

    found = read(record(encode(request.received)), remembered)

    assert found == read(record(encode(request.received)))
