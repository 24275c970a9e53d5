"""What a hub delivers of a blog, and how it is asked to go on."""

from __future__ import annotations

import hashlib
import hmac
from urllib.parse import parse_qs

import pytest

from services.ingest.connectors.feeds import FEED
from services.ingest.connectors.websub import VERIFY, WEBSUB, sample
from services.ingest.connectors.websub.deliveries import LARGEST_READ, delivered, read
from services.ingest.domain.asking import Answer, Circumstances
from services.ingest.domain.interaction import Kind
from services.ingest.domain.reading import Delivery, Reading
from services.ingest.handshakes import Reply, verify_token
from services.ingest.verifiers import Message, Verdict
from shared.xapi.guard import Limits, Malformed
from tests.support.feeds import POSTS, blog
from tests.support.ingest import NOW, SECRET, Ear, acts
from tests.support.polls import Poller, hear, page
from tests.support.websub import HUB, HUBBED, post, websub_conversation, written

HOOK = "https://symposia.example/hooks/websub/hubbed"


def heard(body: bytes) -> Reading:
    return read(HUBBED, Delivery({}, delivered(Message({}, body), Limits())))


async def test_a_conversation_is_told() -> None:
    ear = Ear()

    await ear.hear(*websub_conversation())

    assert acts(ear.statements()) == [
        (f"https://blog.acme.example/people/{who}", verb, f"blog.acme.example/{what}")
        for who, verb, what in [
            ("ann", "commented", "brokers#comment-2"),
            ("ann", "create", "brokers"),
            ("ann", "create", "brokers"),
            ("ann", "edited", "brokers"),
            ("bea", "commented", "brokers#comment-3"),
            ("bea", "create", "notes"),
            ("cy", "commented", "brokers#comment-1"),
            ("cy", "commented", "notes#comment-4"),
            ("dan", "commented", "notes#comment-5"),
            ("dan", "create", "third"),
        ]
    ]


@pytest.mark.parametrize("sent", websub_conversation())
def test_what_is_written_is_read(sent: object) -> None:
    document = getattr(sent, "document", {})

    assert read(HUBBED, Delivery({}, document)) == heard(written(document))


async def test_a_delivery_and_the_feed_itself_tell_the_same_statements() -> None:
    feed, delivers, asks = blog(), Ear(), Ear()
    polled = Poller(WEBSUB, HUBBED, feed).turn("posts")

    await hear(delivers, HUBBED, heard(feed.pages[POSTS].body))
    await hear(asks, HUBBED, *polled)

    assert delivers.told() == asks.told()
    assert len(delivers.told()) == 2


def test_a_post_that_was_changed_since_it_was_published_is_an_edit() -> None:
    entry = post("a", "ann", "A", "12:00:00")

    def kind(updated: str) -> list[Kind]:
        return [each.kind for each in heard(written({"entries": [{**entry, "updated": f"2026-03-02T{updated}Z"}]})).decided]

    assert kind("12:04:59") == [Kind.CREATE]
    assert kind("12:05:01") == [Kind.EDIT]


def test_a_large_feed_is_asked_for_and_read_beside_the_door() -> None:
    entries = [post(f"p{number}", "ann", "A", "12:00:00") for number in range(300)]
    body = written({"entries": entries})

    (lookup,) = heard(body).lookups
    request = WEBSUB.fetch.ask(HUBBED, lookup, Circumstances(NOW, HOOK)) if WEBSUB.fetch else None
    reading = WEBSUB.fetch.read(HUBBED, lookup, page(body)) if WEBSUB.fetch else Reading()

    assert len(body) > LARGEST_READ
    assert request is not None
    assert request.url == POSTS
    assert len(reading.decided) == 300


@pytest.mark.parametrize("body", [b"", b"{}", b"<p>no feed</p>", b"<feed", b"\xff" * 100])
def test_what_is_no_feed_is_malformed(body: bytes) -> None:
    with pytest.raises(Malformed):
        delivered(Message({}, body), Limits())


@pytest.mark.parametrize("encoding", ["euc-kr", "Big5", "gb2312", "GB18030", "Shift_JIS", "euc-jp", "iso-2022-jp", "utf-16"])
def test_a_feed_is_read_in_the_encoding_that_it_names(encoding: str) -> None:
    item = "<item><guid>https://b.example/1</guid><link>https://b.example/1</link><title>\u6c34?</title></item>"
    feed = f'<?xml version="1.0" encoding="{encoding}"?><rss version="2.0"><channel>{item}</channel></rss>'

    document = delivered(Message({}, feed.encode(encoding)), Limits())

    assert isinstance(document, dict)
    assert [each["title"] for each in document["entries"]] == ["\u6c34?"]


def test_what_is_not_in_the_encoding_that_it_names_is_malformed() -> None:
    feed = b'<?xml version="1.0" encoding="euc-kr"?><rss version="2.0"><channel>\xff</channel></rss>'

    with pytest.raises(Malformed):
        delivered(Message({}, feed), Limits())


def test_a_hub_is_asked_for_the_feed_at_an_address_that_only_it_knows() -> None:
    request = WEBSUB.polls["subscription"].ask(HUBBED, {}, Circumstances(NOW, HOOK))

    assert request is not None
    assert (request.method, request.url) == ("POST", HUB)
    assert {name: value for name, (value,) in parse_qs(request.body.decode()).items()} == {
        "hub.mode": "subscribe",
        "hub.topic": POSTS,
        "hub.callback": f"{HOOK}?hub.verify_token={verify_token(SECRET)}",
        "hub.lease_seconds": "864000",
        "hub.secret": SECRET.decode(),
    }


def test_a_hub_is_asked_again_each_day() -> None:
    subscription = WEBSUB.polls["subscription"]

    page = subscription.read(HUBBED, {}, Answer(202))

    assert (page.reading, page.more, page.rest, subscription.every.days) == (Reading(), False, None, 1)


def test_only_the_hub_that_was_asked_is_given_its_challenge() -> None:
    shaken = WEBSUB.hook.handshake if WEBSUB.hook else None
    asked = f"{HOOK}?hub.verify_token={{}}&hub.mode=subscribe&hub.topic=x&hub.challenge=abc&hub.lease_seconds=864000"

    def answer(token: str) -> Reply | None:
        return shaken(Message({}, b"", asked.format(token), "GET"), [SECRET]) if shaken else None

    assert answer(verify_token(SECRET)) == Reply(b"abc")
    assert answer("guessed") is None


@pytest.mark.parametrize("method", ["sha1", "sha256", "sha384", "sha512"])
def test_a_delivery_is_signed_by_the_method_that_it_names(method: str) -> None:
    body = written({"entries": []})
    signature = f"{method}={hmac.new(SECRET, body, method).hexdigest()}"

    def verdict(said: str, told: bytes = body, secret: bytes = SECRET) -> Verdict:
        return VERIFY(Message({"x-hub-signature": said}, told), [secret], NOW)

    assert verdict(signature) is Verdict.GENUINE
    for forged in (verdict(signature[:-1] + "x"), verdict(signature, body + b" "), verdict(signature, body, b"another secret")):
        assert forged is Verdict.FORGED
    assert verdict("") is Verdict.UNSIGNED
    assert verdict("md5=" + hashlib.md5(body).hexdigest()) is Verdict.FORGED  # noqa: S324  what is to be refused


def test_a_sample_is_genuine_and_says_nothing() -> None:
    tried = sample(SECRET, NOW)

    assert VERIFY(Message(tried.headers, tried.body), [SECRET], NOW) is Verdict.GENUINE
    assert heard(tried.body) == Reading()


def test_a_token_of_the_blog_is_not_shown_to_the_hub() -> None:
    assert WEBSUB.show(b"secret") == {}
    assert FEED.show(b"secret") == {"Authorization": "Bearer secret"}


def test_entities_that_blow_up_are_no_feed() -> None:
    levels = "".join(f"<!ENTITY e{n + 1} '{f'&e{n};' * 10}'>" for n in range(9))
    bomb = f"<!DOCTYPE x [<!ENTITY e0 'aaaaaaaaaa'>{levels}]><rss version='2.0'><channel><title>&e9;</title></channel></rss>"

    with pytest.raises(Malformed):
        delivered(Message({}, bomb.encode()), Limits())
