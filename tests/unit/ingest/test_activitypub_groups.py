"""What a group of the fediverse passes on is told of who did it, as far as the group can answer for them (FEP-1b12)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from services.ingest.connectors.activitypub.inbox import read
from services.ingest.domain.interaction import ChannelId, Kind
from services.ingest.domain.reading import Delivery, Reason
from services.ingest.domain.source import Policy
from shared.xapi.vocabulary import TARGET_EXTENSION
from tests.support.activitypub import ANN, ASKED, FEDI, actor, delivery, judged_by
from tests.support.activitystreams import activity
from tests.support.ingest import NOW, Ear, Sent, acts
from tests.support.polls import hear

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

    (waiting,) = judged_by(passed(made), GROUP).undecided
    shared = waiting.interaction

    assert (shared.kind, shared.actor, shared.artefact.iri) == (Kind.SHARE, HELP, "https://else.example/notes/1")
    liked = passed({**activity("Like", "ann", "notes/1", "01:00"), **eve})
    assert read(FEDI, Delivery({}, liked.document)).ignored == (Reason.UNMAPPED,)


def handed(name: str = "1", **more: Any) -> Sent:
    """Return the delivery of what a group hands on as it stands, as NodeBB and Lemmy do beside the activity that made it."""
    thing = {**ASKED["object"], "published": ASKED["published"], "audience": HELP, **more}
    return delivery({"id": f"{HELP}/handed/{name}", "type": "Announce", "actor": HELP, "to": ["as:Public"], "object": thing})


async def test_what_a_group_hands_on_again_and_again_is_told_once_of_who_made_it() -> None:
    ear = await heard(handed("1"), passed(ASKED), handed("2"))

    assert set(acts(ear.statements())) == {(ANN, "asked", "town.example/notes/1")}
    assert len(ear.told()) == 1


async def test_a_post_of_lemmys_that_is_handed_on_beside_its_making_is_told_once() -> None:
    page = {**ASKED["object"], "type": "Page", "name": "Restarting", "audience": HELP, "published": ASKED["published"]}
    shared = {"id": f"{HELP}/handed/1", "type": "Announce", "actor": HELP, "to": ["as:Public"], "object": {**page, "actor": ANN}}

    ear = await heard(passed({**ASKED, "object": page}), delivery(shared))

    assert set(acts(ear.statements())) == {(ANN, "create", "town.example/notes/1")}
    assert len(ear.told()) == 1


@pytest.mark.parametrize("more", [{"id": "https://else.example/notes/1"}, {"updated": "2026-03-02T13:00:00Z"}])
def test_what_a_group_hands_on_of_others_or_changed_is_told_by_what_it_passes_on(more: dict[str, str]) -> None:
    assert read(FEDI, Delivery({}, handed(**more).document)).ignored == (Reason.TOLD_ALREADY,)


def test_what_another_server_made_is_no_more_believed_where_it_is_handed_on() -> None:
    assert judged_by(handed(attributedTo="https://else.example/people/eve"), GROUP).ignored == (Reason.FORGED,)


def test_nobody_but_a_group_speaks_for_others() -> None:
    liked = activity("Like", "bea", "notes/1", "01:00")

    (waiting,) = judged_by(passed(ASKED, ANN)).undecided
    shared = waiting.interaction

    assert (shared.kind, shared.actor, shared.artefact.iri) == (Kind.SHARE, ANN, "https://town.example/notes/1")
    assert judged_by(passed(liked, ANN)).ignored == (Reason.FORGED,)


def test_who_names_the_group_in_which_he_or_she_writes_mentions_nobody() -> None:
    named = [{"type": "Mention", "href": each, "name": each} for each in (HELP, "https://town.example/people/bea")]
    written = {**ASKED, "object": {**ASKED["object"], "audience": HELP, "tag": named}}

    mentioned = [each.person for each in judged_by(delivery(written)).decided if each.kind is Kind.MENTION]

    assert mentioned == ["https://town.example/people/bea"]


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


def removed(by: str) -> Sent:
    """Return what a group passes on of somebody who deletes a note, by its name, as Lemmy does."""
    return passed({**activity("Delete", by, "notes/1", "30:00"), "summary": "Off topic."})


REMOVED = removed("mod")
MADE = passed(ASKED)


async def heard(*deliveries: Sent) -> Ear:
    ear = Ear()
    await hear(ear, FEDI, *(judged_by(each, GROUP) for each in deliveries))
    ear.now = NOW + timedelta(minutes=5)
    await ear.sweep(FEDI)
    return ear


@pytest.mark.parametrize("order", [(MADE, REMOVED), (REMOVED, MADE), (MADE, REMOVED, MADE, REMOVED)])
async def test_what_a_moderator_takes_back_is_removed_by_the_moderator(order: tuple[Sent, ...]) -> None:
    ear = await heard(*order)

    statements = [each for each in ear.statements() if each["verb"]["id"].endswith(("/delete", "/remove"))]
    assert set(acts(statements)) == {("https://town.example/people/mod", "remove", "town.example/notes/1")}
    assert {each["context"]["extensions"][TARGET_EXTENSION]["account"]["name"] for each in statements} == {ANN}
    assert ("https://town.example/notes/1",) in [received.redacts for received in ear.received()]


async def test_what_its_author_takes_back_is_deleted() -> None:
    ear = await heard(MADE, removed("ann"))

    assert (ANN, "delete", "town.example/notes/1") in acts(ear.statements())


async def test_what_is_taken_back_is_redacted_also_where_nobody_knows_whose_it_was() -> None:
    ear = await heard(REMOVED)

    assert acts(ear.statements()) == [("https://town.example/people/mod", "delete", "town.example/notes/1")]
    assert [received.redacts for received in ear.received()] == [("https://town.example/notes/1",)]
