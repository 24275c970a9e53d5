from __future__ import annotations

from collections.abc import Iterator

import msgspec

from services.gateway.domain.candidate import Candidate
from services.gateway.recorder import Remembered
from services.gateway.recorder.requests import read
from shared.contracts import ReceivedStatement
from tests.support.received import id_of, record, request, statement


def candidates(*numbers: int) -> list[Candidate]:
    """Return what the recorder reads in statements."""
    return [read(record(request(statement(number)))).statements[0] for number in numbers]


def asked(candidate: Candidate, **changes: str) -> tuple[ReceivedStatement, bytes]:
    """Return what the recorder asks for."""
    fields = {"id": candidate.id, "digest": candidate.digest.hex(), **changes}
    return ReceivedStatement(fields["id"], fields["digest"], msgspec.Raw(candidate.body)), candidate.body


def test_a_candidate_is_taken_once() -> None:
    (one,) = candidates(1)
    remembered = Remembered()
    remembered.keep([(one.body, one)])

    taken = [remembered.take(*asked(one)), remembered.take(*asked(one))]

    assert taken == [one, None]


def test_a_candidate_under_another_digest_is_another() -> None:
    (one,) = candidates(1)
    remembered = Remembered()
    remembered.keep([(one.body, one)])

    assert remembered.take(*asked(one, digest="0" * 64)) is None


def test_a_candidate_that_is_asked_for_by_another_id_is_another() -> None:
    (one,) = candidates(1)
    remembered = Remembered()
    remembered.keep([(one.body, one)])

    assert remembered.take(*asked(one, id=id_of(2))) is None


def test_younger_candidates_take_the_place_of_the_oldest() -> None:
    one, two, three = candidates(1, 2, 3)
    remembered = Remembered(most=len(two.body) + len(three.body))

    remembered.keep((each.body, each) for each in (one, two, three))

    assert [remembered.take(*asked(each)) for each in (one, two, three)] == [None, two, three]


def test_a_candidate_that_comes_twice_is_counted_once() -> None:
    one, two = candidates(1, 2)
    remembered = Remembered(most=len(one.body) + len(two.body))

    remembered.keep((each.body, each) for each in (one, one, two))

    assert [remembered.take(*asked(each)) for each in (one, two)] == [one, two]


def test_nothing_is_made_for_a_process_that_records_nothing() -> None:
    made: list[Candidate] = []

    def making() -> Iterator[tuple[bytes, Candidate]]:
        made.extend(candidates(1))
        yield made[0].body, made[0]

    Remembered(0).keep(making())

    assert made == []
