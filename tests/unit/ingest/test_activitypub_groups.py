"""What a group of the fediverse passes on is told of who did it, as far as the group can answer for them (FEP-1b12)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from services.ingest.connectors.activitypub.inbox import read
from services.ingest.domain.interaction import ChannelId, Kind
from services.ingest.domain.reading import Delivery, Reason
from services.ingest.domain.source import Policy
from tests.support.activitypub import ANN, ASKED, FEDI, actor, delivery, judged_by
from tests.support.activitystreams import activity
from tests.support.ingest import Sent

HELP = "https://town.example/groups/help"
GROUP = actor(HELP, type="Group")


def passed(said: Any, by: str = HELP) -> Sent:
    """Return the delivery of what a group passes on, as Lemmy does (FEP-1b12)."""
    shared = {"id": f"{HELP}/announce/1", "type": "Announce", "actor": by, "to": ["as:Public"], "object": said}
    return delivery(shared)


def test_what_a_group_passes_on_is_told_of_who_did_it_there() -> None:
    (asked,) = judged_by(passed(ASKED), GROUP).decided
    (liked,) = judged_by(passed(activity("Like", "bea", "notes/1", "01:00")), GROUP).decided

    assert [(each.kind, each.actor.rpartition("/")[2], each.artefact.iri) for each in (asked, liked)] == [
        (Kind.ASK, "ann", "https://town.example/notes/1"),
        (Kind.LIKE, "bea", "https://town.example/notes/1"),
    ]
    assert {each.place.id for each in (asked, liked) if each.place} == {HELP}


def test_of_another_servers_people_a_group_shares_what_they_made_and_no_more() -> None:
    eve = {"actor": "https://else.example/people/eve"}
    made = {**ASKED, **eve, "object": {**ASKED["object"], "id": "https://else.example/notes/1"}}

    (shared,) = judged_by(passed(made), GROUP).decided

    assert (shared.kind, shared.actor, shared.artefact.iri) == (Kind.SHARE, HELP, "https://else.example/notes/1")
    liked = passed({**activity("Like", "ann", "notes/1", "01:00"), **eve})
    assert read(FEDI, Delivery({}, liked.document)).ignored == (Reason.UNMAPPED,)


def test_nobody_but_a_group_speaks_for_others() -> None:
    liked = activity("Like", "bea", "notes/1", "01:00")

    (shared,) = judged_by(passed(ASKED, ANN)).decided

    assert (shared.kind, shared.actor, shared.artefact.iri) == (Kind.SHARE, ANN, "https://town.example/notes/1")
    assert judged_by(passed(liked, ANN)).ignored == (Reason.FORGED,)


def test_what_a_group_passes_on_is_heard_where_the_group_is_allowed() -> None:
    here, elsewhere = (replace(FEDI, policy=Policy(channels=frozenset({ChannelId(name)}))) for name in (HELP, ANN))

    assert judged_by(passed(ASKED), GROUP, here).decided
    assert read(elsewhere, Delivery({}, passed(ASKED).document)).ignored == (Reason.CHANNEL_NOT_ALLOWED,)


def test_what_a_group_passes_on_to_its_members_alone_is_private() -> None:
    members = {"to": [f"{HELP}/followers"]}
    private = {**ASKED, **members, "object": {**ASKED["object"], **members}}

    assert read(FEDI, Delivery({}, passed(private).document)).ignored == (Reason.DIRECT_MESSAGE,)


def test_a_deleted_account_is_no_news_of_a_group_either() -> None:
    gone = {**activity("Delete", "ann", ANN, "00:00"), "object": ANN}

    assert read(FEDI, Delivery({}, passed(gone).document)).ignored == (Reason.UNMAPPED,)
