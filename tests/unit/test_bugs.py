"""A bug is told by where it is in the code; an outage, a misconfiguration and what is expected are none."""

from __future__ import annotations

import msgspec
import orjson
import pytest

from shared.bugs import Bug, confining_bugs, told
from shared.contracts import Recorded, wire
from shared.errors import Misconfigured, Unavailable
from shared.xapi import extract

WRITTEN = "what somebody wrote"


def met(work: object) -> str:
    """Return how the bug is told that a call of *work* meets."""
    with pytest.raises(Bug) as caught, confining_bugs():
        work()  # type: ignore[operator]
    return str(caught.value)


def test_a_bug_is_told_by_its_kind_and_by_the_last_place_in_our_code() -> None:
    said = met(lambda: extract.verb({WRITTEN: WRITTEN}))

    assert said.startswith("KeyError at shared.xapi.extract:")
    assert said.rpartition(":")[2].isdigit()


def test_what_somebody_wrote_is_not_told() -> None:
    said = met(lambda: orjson.loads(WRITTEN))

    assert WRITTEN not in said
    assert said.startswith("JSONDecodeError at ")


def test_a_library_is_told_by_who_called_it() -> None:
    def encode() -> None:
        wire.encode(Recorded("", 0, "", "", "", msgspec.Raw(b"{}"), voided=object()))  # type: ignore[arg-type]

    assert met(encode).startswith("TypeError at shared.contracts.wire:")


def test_an_error_that_was_never_raised_is_told_all_the_same() -> None:
    assert told(ValueError(WRITTEN)) == "ValueError at nowhere:0"


@pytest.mark.parametrize("known", [Unavailable("postgres", "down"), Misconfigured("mend me"), Bug("as it was"), LookupError()])
def test_what_is_known_passes_as_it_is(known: Exception) -> None:
    with pytest.raises(type(known)) as caught, confining_bugs(LookupError):
        raise known

    assert caught.value is known
