"""What feeds of blogs mean, in RSS and Atom, and what of them is not ours."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest

from services.ingest.connectors.feeds import FEED
from services.ingest.connectors.feeds.document import parsed
from services.ingest.domain.asking import Answer
from services.ingest.domain.interaction import ChannelId, Kind
from services.ingest.domain.reading import Reading, Reason
from services.ingest.domain.source import Keeps, Policy, Source
from shared.xapi.model import Version
from shared.xapi.validation import validate
from tests.support.feeds import BLOG, COMMENTS, HOME, POSTS, THREAD, atom, blog, entry, heard, item, moved, reply, rss, thread
from tests.support.ingest import Ear, account_names
from tests.support.polls import Poller, Web, hear, page, told
from tests.support.profile import faults
from tests.support.samples import rows

GOLDEN = Path(__file__).parent / "golden" / "feed.json"
ANN = f"{HOME}/people/ann"
NAMELESS = hashlib.sha1(b"mailto:ann@a.example").hexdigest()  # noqa: S324  as xAPI names mailboxes


def poller(web: Web, source: Source = BLOG) -> Poller:
    return Poller(FEED, source, web)


def kinds(readings: list[Reading]) -> list[str]:
    return [row[0] for reading in readings for row in rows(reading)]


async def test_a_blog_and_its_comments_become_the_golden_statements() -> None:
    statements = await told(BLOG, *poller(blog()).round())

    assert statements == orjson.loads(GOLDEN.read_bytes())
    for each in statements:
        validate({name: value for name, value in each.items() if name != "authority"}, Version.V1_0_3)
        assert faults(each) == []


async def test_every_order_and_repetition_of_a_blogs_feeds_tells_the_same() -> None:
    readings, source = poller(blog()).round(), BLOG
    tellings = [readings, readings[::-1], [*readings, *readings], [*readings[::-1], *readings]]

    heard_in = []
    for each in tellings:
        ear = Ear()
        await hear(ear, source, *each)
        heard_in.append(ear.told())

    assert all(each == heard_in[0] for each in heard_in)


async def test_a_comment_in_a_feed_of_all_comments_finds_its_post_by_the_address() -> None:
    by_thread = await told(BLOG, *poller(blog()).round())
    source = replace(BLOG, options={"feed": POSTS, "comments": COMMENTS})

    by_feed = await told(source, *poller(blog(), source).round())

    assert by_feed == by_thread


def test_nothing_is_told_again_and_nothing_asked_for_again_that_did_not_change() -> None:
    web = blog()
    asking = poller(web)
    asking.round()
    web.asked.clear()

    again = asking.round()
    moved(web, web.pages[POSTS].body, '"2"')
    once_more = asking.round()

    assert kinds(again) == kinds(once_more) == []
    assert [each.url for each in web.asked] == [POSTS, POSTS]
    assert web.asked[0].headers["If-None-Match"] == '"1"'


def test_comments_are_asked_for_when_there_are_more_of_them() -> None:
    web = blog()
    asking = poller(web)
    asking.round()
    moved(web, blog(threads=3).pages[POSTS].body, '"2"')
    web.asked.clear()

    readings = asking.round()

    assert [each.url for each in web.asked] == [POSTS, THREAD]
    assert kinds(readings) == ["comment", "comment"]


def test_a_post_that_was_changed_is_an_edit_if_it_was_told_before() -> None:
    web = Web({POSTS: page(atom(entry("a", "ann", "A", "12:00:00")), etag='"1"')})
    asking = poller(web)
    asking.round()
    moved(web, atom(entry("a", "ann", "A, mended", "12:00:00", updated="13:00:00")), '"2"')

    (reading,) = asking.turn("posts")
    (first,) = poller(web).turn("posts")

    assert [(each.kind, each.happened, each.revision) for each in reading.decided] == [
        (Kind.EDIT, "2026-03-02T13:00:00.000Z", "2026-03-02T13:00:00.000Z")
    ]
    assert [(each.kind, each.happened) for each in first.decided] == [(Kind.CREATE, "2026-03-02T12:00:00.000Z")]


@pytest.mark.parametrize(
    ("author", "account"),
    [
        (
            "<author><name>ann</name><uri>https://a.example/ann</uri><email>ann@a.example</email></author>",
            "https://a.example/ann",
        ),
        ("<author><name>ann</name><email>ann@a.example</email></author>", "ann"),
        ("<author><name>ann@a.example</name></author>", NAMELESS),
        ("<author><email>Ann@a.example</email></author>", NAMELESS),
    ],
)
def test_an_author_is_named_by_page_or_name_and_never_by_an_address(author: str, account: str) -> None:
    given = entry("a", "x", "A", "12:00:00")
    before, rest = given.split("<author>")
    _, after = rest.split("</author>")

    (interaction,) = heard(atom(before + author + after)).decided

    assert interaction.actor == account


def test_a_post_without_author_is_the_feeds_or_the_sources_or_nobodys() -> None:
    bare = b"<item><link>https://blog.acme.example/a</link><pubDate>Mon, 02 Mar 2026 12:00:00 GMT</pubDate></item>"
    plain, owned = rss(bare.decode()), rss("<managingEditor>ed@a.example (Ed)</managingEditor>", bare.decode())
    single = replace(BLOG, options={"feed": POSTS, "author": "ann"})

    assert heard(plain).ignored == (Reason.ACTOR_UNKNOWN,)
    assert [each.actor for each in heard(owned).decided] == ["Ed"]
    assert [each.actor for each in heard(plain, single).decided] == ["ann"]


def test_a_comment_without_author_is_not_the_blogs() -> None:
    anonymous = item("brokers", 1, "", "12:00:00").replace("<dc:creator></dc:creator>", "")
    single = replace(BLOG, options={"feed": POSTS, "author": "ann"})

    assert heard(rss(anonymous), single, "comments").ignored == (Reason.ACTOR_UNKNOWN,)


@pytest.mark.parametrize("excluded", ["ann", "Ann", "ann@acme.example", ANN])
def test_an_excluded_author_is_named_by_account_name_or_address(excluded: str) -> None:
    source = replace(BLOG, policy=Policy(excluded=account_names(excluded)))

    reading = heard(atom(entry("a", "ann", "A", "12:00:00")), source)

    assert reading.ignored == (Reason.EXCLUDED_ACCOUNT,)
    assert {each.author for each in reading.known} == {None}


@pytest.mark.parametrize(("channel", "reasons"), [("Kafka", ()), (HOME, ()), ("Other", (Reason.CHANNEL_NOT_ALLOWED,))])
def test_only_categories_of_the_allow_list_are_heard(channel: str, reasons: tuple[Reason, ...]) -> None:
    source = replace(BLOG, policy=Policy(channels=frozenset({ChannelId(channel)})))

    assert heard(atom(entry("a", "ann", "A", "12:00:00", "<category term='Kafka'/>")), source).ignored == reasons


def test_words_are_kept_only_if_the_policy_says_so() -> None:
    feed = atom(entry("a", "ann", "A", "12:00:00", "<category term='Kafka'/>"))

    (kept,) = heard(feed).decided
    (bare,) = heard(feed, replace(BLOG, policy=Policy(keeps=Keeps.METADATA))).decided

    assert (kept.text, kept.tags) == ("Drain it first.", ("Kafka",))
    assert (bare.text, bare.tags) == (None, ())


def test_a_reply_in_atom_names_what_it_is_upon() -> None:
    reading = heard(atom(entry("c1", "bea", "Re", "12:00:00", reply("brokers"))))

    (undecided,) = reading.undecided
    assert undecided.interaction.kind is Kind.COMMENT
    assert undecided.target == "tag:acme,2026:brokers"


def test_an_enclosure_is_a_file_that_came_with_its_post() -> None:
    link = f"<link rel='enclosure' href='{HOME}/1.mp3'/>"

    made, attached = heard(atom(entry("a", "ann", "A", "12:00:00", link))).decided

    assert (attached.kind, attached.artefact.iri, attached.parent) == (Kind.ATTACH, f"{HOME}/1.mp3", made.artefact)


@pytest.mark.parametrize(
    ("written", "iri"),
    [
        ("/1.mp3", f"{HOME}/1.mp3"),
        ("files/1.mp3", f"{HOME}/blog/files/1.mp3"),
        (f"{HOME}/one two.mp3", f"{HOME}/one%20two.mp3"),
        (f"{HOME}/t%C3%B6ne|1.mp3?a=b%20c", f"{HOME}/t%C3%B6ne%7C1.mp3?a=b%20c"),
    ],
)
def test_an_address_is_whole_and_an_iri(written: str, iri: str) -> None:
    link = f"<link rel='enclosure' href='{written}'/>"

    found = parsed(atom(entry("a", "ann", "A", "12:00:00", link)), f"{HOME}/blog/feed.xml")

    assert isinstance(found, dict)
    entries: Any = found["entries"]
    assert entries[0]["enclosures"] == [iri]


@pytest.mark.parametrize(
    ("written", "title"),
    [
        ("<title type='text'>Use &lt;p&gt; &amp;amp; &lt;b&gt;</title>", "Use <p> &amp; <b>"),
        ("<title type='html'>A &lt;b&gt;b&lt;/b&gt; &amp;amp; c</title>", "A b & c"),
        ("<title type='xhtml'><div xmlns='http://www.w3.org/1999/xhtml'>A <b>b</b></div></title>", "A b"),
        ("<title type='html'>&lt;br/&gt;</title>", None),
    ],
)
def test_a_title_is_read_as_the_kind_of_text_that_it_says_to_be(written: str, title: str | None) -> None:
    feed = atom(entry("a", "ann", "A", "12:00:00").replace("<title>A</title>", written))

    assert [each.artefact.title for each in heard(feed).decided] == [title]


@pytest.mark.parametrize(("written", "title"), [("R&amp;amp;D &lt;now&gt;", "R&D <now>"), ("&lt;b&gt;A&lt;/b&gt;", "A")])
def test_a_title_of_rss_may_have_tags_and_entities(written: str, title: str) -> None:
    feed = rss(
        f"<item><title>{written}</title><guid>{HOME}/1</guid><author>ann</author><pubDate>2026-03-02T12:00:00Z</pubDate></item>"
    )

    assert [each.artefact.title for each in heard(feed).decided] == [title]


@pytest.mark.parametrize(("own", "author"), [("", "bea"), ("<author><name>cy</name></author>", "cy")])
def test_what_a_planet_took_from_anothers_feed_is_of_whose_that_is(own: str, author: str) -> None:
    post = f"<id>{HOME}/1</id><title>A</title><updated>2026-03-02T12:00:00Z</updated>{own}"
    taken = f"<entry>{post}<source><id>{HOME}/bea</id><author><name>bea</name></author></source></entry>"

    assert [each.actor for each in heard(atom("<author><name>planet</name></author>", taken)).decided] == [author]


def test_those_who_leave_no_name_are_not_one_person() -> None:
    feed = rss(item("brokers", 1, "Anonymous", "12:00:00"), item("brokers", 2, "ann", "12:01:00"))

    page = FEED.polls["comments"].read(BLOG, {}, Answer(200, {}, feed))

    assert page.reading.ignored == (Reason.ACTOR_UNKNOWN,)
    assert [each.interaction.actor for each in page.reading.undecided] == ["ann"]


@pytest.mark.parametrize(("verb", "kinds"), [("post", [Kind.CREATE]), ("favorite", []), ("share", [])])
def test_what_people_did_to_what_is_there_is_no_post_of_theirs(verb: str, kinds: list[Kind]) -> None:
    spec = "http://activitystrea.ms/spec/1.0/"
    named = f"<activity:verb xmlns:activity='{spec}'>http://activitystrea.ms/schema/1.0/{verb}</activity:verb>"

    assert [each.kind for each in heard(atom(entry("a", "ann", "A", "12:00:00", named))).decided] == kinds


def test_comment_feeds_on_another_host_are_not_asked_for() -> None:
    away = [thread(1, "https://other.example/feed"), thread(0), thread(1, "file:///etc/passwd"), thread(1, "http://[/")]

    assert [heard(atom(entry("a", "ann", "A", "12:00:00", each))).lookups for each in away] == [()] * 4


@pytest.mark.parametrize(("minutes", "rest"), [("60", 3600), ("1", 900), ("100000", 86400), ("x", None), ("-5", None)])
def test_a_feed_is_left_alone_for_as_long_as_it_asks_within_reason(minutes: str, rest: int | None) -> None:
    found = FEED.polls["posts"].read(BLOG, {}, Answer(200, {}, rss(f"<ttl>{minutes}</ttl>")))

    assert found.rest == (None if rest is None else timedelta(seconds=rest))


def test_the_cursor_remembers_no_words() -> None:
    asking = poller(blog())
    asking.round()

    kept = orjson.dumps(dict(asking.cursors["posts"])).decode()

    assert "ann" not in kept
    assert "Drain" not in kept
