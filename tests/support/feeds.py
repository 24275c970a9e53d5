"""A blog as the tests play it: its feeds of posts and of comments, in Atom and in RSS."""

from __future__ import annotations

from html import escape

from services.ingest.connectors.feeds import FEED
from services.ingest.domain.asking import Answer
from services.ingest.domain.reading import Reading
from services.ingest.domain.source import Keeps, Platform, Policy, Source, SourceId
from tests.support.ingest import SECRET
from tests.support.polls import Web, page

HOME = "https://blog.acme.example"
POSTS = f"{HOME}/feed.atom"
COMMENTS = f"{HOME}/comments.rss"
THREAD = f"{HOME}/brokers/feed"
BLOG = Source(SourceId("blog"), Platform.FEED, HOME, (SECRET,), Policy(keeps=Keeps.TEXT), options={"feed": POSTS})
NAMESPACES = (
    'xmlns="http://www.w3.org/2005/Atom" xmlns:thr="http://purl.org/syndication/thread/1.0"'
    ' xmlns:wfw="http://wellformedweb.org/CommentAPI/" xmlns:slash="http://purl.org/rss/1.0/modules/slash/"'
)


def atom(*entries: str) -> bytes:
    """Return a feed in Atom."""
    return f'<?xml version="1.0"?><feed {NAMESPACES}><id>tag:acme,2026:blog</id>{"".join(entries)}</feed>'.encode()


def entry(name: str, author: str, title: str, at: str, *more: str, updated: str = "", text: str = "Drain it first.") -> str:
    """Return a post in Atom, at a time of the day."""
    return (
        f"<entry><id>tag:acme,2026:{name}</id><title>{escape(title)}</title><link href='{HOME}/{name}'/>"
        f"<published>2026-03-02T{at}Z</published><updated>2026-03-02T{updated or at}Z</updated>"
        f"<author><name>{author}</name><uri>{HOME}/people/{author}</uri><email>{author}@acme.example</email></author>"
        f"<content type='html'>&lt;p&gt;{escape(text)}&lt;/p&gt;</content>{''.join(more)}</entry>"
    )


def reply(to: str) -> str:
    """Return what an entry says that replies to the post of that name."""
    return f"<thr:in-reply-to ref='tag:acme,2026:{to}' href='{HOME}/{to}'/>"


def thread(count: int, address: str = THREAD) -> str:
    """Return what an entry says of the feed of comments upon it."""
    return f"<wfw:commentRss>{address}</wfw:commentRss><slash:comments>{count}</slash:comments>"


def rss(*items: str) -> bytes:
    """Return a feed in RSS."""
    names = 'xmlns:dc="http://purl.org/dc/elements/1.1/"'
    return (
        f'<?xml version="1.0"?><rss version="2.0" {names}><channel><title>Blog</title>{"".join(items)}</channel></rss>'.encode()
    )


def item(post: str, number: int, author: str, at: str, text: str = "That helped.") -> str:
    """Return a comment in RSS, at a time of the day, as WordPress writes it."""
    address = f"{HOME}/{post}#comment-{number}"
    return (
        f"<item><title>By: {author}</title><link>{address}</link><guid isPermaLink='false'>{address}</guid>"
        f"<dc:creator>{author}</dc:creator><pubDate>Mon, 02 Mar 2026 {at} +0000</pubDate><description>{text}</description></item>"
    )


def blog(*, threads: int = 2) -> Web:
    """Return a blog with two posts, and comments upon one of them."""
    feed = atom(
        entry("brokers", "ann", "How we restart brokers", "12:00:00", "<category term='Kafka'/>", thread(threads)),
        entry("notes", "bea", "Notes", "12:10:00"),
    )
    comments = rss(item("brokers", 1, "Cy", "12:05:00"), item("brokers", 2, "ann", "12:06:00", "Thanks!"))
    return Web({POSTS: page(feed, etag='"1"'), THREAD: page(comments), COMMENTS: page(comments, etag='"c"')})


def moved(web: Web, feed: bytes, etag: str) -> Web:
    """Put another feed of posts there."""
    web.pages[POSTS] = Answer(200, {"etag": etag}, feed)
    return web


def heard(feed: bytes, source: Source = BLOG, poll: str = "posts") -> Reading:
    """Read a feed that is asked for anew."""
    return FEED.polls[poll].read(source, {}, Answer(200, {}, feed)).reading
