"""What a target gets."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from services.gateway.domain.selection import Entry, Selection, select, voided_by
from shared.xapi.model import StatementId
from tests.support.received import activity, id_of, statement, voiding

COURSE = "https://lms.example/course/7"


def entry(body: dict[str, Any], **changes: Any) -> Entry:
    fields: dict[str, Any] = {
        "seq": 1,
        "id": body["id"],
        "source": "credential:moodle",
        "authority": "mbox::mailto:lms@acme.example",
    }
    return Entry(**{**fields, "redacted": False, "body": orjson.dumps(body), **changes})


ABOUT_COURSE = statement(1, object=activity(COURSE))
IN_COURSE = statement(1, context={"contextActivities": {"grouping": [{"id": COURSE}]}})
IN_SUB_STATEMENT = statement(1, object={**statement(2, object={"id": COURSE}), "objectType": "SubStatement"})
TEAM = {"objectType": "Group", "member": [{"account": {"homePage": "https://hr.acme.example", "name": "7"}}]}


@pytest.mark.parametrize(
    ("selection", "body", "wanted"),
    [
        (Selection(), statement(1), True),
        (Selection(sources=("credential:moodle",)), statement(1), True),
        (Selection(sources=("source:slack",)), statement(1), False),
        (Selection(sources=("source:slack", "credential:*")), statement(1), True),
        (Selection(except_sources=("credential:moodle",)), statement(1), False),
        (Selection(except_sources=("credential:other",)), statement(1), True),
        (Selection(authorities=("mbox::mailto:lms@acme.example",)), statement(1), True),
        (Selection(authorities=("mbox::mailto:other@acme.example",)), statement(1), False),
        (Selection(verbs=("http://id.tincanapi.com/verb/replied",)), statement(1), True),
        (Selection(verbs=("http://id.tincanapi.com/verb/repli",)), statement(1), False),
        (Selection(verbs=("http://id.tincanapi.com/*",)), statement(1), True),
        (Selection(activities=(COURSE,)), ABOUT_COURSE, True),
        (Selection(activities=("https://lms.example/*",)), IN_COURSE, True),
        (Selection(activities=(COURSE,)), IN_SUB_STATEMENT, True),
        (Selection(activities=(COURSE,)), statement(1), False),
        (Selection(home_pages=("https://acme.slack.com",)), statement(1), True),
        (Selection(home_pages=("https://hr.acme.example",)), statement(1, actor=TEAM), True),
        (Selection(home_pages=("https://hr.acme.example",)), statement(1, actor={"mbox": "mailto:a@b.example"}), False),
        (Selection(activities=(COURSE,), verbs=("http://adlnet.gov/*",)), ABOUT_COURSE, False),
    ],
)
def test_one_of_each_kind_has_to_match(selection: Selection, body: dict[str, Any], *, wanted: bool) -> None:
    assert selection.wants(entry(body)) is wanted


def test_a_voiding_statement_goes_where_the_statement_goes_that_it_voids() -> None:
    selection = Selection(activities=(COURSE,))
    told, untold, early = entry(voiding(3, 1)), entry(voiding(4, 2)), entry(voiding(5, 9))

    asked = voided_by(selection, [told, untold, early])
    known = {StatementId(id_of(1)): entry(ABOUT_COURSE), StatementId(id_of(2)): entry(statement(2))}

    assert asked == [id_of(1), id_of(2), id_of(9)]
    assert select(selection, [told, untold, early], known) == [told, early]


def test_whatever_is_wanted_is_selected_in_its_order() -> None:
    selection, wanted, other = Selection(activities=(COURSE,)), entry(ABOUT_COURSE), entry(statement(2))

    assert select(selection, [other, wanted, other, wanted], {}) == [wanted, wanted]


def test_nothing_that_came_from_the_target_goes_back_to_it_not_even_a_voiding() -> None:
    selection = Selection(activities=(COURSE,), except_sources=("credential:theirs",))
    theirs = entry(voiding(3, 1), source="credential:theirs")

    assert voided_by(selection, [theirs]) == []
    assert select(selection, [theirs], {}) == []


@pytest.mark.parametrize(
    "selection",
    [
        Selection(sources=("moodle",)),
        Selection(sources=("credential:",)),
        Selection(sources=("credentials:*",)),
        Selection(except_sources=("theirs",)),
        Selection(authorities=("lms@acme.example",)),
        Selection(authorities=("mbox::lms@acme.example",)),
        Selection(verbs=("completed",)),
        Selection(activities=("course 7",)),
        Selection(home_pages=("lms.acme.example",)),
    ],
)
def test_what_no_statement_can_match_is_a_mistake(selection: Selection) -> None:
    assert len(list(selection.mistakes())) == 1


def test_what_a_statement_can_match_is_none() -> None:
    selection = Selection(
        ("credential:moodle", "source:*", "import:old", "cred*", "*"),
        ("credential:theirs*",),
        ("account::*", "mbox::mailto:lms@acme.example", "mbox::*", "*"),
        ("http://adlnet.gov/expapi/verbs/*", "*"),
        (COURSE, "https://lms*"),
        ("https://lms.acme.example",),
    )

    assert list(selection.mistakes()) == []
