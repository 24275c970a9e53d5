"""What goes with what it was said in, where a platform shows none of it any more."""

from __future__ import annotations

from typing import Any

import pytest

from services.ingest.domain.interaction import AccountName, Artefact, ArtefactType, Event, Interaction, Kind, NativeId
from services.ingest.domain.reading import NOTHING_BELOW, Known, Part, Reading, Rule, Undecided, Withdrawn
from services.ingest.domain.source import Platform, Source, SourceId
from services.ingest.domain.threads import apart_from_known, emptied, has_gone, parts_of, with_threads
from shared.xapi.timestamps import instant

AT = "2026-03-02T12:00:00Z"
FORUM = Source(SourceId("forum"), Platform.DISCOURSE, "https://forum.example", ())
WIKI = Source(SourceId("wiki"), Platform.CONFLUENCE, "https://wiki.example", ())


def artefact(name: str, kind: ArtefactType = ArtefactType.FORUM_POST) -> Artefact:
    return Artefact(NativeId(name), f"https://forum.example/{name}", kind)


TOPIC, POST, NOTE = artefact("topic", ArtefactType.TOPIC), artefact("post"), artefact("note", ArtefactType.NOTE)
PAGE, FILE = artefact("page", ArtefactType.PAGE), artefact("file", ArtefactType.FILE)
PART = Part(TOPIC.native, POST.iri, AT)


def act(kind: Kind, about: Artefact = POST, **more: Any) -> Interaction:
    return Interaction(Event.CREATED, kind, about, AccountName("ann"), AT, None, **more)


@pytest.mark.parametrize(
    ("source", "made", "above", "parts"),
    [
        (FORUM, POST, (TOPIC, None), (PART,)),
        (FORUM, POST, (TOPIC, TOPIC), (PART,)),
        (FORUM, POST, (NOTE, None), ()),
        (FORUM, TOPIC, (TOPIC, None), ()),
        (WIKI, FILE, (PAGE, None), (Part(PAGE.native, FILE.iri, AT, FILE.native),)),
        (WIKI, NOTE, (PAGE, FILE), (Part(PAGE.native, NOTE.iri, AT), Part(FILE.native, NOTE.iri, AT))),
    ],
    ids=["a post", "a post upon the topic", "below what holds nothing", "the topic itself", "what holds more", "below both"],
)
def test_what_is_made_is_part_of_whatever_above_holds_what_is_said_in_it(
    source: Source, made: Artefact, above: tuple[Artefact | None, ...], parts: tuple[Part, ...]
) -> None:
    assert parts_of(source, made, AT, above) == parts


def test_only_what_is_made_is_a_part_whether_it_is_decided_or_not() -> None:
    replied, liked = act(Kind.REPLY, root=TOPIC), act(Kind.LIKE, root=TOPIC)
    waiting = Undecided(Rule.REPLY, TOPIC.native, act(Kind.REPLY, artefact("other"), parent=TOPIC))

    told = with_threads(FORUM, Reading(decided=(replied, liked), undecided=(waiting,), parts=(PART,)))

    assert told.parts == (PART, Part(TOPIC.native, artefact("other").iri, AT))
    assert told.withdrawn == ()


@pytest.mark.parametrize("kind", [Kind.DELETE, Kind.REMOVE])
def test_a_thread_goes_with_what_began_it_and_with_nothing_else(kind: Kind) -> None:
    gone = [act(kind, TOPIC), act(kind, POST), act(Kind.EDIT, TOPIC)]

    assert emptied(FORUM, gone) == (Withdrawn(TOPIC.native, AT),)
    assert with_threads(FORUM, Reading(decided=tuple(gone), withdrawn=(Withdrawn(NOTE.native),))).withdrawn == (
        Withdrawn(NOTE.native),
        Withdrawn(TOPIC.native, AT),
    )


def test_a_part_that_is_known_to_be_one_is_not_remembered_twice() -> None:
    known = Known(POST, TOPIC.native, None, question=False, happened=AT)
    other = Part(TOPIC.native, NOTE.iri, AT, NOTHING_BELOW)

    assert apart_from_known(Reading(known=(known,), parts=(PART, other))) == [other]


@pytest.mark.parametrize(("happened", "gone"), [(AT, True), ("", True), ("2026-03-02T12:00:01Z", False)])
def test_what_was_said_after_a_thread_went_is_shown_again(happened: str, *, gone: bool) -> None:
    assert has_gone(Part(TOPIC.native, POST.iri, happened), instant(AT)) is gone
