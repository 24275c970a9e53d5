"""Every recorded delivery is mapped as its table says, or refused with the reason that stands there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import pytest

from services.ingest.connectors.registry import HOOKS
from services.ingest.domain.mapping import statement_of
from services.ingest.domain.reading import Delivery, Reading, joined
from services.ingest.domain.source import Keeps, Policy, Source
from shared.xapi.model import Version
from shared.xapi.validation import validate
from tests.support.bluesky import BLUESKY, read_sample
from tests.support.discourse import DISCOURSE
from tests.support.facebook import FACEBOOK
from tests.support.facebook import read_sample as read_facebook
from tests.support.github import GITHUB
from tests.support.matrix import MATRIX
from tests.support.profile import faults
from tests.support.samples import rows, samples, table
from tests.support.slack import SLACK

EVERYTHING = Policy(private=True, direct=True, keeps=Keeps.TEXT)
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


BLANKS = {
    "": "x",
    "type": "event_callback",
    "subtype": "",
    "team_id": "T1",
    "user": "U1",
    "channel": "C1",
    "subteam_id": "S1",
    "reaction": "eyes",
    "ts": "1772452800.000100",
    "event_ts": "1772452800.000200",
    "bot_id": None,
}
"""What Slack left blank in its skeletons."""


def filled(document: Any, name: str = "") -> Any:
    """Fill the blanks of a skeleton; anything that was recorded is returned as it is."""
    if isinstance(document, dict):
        blank = name or not document.get("team_id") or not document.get("event_id")
        return {each: filled(value, each) for each, value in document.items()} if blank else document
    if isinstance(document, list):
        return [filled(each, name) for each in document]
    return BLANKS.get(name, document or "x") if document in ("", "0000000000.000000") else document


def discourse_deliveries(document: Any) -> list[tuple[str, str, Any]]:
    """Return what Discourse would deliver of what its API answered; lists of topics name no author, no webhook sends one."""
    if isinstance(document, list):
        return [("notification", "notification_created", each) for each in document]
    found = [("post", "post_created", each) for each in document.get("latest_posts", [])]
    found += [("post", "post_created", each) for each in document.get("post_stream", {}).get("posts", [])]
    found += [("user_badge", "user_badge_granted", each) for each in document.get("user_badges", [])]
    if "user" in document:
        found.append(("user", "user_created", document["user"]))
    if "basic_group" in document:
        found.append(("group", "group_created", document["basic_group"]))
    if "title" in document:
        found.append(("topic", "topic_created", document))
    if "post_number" in document:
        found.append(("post", "post_created", document))
    return [("ping", "ping", "OK")] if document == {"ping": "OK"} else found


def read_discourse(source: Source, document: Any) -> Reading:
    deliveries = discourse_deliveries(document)
    read = HOOKS[source.platform].read
    return joined(read(source, Delivery({"x-discourse-event": event}, {key: said})) for key, event, said in deliveries)


RECORDED = {
    "slack": Recorded(SLACK, wrapped=filled),
    "discourse": Recorded(DISCOURSE, read=read_discourse),
    "github": Recorded(GITHUB, github_headers),
    "bluesky": Recorded(BLUESKY, read=read_sample),
    "facebook": Recorded(FACEBOOK, read=read_facebook),
    "matrix": Recorded(MATRIX, wrapped=lambda event: {"events": [event]}),
}
SAMPLES = {folder: samples(folder) for folder in RECORDED}
UNSHIPPED = {"slack": {"app_rate_limited.docs": "rate_limited"}, "discourse": {"webhook.ping": "handshake"}}
"""Samples that others may have (see `tests.support.samples`), and whose licence keeps them out of here."""
TABLES = {folder: table(folder) for folder in RECORDED}
CASES = [pytest.param(folder, name, id=f"{folder}/{name}") for folder, found in SAMPLES.items() for name in found]


@pytest.mark.parametrize(("folder", "name"), CASES)
def test_a_sample_is_what_the_table_says(folder: str, name: str) -> None:
    reading = RECORDED[folder].heard(folder, name)

    expected = {**TABLES[folder], **UNSHIPPED.get(folder, {})}[name]
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
