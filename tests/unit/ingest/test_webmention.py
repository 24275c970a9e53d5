"""What pages say of ours that let us know of it: claimed at the door, and believed when it was read where it stands."""

from __future__ import annotations

import itertools
import time
from dataclasses import replace
from typing import Any

import orjson
import pytest

from services.ingest.connectors.activitystreams.events import read as read_activity
from services.ingest.connectors.fields import Incomplete
from services.ingest.connectors.webmention import WEBMENTION, sample
from services.ingest.connectors.webmention.mentions import claimed, read
from services.ingest.connectors.webmention.pages import MOST_TAGS, microformats
from services.ingest.domain.asking import Answer, Circumstances
from services.ingest.domain.interaction import ChannelId, Interaction, Kind
from services.ingest.domain.mapping import statement_of
from services.ingest.domain.reading import Delivery, Reading, Reason
from services.ingest.domain.source import Keeps, Policy, Source
from services.ingest.verifiers import Message
from shared.xapi.guard import Limits, Malformed
from shared.xapi.model import Version
from shared.xapi.validation import validate
from tests.support.activitystreams import TOWN
from tests.support.ingest import NOW, SECRET, Ear, account_names, acts
from tests.support.polls import hear
from tests.support.profile import faults
from tests.support.webmention import ANN, AUTHOR, HOME, MENTIONS, PAGES, REPLY, TARGET, entry, link, lookup, webmention

PAGE = f"{ANN}reply"


def heard(answer: Answer, page: str = PAGE, source: Source = MENTIONS, target: str = TARGET) -> Reading:
    assert WEBMENTION.fetch is not None
    return WEBMENTION.fetch.read(source, lookup(page, target), answer)


def told(reading: Reading) -> list[Interaction]:
    return [*reading.decided, *(each.interaction for each in reading.undecided)]


def claim(body: bytes) -> Any:
    return claimed(Message({}, body), Limits())


async def test_what_pages_say_is_told_of_the_page_that_they_name() -> None:
    ear = Ear()

    await hear(ear, MENTIONS, *(heard(answer, page) for page, answer in PAGES.items()))

    assert acts(ear.statements()) == [
        (ANN, "bookmarked", "blog.acme.example/brokers"),
        (ANN, "like", "blog.acme.example/brokers"),
        (ANN, "replied", "ann.example/reply"),
        (ANN, "rsvp-yes", "blog.acme.example/brokers"),
        (ANN, "share", "blog.acme.example/brokers"),
        (ANN, "share", "blog.acme.example/brokers"),
    ]
    for each in ear.statements():
        validate({name: value for name, value in each.items() if name != "authority"}, Version.V1_0_3)
        assert faults(each) == []


def test_who_follows_is_told_to_follow_whom_the_page_names() -> None:
    (followed,) = told(heard(entry(link("u-follow-of", HOME)), target=HOME))

    assert (followed.kind, followed.person) == (Kind.FOLLOW, HOME)


@pytest.mark.parametrize("kind", ["h-review", "h-event"])
def test_reviews_and_events_that_link_to_ours_share_it(kind: str) -> None:
    page = entry(f"<p class='e-content'>See <a href='{TARGET}'>this</a>.</p>")
    page = replace(page, body=page.body.replace(b"h-entry", kind.encode()))

    assert [(each.kind, each.artefact.iri) for each in told(heard(page))] == [(Kind.SHARE, TARGET)]


async def test_every_order_and_repetition_of_mentions_tells_the_same() -> None:
    readings = [heard(PAGES[f"{ANN}{name}"], f"{ANN}{name}") for name in ("reply", "like", "mention")]
    tellings = []
    for order in itertools.permutations([*readings, readings[0]]):
        ear = Ear()
        await hear(ear, MENTIONS, *order)
        tellings.append(ear.told())

    assert all(each == tellings[0] for each in tellings)


def test_a_reply_says_what_stands_on_the_page() -> None:
    (interaction,) = told(heard(REPLY))

    assert (interaction.kind, interaction.actor, interaction.artefact.iri) == (Kind.REPLY, ANN, PAGE)
    assert (interaction.happened, interaction.text) == ("2026-03-02T12:00:00.000Z", "Drain it first.")
    assert interaction.parent is not None
    assert (interaction.parent.native, interaction.place and interaction.place.id) == (TARGET, HOME)


def test_text_is_kept_only_if_the_policy_says_so() -> None:
    (interaction,) = told(heard(REPLY, source=replace(MENTIONS, policy=Policy(keeps=Keeps.METADATA))))

    assert interaction.text is None


def test_a_like_is_the_same_statement_in_activitystreams() -> None:
    like: Any = {"type": "Like", "id": f"{ANN}like", "actor": ANN, "published": "2026-03-02T12:00:00Z"}
    written = read_activity(TOWN, Delivery({}, {**like, "object": {"id": TARGET, "type": "Article"}}))

    (mine,) = told(heard(PAGES[f"{ANN}like"], f"{ANN}like", replace(MENTIONS, id=TOWN.id)))

    (other,) = written.decided
    assert statement_of(mine, TOWN)["id"] == statement_of(other, TOWN)["id"]


@pytest.mark.parametrize(
    ("author", "account"),
    [
        (AUTHOR, ANN),
        ('<a class="p-author h-card" href="https://ann.example/about">Ann</a>', f"{ANN}about"),
        ('<a class="p-author h-card" href="https://boss.example/">Boss</a>', ANN),
        ('<span class="p-author">Boss</span>', ANN),
        ("", ANN),
    ],
)
def test_nobody_speaks_for_another_host(author: str, account: str) -> None:
    (interaction,) = told(heard(entry(link("u-like-of"), author)))

    assert interaction.actor == account


def test_a_trusted_host_speaks_for_others() -> None:
    trusting = replace(MENTIONS, options={"trusted": "brid.example ann.example"})

    (interaction,) = told(
        heard(entry(link("u-like-of"), '<a class="p-author h-card" href="https://boss.example/">B</a>'), source=trusting)
    )

    assert interaction.actor == "https://boss.example/"


def test_a_page_is_known_by_where_it_stands_whatever_it_says() -> None:
    (interaction,) = told(
        heard(entry(link("u-in-reply-to") + "<a class='u-url u-uid' href='https://blog.acme.example/other'></a>"))
    )

    assert interaction.artefact.native == PAGE


def test_of_several_pages_only_the_one_that_was_claimed_is_liked() -> None:
    (interaction,) = told(heard(entry(link("u-like-of", "https://other.example/") + link("u-like-of"))))

    assert interaction.artefact.iri == TARGET


@pytest.mark.parametrize("answer", [entry("<p>nothing</p>"), entry(link("u-like-of", f"{TARGET}/more")), Answer(200, {}, b"")])
def test_a_page_that_does_not_name_ours_is_forged(answer: Answer) -> None:
    assert heard(answer).ignored == (Reason.FORGED,)


async def test_what_was_said_on_a_page_that_names_none_of_ours_any_more_is_redacted() -> None:
    ear = Ear()
    elsewhere = entry(link("u-in-reply-to", "https://other.example/"))

    await hear(ear, MENTIONS, heard(PAGES[PAGE]), heard(elsewhere))

    assert acts(ear.statements()) == [(ANN, "delete", "ann.example/reply"), (ANN, "replied", "ann.example/reply")]
    assert [each.redacts for each in ear.received() if each.redacts] == [(PAGE,)]


def test_a_page_that_names_another_of_ours_is_not_taken_back_by_who_claims_what_it_never_said() -> None:
    reading = heard(entry(link("u-in-reply-to", f"{TARGET}/more")))

    assert (reading.ignored, reading.undecided) == ((Reason.FORGED,), ())


@pytest.mark.parametrize(
    "answer",
    [
        Answer(200, {}, f"<a href='{TARGET}'>no entry</a>".encode()),
        Answer(200, {}, f"<a href='{TARGET}'></a>{'<div>' * 5000}".encode()),
        Answer(200, {}, f"<a href='{TARGET}'></a>{'<br>' * (MOST_TAGS + 1)}".encode()),
        Answer(200, {"content-type": "application/json"}, orjson.dumps({"target": TARGET})),
        Answer(200, {}, b"<p>words without end " * 30_000),
    ],
)
def test_a_page_that_says_too_little_or_too_much_is_incomplete(answer: Answer) -> None:
    with pytest.raises(Incomplete):
        heard(answer)


ATTRIBUTES = " ".join(f"a{number}" for number in range(80_000))


@pytest.mark.parametrize(
    "page",
    [
        *("<div>" * 190 + "</div>" * 190, "<p>" * 11_000, "<" * 11_000, "<div class=h-entry>" * 190),
        *(f"<a {ATTRIBUTES}>", f"<a x='>' {ATTRIBUTES.replace('9 ', '<')}>", f"<{'a' * 500_000}>"),
        *("<div></x>" * 5_900, "<div><!--</div>-->" * 5_900, "<div><textarea></div></textarea>" * 2_900),
        *("<span><div></span></div>" * 2_900, "<svg>" + "<td>" * 11_000, "<b><p></b>" * 3_900, "<table><tr>" * 190),
        *("<b><i></b></i>" * 2_900, "<a><li></a>" * 3_900, "<dl><dd><b>x</dl>" * 2_400, "<select><option>" * 5_900),
    ],
)
def test_a_page_is_read_within_seconds(page: str) -> None:
    began = time.process_time()

    microformats(page.encode(), PAGE)

    assert time.process_time() - began < 10


async def test_what_is_gone_is_taken_back_when_it_is_mentioned_again() -> None:
    ear = Ear()

    await hear(ear, MENTIONS, heard(REPLY), heard(Answer(410)), heard(Answer(404)))

    assert set(acts(ear.statements())) == {(ANN, "delete", "ann.example/reply"), (ANN, "replied", "ann.example/reply")}
    assert len(ear.told()) == 2


@pytest.mark.parametrize(("status", "kinds"), [("410 Gone", ["delete"]), ("404", ["delete"]), ("200 OK", ["reply"])])
def test_a_page_may_say_of_itself_that_it_is_gone(status: str, kinds: list[str]) -> None:
    meta = f"<meta content='{status}' http-equiv='Status'>".encode()

    assert [each.kind for each in told(heard(replace(REPLY, body=meta + REPLY.body)))] == kinds


async def test_what_was_never_heard_is_not_taken_back() -> None:
    ear = Ear()

    await hear(ear, MENTIONS, heard(Answer(410)))

    assert ear.statements() == []


def test_a_claim_is_asked_for_without_showing_who_we_are() -> None:
    sent = webmention(PAGE)
    (named,) = read(MENTIONS, Delivery({}, sent.document)).lookups
    assert WEBMENTION.fetch is not None

    request = WEBMENTION.fetch.ask(MENTIONS, named, Circumstances(NOW, "https://symposia.example/hooks/webmention/mentions"))

    assert (request.url, request.shown, request.method) == (PAGE, False, "GET")


@pytest.mark.parametrize(
    ("target", "reasons"),
    [
        (HOME, ()),
        (f"{HOME}/a?b#c", ()),
        ("https://blog.acme.example.evil.example/", (Reason.UNMAPPED,)),
        ("https://other.example/", (Reason.UNMAPPED,)),
    ],
)
def test_only_what_is_ours_is_asked_for(target: str, reasons: tuple[Reason, ...]) -> None:
    assert read(MENTIONS, Delivery({}, {"source": PAGE, "target": target})).ignored == reasons


@pytest.mark.parametrize(("channel", "reasons"), [(f"{HOME}/bro", ()), (f"{HOME}/x", (Reason.CHANNEL_NOT_ALLOWED,))])
def test_only_pages_of_the_allow_list_are_heard_of(channel: str, reasons: tuple[Reason, ...]) -> None:
    source = replace(MENTIONS, policy=Policy(channels=frozenset({ChannelId(channel)})))

    assert read(source, Delivery({}, webmention(PAGE).document)).ignored == reasons


@pytest.mark.parametrize("name", ["like", "mention"])
def test_an_excluded_author_is_not_heard(name: str) -> None:
    source = replace(MENTIONS, policy=Policy(excluded=account_names(ANN)))

    assert heard(PAGES[f"{ANN}{name}"], source=source).ignored == (Reason.EXCLUDED_ACCOUNT,)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"source=https://a.example/",
        b"source=https://a.example/&target=https://a.example/",
        b"source=file:///etc/passwd&target=https://a.example/",
        b"source=https://a.example/%00&target=https://b.example/",
        b"source=https://[&target=https://b.example/",
        b"source=https://a.example/" + b"x" * 900 + b"&target=https://b.example/",
        b"\xff=\xff",
    ],
)
def test_what_is_no_claim_is_malformed(body: bytes) -> None:
    with pytest.raises(Malformed):
        claim(body)


def test_a_sample_is_a_claim_about_nothing_of_ours() -> None:
    assert read(MENTIONS, Delivery({}, claim(sample(SECRET, NOW).body))).ignored == (Reason.UNMAPPED,)


def test_the_same_claim_may_be_news_again() -> None:
    assert WEBMENTION.hook is not None
    assert not WEBMENTION.hook.once
