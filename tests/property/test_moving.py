"""Whatever a door takes and the record holds, an import takes from an export, and it is the same."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given, settings

from services.gateway.domain.admission import Writing, admit
from services.gateway.domain.enclosed import Sha2
from services.gateway.moving.admitting import Admission, Authority, Policy
from services.gateway.moving.output import one_line
from services.gateway.moving.rows import Row, items, lines
from shared.xapi import canonical
from shared.xapi.guard import Limits, Malformed, parse
from shared.xapi.model import StatementId, Version
from shared.xapi.validation import Invalid
from tests.support.statements import statements

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
HOME = "https://symposia.example"
LIMITS = Limits()
KEEPING = Policy(Authority.KEEP, HOME, Version.V2_0_0, LIMITS)


def stored(statement: dict[str, Any], version: Version) -> tuple[StatementId, bytes] | None:
    """Return what the record would hold of a posted *statement*, or None where the door refuses it."""
    writing = Writing(version, KEEPING.credential, NOON, LIMITS, 1)
    try:
        (received,) = admit(json.dumps(statement).encode(), writing).received.statements
    except (Invalid, Malformed):  # an attachment without its octets, a number that is no double
        return None
    told = "2026-03-02T12:00:00.000001Z"
    untimed = {} if "timestamp" in statement else {"timestamp": told}
    return StatementId(received.id), canonical.splice(bytes(received.body), stored=told, **untimed)


def nothing(sha2: Sha2) -> bytes | None:
    """Say that no octets came along."""
    return None


def check(statement: dict[str, Any], version: Version) -> None:
    held = stored({"id": str(uuid4()), **statement}, version)
    if held is None:
        return
    identifier, body = held
    admission = Admission(KEEPING, lambda: "a file")

    (row,) = lines(io.BytesIO(one_line(body)), LIMITS.size)
    (item,) = items(io.BytesIO(b"[" + body + b"]"), LIMITS.size)

    assert isinstance(row, Row)
    assert isinstance(item, Row)
    for each in (row, item):
        taken = admission.admit(each, nothing, NOON)
        before, after = parse(body, LIMITS), parse(bytes(taken.statement.body), LIMITS)
        assert taken.id == identifier
        assert after == {name: value for name, value in before.items() if name != "stored"}
        assert taken.digest == canonical.digest(before)


@pytest.mark.parametrize("version", list(Version))
def test_an_exported_statement_is_admitted_as_it_is(version: Version) -> None:
    @settings(max_examples=120)
    @given(statements(version))
    def every(statement: dict[str, Any]) -> None:
        check(statement, version)

    every()
