"""Every recorded delivery is mapped as its table says, or refused with the reason that stands there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import pytest

from services.ingest.connectors.registry import HOOKS
from services.ingest.domain.mapping import statement_of
from services.ingest.domain.reading import Delivery, Reading
from services.ingest.domain.source import Hearing, Policy, Source
from shared.xapi.model import Version
from shared.xapi.validation import validate
from tests.support.bluesky import BLUESKY, read_sample
from tests.support.facebook import FACEBOOK
from tests.support.facebook import read_sample as read_facebook
from tests.support.github import GITHUB
from tests.support.matrix import MATRIX
from tests.support.profile import faults
from tests.support.samples import rows, samples, table

EVERYTHING = Policy(private=True, direct=True, hearing=Hearing.TEXT)
"""Samples come from private places, too: what is refused by default, each connector's own tests say."""


@dataclass(frozen=True)
class Recorded:
    """Whose deliveries were recorded, the headers that go with one, by its name, and what it comes *wrapped* in.

    Of platforms that are asked, *read* reads what stands in an answer.
    """

    source: Source
    headers: Callable[[str], Mapping[str, str]] = lambda _: {}
    wrapped: Callable[[Any], Any] = lambda document: document
    read: Callable[[Source, Any], Reading] | None = None

    def heard(self, folder: str, name: str) -> Reading:
        source = replace(self.source, policy=EVERYTHING)
        if self.read is not None:
            return self.read(source, SAMPLES[folder][name])
        return HOOKS[source.platform].read(source, Delivery(self.headers(name), self.wrapped(SAMPLES[folder][name])))


def github_headers(name: str) -> Mapping[str, str]:
    return {"x-github-event": name.partition(".")[0], "x-github-delivery": "72d3162e-cc78-11e3-81ab-4c9367dc0958"}


RECORDED = {
    "github": Recorded(GITHUB, github_headers),
    "bluesky": Recorded(BLUESKY, read=read_sample),
    "facebook": Recorded(FACEBOOK, read=read_facebook),
    "matrix": Recorded(MATRIX, wrapped=lambda event: {"events": [event]}),
}
SAMPLES = {folder: samples(folder) for folder in RECORDED}
TABLES = {folder: table(folder) for folder in RECORDED}
CASES = [pytest.param(folder, name, id=f"{folder}/{name}") for folder, found in SAMPLES.items() for name in found]


@pytest.mark.parametrize(("folder", "name"), CASES)
def test_a_sample_is_what_the_table_says(folder: str, name: str) -> None:
    reading = RECORDED[folder].heard(folder, name)

    expected = TABLES[folder][name]
    assert (rows(reading) or reading.ignored[0]) == expected


@pytest.mark.parametrize(("folder", "name"), CASES)
def test_what_a_sample_tells_is_valid_and_follows_its_template(folder: str, name: str) -> None:
    recorded = RECORDED[folder]
    reading = recorded.heard(folder, name)

    for told in (*reading.decided, *(each.interaction for each in reading.undecided if each.interaction.actor)):
        statement = statement_of(told, recorded.source)
        validate(statement, Version.V1_0_3)
        assert faults(statement) == []


@pytest.mark.parametrize("folder", RECORDED)
def test_the_table_names_no_sample_that_is_not_there(folder: str) -> None:
    assert TABLES[folder].keys() <= SAMPLES[folder].keys()
