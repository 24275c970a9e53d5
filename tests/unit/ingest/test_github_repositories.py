"""Repositories of GitHub that are deleted, made private or moved, with what was heard there."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from services.ingest.domain.source import Policy
from tests.support.github import REPOSITORY, github, topic
from tests.support.ingest import Ear, Sent
from tests.unit.ingest.test_github import ASKED, answered, heard


def of_repository(action: str, **more: Any) -> Sent:
    sent = github("repository", action, 14, "15:00:00")
    return replace(sent, document={**sent.document, "repository": {**REPOSITORY, **more}})


MADE_PRIVATE = of_repository("privatized", private=True, visibility="private")


@pytest.mark.parametrize("gone", [MADE_PRIVATE, of_repository("deleted")], ids=["made private", "deleted"])
async def test_what_was_said_in_a_repository_goes_when_nobody_sees_it_any_more(gone: Sent) -> None:
    ear, elsewhere = Ear(), github("issues", "opened", 11, "12:00:01", issue=topic(5, 11, "Wrong", "12:00:00"))
    other = replace(
        elsewhere, document={**elsewhere.document, "repository": {**REPOSITORY, "id": 5010, "full_name": "acme/other"}}
    )

    await ear.hear(github("discussion", "created", 11, "12:00:01", discussion=ASKED), answered(), other, gone)

    asked = "https://github.com/acme/handbook/discussions/4"
    assert {iri for each in ear.received() for iri in each.redacts} == {asked, f"{asked}#discussioncomment-41"}


@pytest.mark.parametrize(
    "sent",
    [
        of_repository("privatized", private=True, visibility="internal"),
        of_repository("archived"),
        github("label", "deleted", 14, "15:00:00", label={"id": 1, "name": "bug"}),
        github("milestone", "deleted", 14, "15:00:00", milestone={"number": 1}),
        github("release", "deleted", 14, "15:00:00", release={"id": 1}),
    ],
    ids=["whom all of the enterprise see", "archived", "a label", "a milestone", "a release"],
)
def test_what_leaves_a_repository_where_it_is_takes_nothing_back(sent: Sent) -> None:
    assert heard(sent).dissolved == ()


def test_a_repository_that_was_made_private_stays_where_private_ones_are_heard() -> None:
    assert heard(MADE_PRIVATE, Policy(private=True)).dissolved == ()
