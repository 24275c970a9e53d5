"""One interaction is one statement, whichever format it was written in: ActivityStreams 1 and 2, microformats2."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from services.ingest.connectors.activitystreams.dialects import in_as2
from services.ingest.connectors.activitystreams.events import read
from services.ingest.connectors.fields import Incomplete
from services.ingest.domain.interaction import ArtefactType, Interaction
from services.ingest.domain.mapping import statement_of
from services.ingest.domain.reading import Delivery, Reading, Reason
from shared.xapi.model import Version
from shared.xapi.validation import validate
from tests.support.activitystreams import TOWN
from tests.support.profile import faults
from tests.support.translations import translations

TRANSLATIONS = translations()
OTHER_THINGS = {"feed_with_audio_video"}
"""What names another address in each format."""
LINKED = {"note"}
"""What has a link in microformats2, which is HTML, and none in the others' text."""
UNTYPED = {"repost"}
"""What is shared is an article; microformats2 has no word for it."""


def heard(document: Any) -> Reading | str:
    try:
        return read(TOWN, Delivery({}, document))
    except Incomplete as error:
        return f"incomplete: {error}"


def told(reading: Reading | str) -> list[Interaction]:
    if isinstance(reading, str):
        return []
    return [*reading.decided, *(each.interaction for each in reading.undecided)]


@pytest.mark.parametrize("name", sorted(TRANSLATIONS.keys() - OTHER_THINGS - UNTYPED - LINKED))
def test_every_format_says_the_same(name: str) -> None:
    readings = {form: heard(document) for form, document in TRANSLATIONS[name].items()}

    first, *others = readings.values()
    assert all(each == first for each in others), readings


@pytest.mark.parametrize("name", sorted(LINKED))
def test_html_says_besides_where_a_link_leads(name: str) -> None:
    as1, as2, mf2 = (told(heard(TRANSLATIONS[name][form])) for form in ("as", "as2", "mf2"))

    assert as1 == as2 == [replace(each, text="A note. link too") for each in mf2]
    assert [each.text for each in mf2] == ["A note. link http://my/link too"]


@pytest.mark.parametrize("name", sorted(UNTYPED))
def test_every_format_says_the_same_but_for_the_type_of_what_it_is_about(name: str) -> None:
    readings = [told(heard(document)) for document in TRANSLATIONS[name].values()]

    alike = [[replace(each, artefact=replace(each.artefact, type=ArtefactType.NOTE)) for each in found] for found in readings]
    assert all(found == alike[0] for found in alike)
    assert alike[0]


@pytest.mark.parametrize("name", sorted(TRANSLATIONS))
def test_what_a_format_says_is_valid(name: str) -> None:
    for document in TRANSLATIONS[name].values():
        for each in told(heard(document)):
            statement = statement_of(each, TOWN)
            validate(statement, Version.V1_0_3)
            assert faults(statement) == []


def test_most_of_them_say_something() -> None:
    said = {name for name, several in TRANSLATIONS.items() if all(told(heard(document)) for document in several.values())}

    assert len(said) >= 40
    assert {"like", "comment", "repost", "rsvp", "note", "follow", "bookmark", "question"} <= said


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        (
            {"objectType": "activity", "verb": "dance", "actor": "https://a.example/", "object": "https://b.example/"},
            Reason.UNMAPPED,
        ),
        ({"verb": ["like"], "objectType": ["note"]}, Reason.UNMAPPED),
        ({"type": ["h-card"], "properties": {"name": ["Ann"]}}, Reason.UNMAPPED),
        ({"type": ["h-feed"], "children": []}, Reason.UNMAPPED),
        ({"items": [{"type": ["h-entry"], "properties": {"like-of": [{}]}}]}, Reason.INCOMPLETE),
    ],
)
def test_what_says_nothing_for_us_is_refused_with_its_reason(document: Any, reason: Reason) -> None:
    reading = heard(document)

    assert isinstance(reading, Reading)
    assert reading.ignored == (reason,)


def test_a_page_is_all_that_stands_on_it() -> None:
    entry = {"type": ["h-entry"], "properties": {"url": ["https://a.example/1"], "content": ["Hi"]}}
    feed = {"type": ["h-feed"], "children": [entry, entry]}

    found: Any = in_as2({"items": [feed, entry]})

    assert (found["type"], len(found["items"])) == ("Collection", 3)


def test_nesting_without_end_is_not_followed() -> None:
    deep: Any = {"objectType": "activity", "verb": "post"}
    for _ in range(500):
        deep = {"objectType": "activity", "verb": "undo", "object": deep}
    nested: Any = {"type": ["h-feed"], "children": []}
    for _ in range(500):
        nested = {"type": ["h-feed"], "children": [nested]}

    assert heard(deep) == "incomplete: actor"
    assert heard(nested) == Reading(ignored=(Reason.UNMAPPED,))
