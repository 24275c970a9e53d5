"""How a statement names a course, and how surely."""

from __future__ import annotations

import pytest

from services.enrichment.domain.catalogue import Catalogue, Course, CourseIri, normal_url
from services.enrichment.domain.features import Features, features
from services.enrichment.domain.links import Link, Method, best, inherit, own_links
from shared.xapi.vocabulary import ActivityType, Verb
from tests.support.conversation import HOME, statement

PYTHON = Course(
    CourseIri("https://lms.example/course/py"), "Python", urls=("https://www.docs.example/py/",), channels=(f"C9@{HOME}",)
)
SQL = Course(CourseIri("urn:course:sql"), "SQL", aliases=("https://lms.example/alias/sql",))
CATALOGUE = Catalogue.of([PYTHON, SQL])


def said(text: str = "", **changes: object) -> Features:
    written = statement("x", "ada", Verb.POSTED, "m1", text=text)
    written["context"].update(changes)
    return features(written)


def course_activity(iri: str) -> dict[str, object]:
    return {"grouping": [{"id": iri, "definition": {"type": ActivityType.COURSE}}]}


@pytest.mark.parametrize(
    "text",
    [
        "see https://lms.example/course/py",
        "see https://LMS.example/course/py/lesson/3?utm_source=chat#top",
        "(http://docs.example/py/),",
        "<https://docs.example/py|the docs>",
        "**https://lms.example:443/course/py**",
    ],
)
def test_an_address_into_a_course_links_it(text: str) -> None:
    (link,) = own_links(said(text), CATALOGUE)

    assert (link.course, link.method, link.confidence) == (PYTHON.iri, Method.URL, 980_000)


@pytest.mark.parametrize(
    "text",
    [
        "https://lms.example/course/pyramid",
        "https://evil.example/?https://lms.example/course/py2",
        "lms.example",
        "https://[::1",
        "",
    ],
)
def test_an_address_that_only_looks_like_it_links_nothing(text: str) -> None:
    assert own_links(said(text), CATALOGUE) == ()


def test_a_course_in_the_context_is_certain() -> None:
    (link,) = own_links(said(contextActivities=course_activity("urn:course:sql")), CATALOGUE)

    assert (link.course, link.method, link.confidence) == (SQL.iri, Method.EXPLICIT, 1_000_000)


def test_an_alias_of_a_course_in_the_context_is_the_course() -> None:
    (link,) = own_links(said(contextActivities=course_activity("https://lms.example/alias/sql")), CATALOGUE)

    assert link.course == SQL.iri


@pytest.mark.parametrize("text", ["{}", ""])
def test_a_course_is_itself_also_where_two_call_one_another_an_alias(text: str) -> None:
    one, other = (CourseIri(f"https://lms.example/course/{number}") for number in (1, 2))
    circle = Catalogue.of(Course(iri, "C", aliases=(alias,), urls=(alias,)) for iri, alias in ((one, other), (other, one)))

    for iri in (one, other):
        context = {} if text else {"contextActivities": course_activity(iri)}
        (link,) = own_links(said(text.format(iri), **context), circle)
        assert link.course == iri


def test_a_course_that_nobody_imported_is_linked_when_the_statement_says_that_it_is_one() -> None:
    (link,) = own_links(said(contextActivities=course_activity("https://other.example/c/1")), CATALOGUE)

    assert link.course == "https://other.example/c/1"


def test_a_bound_channel_links_what_is_said_there() -> None:
    (link,) = own_links(said(team={"objectType": "Group", "account": {"homePage": HOME, "name": "C9"}}), CATALOGUE)

    assert (link.course, link.method) == (PYTHON.iri, Method.CHANNEL)


@pytest.mark.parametrize("iri", [PYTHON.iri, "https://lms.example/alias/sql"])
@pytest.mark.parametrize("place", ["object", "parent", "grouping"])
def test_a_course_is_known_by_its_name_where_nobody_says_that_it_is_one(place: str, iri: str) -> None:
    written = statement("x", "ada", Verb.COMMENTED, "m1")
    if place == "object":
        written["object"] = {"id": iri}
    else:
        written["context"]["contextActivities"] = {place: [{"id": iri}]}

    (link,) = own_links(features(written), CATALOGUE)

    assert (link.course, link.method, link.evidence) == (CATALOGUE.by_iri[iri], Method.EXPLICIT, iri)


@pytest.mark.parametrize("place", ["parent", "grouping"])
def test_a_channel_is_known_by_its_address_too(place: str) -> None:
    channel = f"{HOME}/archives/C9"
    catalogue = Catalogue.of([Course(CourseIri("urn:course:go"), "Go", channels=(channel,))])

    (link,) = own_links(said(contextActivities={place: [{"id": channel}]}), catalogue)

    assert link == Link(CourseIri("urn:course:go"), Method.CHANNEL, 950_000, channel)


def test_the_evidence_of_a_very_long_name_is_its_beginning() -> None:
    iri = "https://lms.example/" + "x" * 600

    (link,) = own_links(said(contextActivities=course_activity(iri)), CATALOGUE)

    assert (link.course, link.evidence) == (iri, iri[:500])


def test_the_surest_link_to_a_course_is_kept() -> None:
    weak, sure = (Link(PYTHON.iri, Method.CHANNEL, 950_000, "c"), Link(PYTHON.iri, Method.URL, 980_000, "u"))

    assert best([weak, sure]) == (sure,)


def test_a_reply_inherits_a_hundredth_less() -> None:
    (link,) = inherit([Link(PYTHON.iri, Method.URL, 980_000, "docs.example/py")])

    assert link == Link(PYTHON.iri, Method.THREAD, 970_200, "url: docs.example/py")


def test_an_address_is_the_same_however_it_is_written() -> None:
    spellings = ["https://www.lms.example/a/", "http://LMS.example:80/a?utm_source=x", "https://lms.example/a#part"]

    assert {normal_url(url) for url in spellings} == {"lms.example/a"}


def test_a_query_that_names_the_course_is_kept() -> None:
    assert normal_url("https://moodle.example/course/view.php?lang=en&id=7") == "moodle.example/course/view.php?id=7"


@pytest.mark.parametrize(
    ("url", "plain"),
    [
        ("https://moodle.example/view.php?id=7&course=2", "moodle.example/view.php?course=2&id=7"),
        ("https://moodle.example/view.php?course=2&id=7", "moodle.example/view.php?course=2&id=7"),
        ("https://moodle.example/view.php?courseid=7", "moodle.example/view.php?courseid=7"),
        ("https://lms.example:8443/a", "lms.example:8443/a"),
        ("https:///a", "/a"),
        ("https://lms.example:port/a", "https://lms.example:port/a"),
    ],
)
def test_of_an_address_stays_what_tells_courses_apart(url: str, plain: str) -> None:
    assert normal_url(url) == plain


def test_where_two_courses_claim_one_name_the_first_by_iri_has_it_and_a_channel_both() -> None:
    one, two = (
        Course(CourseIri(f"urn:course:{name}"), name, aliases=("alias",), urls=("https://e.org/c",), channels=("C1",))
        for name in "ab"
    )

    for order in ([one, two], [two, one]):
        catalogue = Catalogue.of(order)
        assert catalogue.by_iri["alias"] == one.iri
        assert catalogue.at_url("https://e.org/c/1") == (one.iri, "e.org/c")
        assert catalogue.by_channel["C1"] == (one.iri, two.iri)


def test_what_is_no_address_is_none_of_a_course() -> None:
    assert Catalogue.of([Course(CourseIri("urn:course:a"), "A", urls=("lms.example/a",))]).by_url == {}


def test_of_very_many_links_the_surest_are_kept_in_the_order_of_their_courses() -> None:
    links = [Link(CourseIri(f"urn:{number:03}"), Method.URL, 1_000 + number, "e") for number in range(60)]

    assert best(links[::-1]) == tuple(links[10:])


def test_evidence_is_cut_where_it_gets_long_and_stays_what_it_was_from_reply_to_reply() -> None:
    (once,) = inherit([Link(PYTHON.iri, Method.URL, 980_000, "x" * 500)])
    (twice,) = inherit([once])

    assert len(once.evidence) == 500
    assert twice == Link(PYTHON.iri, Method.THREAD, 960_498, once.evidence)
