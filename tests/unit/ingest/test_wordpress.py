"""What WordPress says of posts, pages and comments, and what of it is not ours."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import pytest

from services.ingest.connectors.fields import Incomplete
from services.ingest.connectors.wordpress import WORDPRESS
from services.ingest.connectors.wordpress.items import read_item
from services.ingest.connectors.wordpress.polling import PER_PAGE
from services.ingest.domain.asking import Answer
from services.ingest.domain.interaction import ChannelId, Interaction, Kind
from services.ingest.domain.mapping import statement_of
from services.ingest.domain.reading import Reading, Reason
from services.ingest.domain.source import Keeps, Policy, Source
from shared.xapi.model import Version
from shared.xapi.validation import validate
from tests.support.ingest import Ear, account_names
from tests.support.polls import Poller, Web, hear, told
from tests.support.profile import faults
from tests.support.samples import rows, samples, table
from tests.support.wordpress import HOME, NEWS, WordPress, comment, post, wordpress

GOLDEN = Path(__file__).parent / "golden" / "wordpress.json"
SAMPLES = samples("wordpress")
TABLE: Any = table("wordpress")


def poller(web: Web, source: Source = NEWS) -> Poller:
    return Poller(WORDPRESS, source, web)


def said(reading: Reading) -> list[Interaction]:
    return [*reading.decided, *(each.interaction for each in reading.undecided)]


def kinds(readings: list[Reading]) -> list[tuple[str, str]]:
    return [(each.kind, each.artefact.native) for reading in readings for each in said(reading)]


async def test_a_blog_becomes_the_golden_statements() -> None:
    statements = await told(NEWS, *poller(wordpress()).round())

    assert statements == orjson.loads(GOLDEN.read_bytes())
    for each in statements:
        validate({name: value for name, value in each.items() if name != "authority"}, Version.V1_0_3)
        assert faults(each) == []


async def test_every_order_and_repetition_tells_the_same() -> None:
    readings, tellings = poller(wordpress()).round(), []
    for each in (readings, readings[::-1], readings * 2, [*readings[::-1], *readings]):
        ear = Ear()
        await hear(ear, NEWS, *each)
        tellings.append(ear.told())

    assert all(each == tellings[0] for each in tellings)


def test_nothing_is_told_again_that_did_not_change() -> None:
    asking = poller(wordpress())
    asking.round()

    assert kinds(asking.round()) == []


def test_a_post_that_was_changed_is_an_edit_if_it_was_told_before() -> None:
    web = wordpress()
    asking = poller(web)
    asking.round()
    web.holds["posts"][0] = post(1, 11, "Mended", "12:00:00", modified="13:00:00")
    web.holds["posts"].append(post(9, 11, "New", "13:01:00"))

    readings = asking.turn("posts")

    assert kinds(readings) == [("edit", "posts/1"), ("create", "posts/9")]
    assert [each.revision for each in readings[0].decided] == ["2026-03-02T13:00:00.000Z", ""]


def test_an_old_post_that_is_changed_is_an_edit_though_it_is_remembered_no_more() -> None:
    web = wordpress()
    asking = poller(web)
    asking.round()
    asking.cursors["posts"] = {**asking.cursors["posts"], "told": {}}
    web.holds["posts"][0] = post(1, 11, "Mended", "12:00:00", modified="13:00:00")

    assert ("edit", "posts/1") in kinds(asking.turn("posts"))


def test_a_comment_that_is_approved_later_is_told() -> None:
    web = wordpress()
    asking = poller(web)
    asking.round()
    web.holds["comments"].append(comment(4, 12, 1, "12:15:00"))

    assert kinds(asking.turn("comments")) == [("comment", "comments/4")]


@pytest.mark.parametrize("count", [PER_PAGE - 1, PER_PAGE, PER_PAGE + 1, 2 * PER_PAGE, 2 * PER_PAGE + 7])
def test_all_pages_are_turned(count: int) -> None:
    at = [f"12:{number // 60:02}:{number % 60:02}" for number in range(count)]
    web = WordPress(
        [post(number + 1, 11, "A", moment, modified=f"13:{moment[3:]}") for number, moment in enumerate(at)],
        [comment(number + 1, 11, 1, moment) for number, moment in enumerate(at)],
        [],
    )
    asking = poller(web)

    posts, comments = kinds(asking.turn("posts")), kinds(asking.turn("comments"))

    assert (len(posts), len(set(posts)), {kind for kind, _ in posts}) == (count, count, {"create"})
    assert (len(comments), len(set(comments))) == (count, count)
    assert kinds(asking.round()) == []


def test_posts_that_were_all_changed_at_once_do_not_hold_it_up() -> None:
    count = 2 * PER_PAGE + 5
    asking = poller(WordPress([post(number + 1, 11, "A", "12:00:00") for number in range(count)], [], []))

    assert len(kinds(asking.turn("posts"))) == count
    assert kinds(asking.turn("posts")) == []


def test_nothing_before_a_day_is_asked_for_where_the_source_says_so() -> None:
    web = wordpress()

    poller(web, replace(NEWS, options={"since": "2026-02-01", "api": f"{HOME}/api/"})).turn("posts")

    assert web.asked[0].url.startswith(f"{HOME}/api/wp/v2/posts?")
    assert "modified_after=2026-02-01" in web.asked[0].url


def test_a_guest_has_no_account() -> None:
    reading = read_item(NEWS, comment(5, 0, 1, "12:20:00"))

    assert reading.ignored == (Reason.ACTOR_UNKNOWN,)
    assert [each.author for each in reading.known] == [None]


@pytest.mark.parametrize("excluded", ["12", "Author 12", "author 12"])
def test_an_excluded_account_is_named_by_number_or_name(excluded: str) -> None:
    source = replace(NEWS, policy=Policy(excluded=account_names(excluded)))

    assert read_item(source, comment(5, 12, 1, "12:20:00")).ignored == (Reason.EXCLUDED_ACCOUNT,)


@pytest.mark.parametrize(
    ("channel", "of_post", "of_comment"),
    [
        ("7", (), (Reason.CHANNEL_NOT_ALLOWED,)),
        (HOME, (), ()),
        ("8", (Reason.CHANNEL_NOT_ALLOWED,), (Reason.CHANNEL_NOT_ALLOWED,)),
    ],
)
def test_only_categories_of_the_allow_list_are_heard(
    channel: str, of_post: tuple[Reason, ...], of_comment: tuple[Reason, ...]
) -> None:
    source = replace(NEWS, policy=Policy(channels=frozenset({ChannelId(channel)})))

    assert read_item(source, post(1, 11, "A", "12:00:00")).ignored == of_post
    assert read_item(source, comment(5, 12, 1, "12:20:00")).ignored == of_comment


def test_words_are_kept_only_if_the_policy_says_so_and_never_those_that_a_password_protects() -> None:
    open_, protected = post(1, 11, "A &amp; B", "12:00:00"), {"content": {"rendered": "<p>Psst</p>", "protected": True}}

    (kept,) = read_item(NEWS, open_).decided
    (bare,) = read_item(replace(NEWS, policy=Policy(keeps=Keeps.METADATA)), open_).decided
    (hidden,) = read_item(NEWS, {**open_, **protected}).decided

    assert (kept.artefact.title, kept.text, bare.text, hidden.text) == ("A & B", "Drain it first.", None, None)


def test_a_comment_on_a_page_belongs_to_it() -> None:
    (interaction,) = said(read_item(NEWS, comment(7, 13, 3, "12:40:00", kind="page")))

    assert interaction.parent is not None
    assert (interaction.kind, interaction.parent.native, interaction.parent.iri) == (Kind.COMMENT, "pages/3", f"{HOME}/page-3/")


def test_an_application_password_is_shown_as_basic() -> None:
    assert WORDPRESS.show(b"ann:abcd efgh") == {"Authorization": "Basic YW5uOmFiY2QgZWZnaA=="}


@pytest.mark.parametrize("body", [b"", b"{}", b'{"code":"rest_no_route"}', b"<html>", b"null", b"[1"])
def test_what_is_no_page_is_asked_for_again(body: bytes) -> None:
    with pytest.raises(Incomplete):
        WORDPRESS.polls["posts"].read(NEWS, {}, Answer(200, {}, body))


def test_a_refusal_of_the_first_page_is_none_behind_the_last() -> None:
    refused = Answer(400, {}, b'{"code":"rest_invalid_param"}')

    with pytest.raises(Incomplete):
        WORDPRESS.polls["comments"].read(NEWS, {}, refused)
    assert not WORDPRESS.polls["comments"].read(NEWS, {"page": 2}, refused).more


def test_a_bad_item_keeps_no_other_from_being_told() -> None:
    items: list[Any] = [
        None,
        {},
        post(1, 11, "A", "12:00:00"),
        post(2, 11, "B", "then"),
        {**post(3, 11, "C", "12:00:00"), "link": "x"},
    ]

    reading = WORDPRESS.polls["posts"].read(NEWS, {}, Answer(200, {}, orjson.dumps(items))).reading

    assert [each.artefact.native for each in reading.decided] == ["posts/1"]
    assert set(reading.ignored) == {Reason.INCOMPLETE}


def heard(name: str) -> list[Reading]:
    found = SAMPLES[name]
    return [read_item(NEWS, each) for each in (found if isinstance(found, list) else [found])]


@pytest.mark.parametrize("name", SAMPLES)
def test_a_sample_is_what_the_table_says(name: str) -> None:
    readings = heard(name)

    assert [rows(each) or each.ignored[0] for each in readings] == TABLE[name]
    for each in (interaction for reading in readings for interaction in said(reading)):
        statement = statement_of(each, NEWS)
        validate(statement, Version.V1_0_3)
        assert faults(statement) == []


def test_the_table_names_no_sample_that_is_not_there() -> None:
    assert TABLE.keys() <= SAMPLES.keys()
