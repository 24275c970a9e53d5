"""Cells, the running integer sums that impact is read from, and the differences that a batch makes to them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from services.scoring.domain.act import LearnerId
from services.scoring.domain.rules import Dimension
from services.scoring.domain.week import Week


class CellKey(NamedTuple):
    """Names a cell: who benefits from whom, in which dimension and week. Rows are locked in the order of these fields."""

    beneficiary: LearnerId
    actor: LearnerId
    dimension: Dimension
    week: Week


class Entry(NamedTuple):
    """What one counted fact adds to its cell; *weight* and *grounded* in millionths."""

    key: CellKey
    weight: int
    grounded: int


class Difference(NamedTuple):
    """What to add to one cell, in millionths; negative where more is taken back than given."""

    key: CellKey
    weight: int
    grounded: int


def differences(taken: Iterable[Entry], given: Iterable[Entry]) -> list[Difference]:
    """Return what facts *taken* back and *given* add up to in each cell, sorted by key, without differences of zero."""
    sums: dict[CellKey, list[int]] = {}
    for sign, entries in ((-1, taken), (1, given)):
        for key, weight, grounded in entries:
            total = sums.setdefault(key, [0, 0])
            total[0] += sign * weight
            total[1] += sign * grounded
    return [Difference(key, weight, grounded) for key, (weight, grounded) in sorted(sums.items()) if weight or grounded]
