"""Who takes part in events of ActivityStreams 2.0."""

from __future__ import annotations

from services.ingest.domain.interaction import ArtefactType
from services.ingest.domain.reading import Reason, ignored
from tests.support.activitystreams import activity
from tests.unit.ingest.test_activitystreams import heard, told


def test_who_lets_somebody_join_an_event_will_not_be_there_for_it() -> None:
    joining = {
        "type": "Join",
        "actor": "https://town.example/people/bea",
        "object": {"type": "Event", "id": "https://town.example/e/1"},
    }

    assert heard(activity("Accept", "ann", joining, "00:00")) == ignored(Reason.UNMAPPED)


def test_who_takes_part_on_mobilizon_joins_an_event() -> None:
    joined = [
        activity("Join", "ann", "events/1", "00:00", participationMessage=None),
        activity("Join", "ann", "groups/1", "00:00"),
    ]

    assert [told(heard(each))[0].artefact.type for each in joined] == [ArtefactType.EVENT, ArtefactType.GROUP]
