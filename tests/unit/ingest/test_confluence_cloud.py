"""Confluence Cloud tells the things that it names, and whose account did what: nothing need be asked for."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from services.ingest.connectors.confluence.events import read
from services.ingest.domain.interaction import ChannelId
from services.ingest.domain.reading import Delivery, Reading, Reason
from services.ingest.domain.source import Policy, Source
from shared.xapi.model import Version
from shared.xapi.validation import validate
from tests.support.confluence import (
    CLOUD_FILE,
    CLOUD_PAGE,
    CLOUD_REMARK,
    CONFLUENCE,
    HOME,
    by_cloud,
    cloud_deliveries,
    in_cloud,
)
from tests.support.ingest import Ear, Sent, account_names, acts
from tests.support.profile import faults


def heard(sent: Sent, source: Source = CONFLUENCE) -> Reading:
    return read(source, Delivery({}, sent.document))


async def test_who_did_what_is_told_without_asking() -> None:
    ear = Ear()

    await ear.hear(*cloud_deliveries())

    page, comment = (
        "wiki.acme.example/pages/viewpage.action?pageId=100",
        "wiki.acme.example/pages/viewpage.action?focusedCommentId=",
    )
    assert acts(ear.statements()) == sorted(
        [
            ("557058:ann", "create", page),
            ("557058:bea", "commented", f"{comment}300"),
            ("557058:bea", "commented", f"{comment}301"),
            ("557058:cy", "attach", "wiki.acme.example/pages/viewattachments.action?attachmentId=att400"),
            ("557058:cy", "edited", page),
            ("557058:bea", "remove", page),
        ]
    )
    for each in ear.statements():
        validate({name: value for name, value in each.items() if name != "authority"}, Version.V1_0_3)
        assert faults(each) == []


def test_a_comment_is_upon_its_page_or_upon_another_comment() -> None:
    (upon_page,) = heard(by_cloud("comment_created", CLOUD_REMARK, "bea", "12:20:01")).undecided
    (upon_comment,) = heard(by_cloud("comment_created", {**CLOUD_REMARK, "inReplyTo": {"id": 299}}, "bea", "12:20:01")).undecided

    assert (upon_page.target, upon_comment.target) == ("page/100", "comment/299")
    assert upon_comment.interaction.root == upon_page.interaction.root


def test_an_edit_names_who_made_it_and_whose_page_it_is() -> None:
    (edited,) = heard(by_cloud("page_updated", CLOUD_PAGE, "cy", "12:40:00")).decided

    assert (edited.actor, edited.author, edited.happened) == ("557058:cy", "557058:ann", "2026-03-02T12:40:00.000Z")


@pytest.mark.parametrize(
    ("sent", "policy", "reason"),
    [
        (by_cloud("page_created", {**CLOUD_PAGE, "spaceKey": "~ann"}, "ann", "12:00:01"), Policy(), Reason.PRIVATE_CHANNEL),
        (cloud_deliveries()[1], Policy(channels=frozenset({ChannelId("DEV")})), Reason.CHANNEL_NOT_ALLOWED),
        (cloud_deliveries()[0], Policy(excluded=account_names("557058:ann")), Reason.EXCLUDED_ACCOUNT),
    ],
)
def test_what_is_not_ours_is_ignored_with_its_reason(sent: Sent, policy: Policy, reason: Reason) -> None:
    reading = heard(sent, replace(CONFLUENCE, policy=policy))

    assert (reading.ignored, reading.decided, reading.undecided) == ((reason,), (), ())


def test_what_is_named_without_its_space_is_asked_for() -> None:
    reading = heard(by_cloud("page_created", {"id": 100}, "ann", "12:00:01"))

    assert [each.reference["user"] for each in reading.lookups] == ["557058:ann"]


def space_removed(**space: Any) -> Sent:
    return replace(by_cloud("space_removed", space, "root", "13:00:00"))


async def test_what_was_heard_in_a_space_goes_when_it_is_removed() -> None:
    ear = Ear()
    elsewhere = by_cloud("page_created", in_cloud(500, "ann", "12:00:00", spaceKey="DEV"), "ann", "12:00:01")

    await ear.hear(*cloud_deliveries()[:4], elsewhere, space_removed(key="OPS"))

    at = f"{HOME}/pages"
    assert {iri for each in ear.received() for iri in each.redacts} == {
        f"{at}/viewpage.action?pageId=100",
        f"{at}/viewpage.action?focusedCommentId=300",
        f"{at}/viewpage.action?focusedCommentId=301",
        f"{at}/viewattachments.action?attachmentId={CLOUD_FILE['id']}",
    }


def test_a_space_without_its_key_is_none_that_is_known() -> None:
    assert heard(space_removed(id=7)).ignored == (Reason.UNMAPPED,)


def test_whoever_edits_what_nobody_is_said_to_have_made_is_not_its_author() -> None:
    unsigned = {name: value for name, value in CLOUD_PAGE.items() if name != "creatorAccountId"}

    edited, made = (
        heard(by_cloud("page_updated", unsigned, "cy", "12:40:00")),
        heard(by_cloud("page_created", unsigned, "ann", "12:00:01")),
    )

    assert [(each.actor, each.author) for each in edited.decided] == [("557058:cy", None)]
    assert [each.author for each in (*edited.known, *made.known)] == [None, "557058:ann"]
