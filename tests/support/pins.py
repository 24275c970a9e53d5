"""What recorded deliveries of every platform become, kept in a file for each: `python -m tests.support.pins` writes them anew.

A statement has one line: its id, the digest by which the recorder knows it again, who did what to which object. A line that
changes while its id stays is a conflict in every installation that heard the delivery before, where it comes again or is polled
again; an id that changes is a second statement there.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any, Final

import orjson

from services.ingest.connectors.registry import CONNECTORS
from services.ingest.domain.asking import Answer
from services.ingest.domain.reading import Lookup, Reading
from services.ingest.domain.source import Platform, Source
from shared.contracts import ReceivedStatement
from tests.support import bluesky, mediawiki
from tests.support.exports import CLOSED, NAMED, TEXT, imported
from tests.support.feeds import BLOG, blog
from tests.support.ingest import Ear, Sent
from tests.support.platforms import CONVERSATIONS
from tests.support.polls import Poller, Web, hear
from tests.support.webmention import MENTIONS, PAGES, lookup
from tests.support.wordpress import NEWS, wordpress

FOLDER: Final = Path(__file__).parents[1] / "unit" / "ingest" / "pins"
DIGITS: Final = 16
"""Of a digest: enough to tell one from any other."""
EXPORTED: Final = {
    Platform.VIVA_ENGAGE: ("viva_engage_messages.csv",),
    Platform.LINKEDIN: ("linkedin_shares.csv", "linkedin_comments.csv", "linkedin_reactions.csv"),
    Platform.SKYPE: ("skype_messages.json",),
    Platform.KHOROS: ("khoros_messages.json", "khoros_kudos.json"),
    Platform.SALESFORCE: (
        "salesforce_FeedItem.csv",
        "salesforce_FeedComment.csv",
        "salesforce_FeedLike.csv",
        "salesforce_CollaborationGroupMember.csv",
    ),
}

Playing = Callable[[Ear], Awaitable[None]]
"""Lets an ear hear what a platform says."""


def delivers(script: Sequence[Sent]) -> Playing:
    """Play a conversation to the platform's door, and tell in the end what waited in vain."""

    async def play(ear: Ear) -> None:
        await ear.hear(*script)
        await hear(ear, script[0].source)

    return play


def answers(source: Source, read: Callable[[], Sequence[Reading]]) -> Playing:
    """Ask a platform, and hear what is read of its answers."""

    async def play(ear: Ear) -> None:
        await hear(ear, source, *read())

    return play


def polled(source: Source, web: Web) -> Playing:
    """Ask a platform for all that it has."""
    return answers(source, lambda: Poller(CONNECTORS[source.platform], source, web).round())


def exports(platform: Platform, files: Sequence[str]) -> Playing:
    """Import exports, as somebody does whose own they are, and who may name what is heard of them."""

    async def play(ear: Ear) -> None:
        for file in files:
            await imported(ear, platform, file, "ada", NAMED if platform in CLOSED else TEXT)

    return play


def _page(source: Source, poll: str, answer: bytes | Answer) -> Reading:
    whole = answer if isinstance(answer, Answer) else Answer(200, {}, answer)
    return CONNECTORS[source.platform].polls[poll].read(source, {}, whole).reading


def _fetched(source: Source, asked: Lookup, answer: bytes | Answer) -> Reading:
    fetch = CONNECTORS[source.platform].fetch
    assert fetch is not None
    return fetch.read(source, asked, answer if isinstance(answer, Answer) else Answer(200, {}, answer))


def _sky() -> Sequence[Reading]:
    source, thread = bluesky.BLUESKY, bluesky.nested(bluesky.ANSWER, bluesky.nested(bluesky.THANKS))
    return [
        _page(source, "search", bluesky.search(bluesky.ASKED)),
        _fetched(source, bluesky.THREAD, bluesky.thread(bluesky.ASKED, thread)),
        _page(source, "feed", bluesky.feed(bluesky.REPOST, {"post": bluesky.QUOTE})),
        _fetched(source, bluesky.LIKES, bluesky.likes(bluesky.LIKE)),
        _page(source, "follows", bluesky.records(bluesky.FOLLOW)),
    ]


PLAYED: Final[dict[Platform, Playing]] = {
    **{script[0].source.platform: delivers(script) for script in CONVERSATIONS.values()},
    **{platform: exports(platform, files) for platform, files in EXPORTED.items()},
    Platform.FEED: polled(BLOG, blog()),
    Platform.WORDPRESS: polled(NEWS, wordpress()),
    Platform.WEBMENTION: answers(MENTIONS, lambda: [_fetched(MENTIONS, lookup(page), said) for page, said in PAGES.items()]),
    Platform.MEDIAWIKI: answers(mediawiki.WIKI, lambda: [_page(mediawiki.WIKI, "changes", mediawiki.query(*mediawiki.CHANGES))]),
    Platform.BLUESKY: answers(bluesky.BLUESKY, _sky),
}


async def told(platform: Platform) -> list[str]:
    """Return the lines of what *platform* tells now."""
    ear = Ear()
    await PLAYED[platform](ear)
    statements = sorted((_words(each), f"{each.id} {each.digest[:DIGITS]}") for r in ear.received() for each in r.statements)
    redacted = sorted({iri for received in ear.received() for iri in received.redacts})
    return list(dict.fromkeys(f"{known} {words}" for words, known in statements)) + [f"redacts {iri}" for iri in redacted]


def _words(told: ReceivedStatement) -> str:
    """Say who did what to which object."""
    statement: dict[str, Any] = orjson.loads(bytes(told.body))
    actor, thing = statement["actor"], statement["object"]
    verb = statement["verb"]["id"].rpartition("/")[2]
    return f"{_name(actor)} {verb} {thing.get('id') or _name(thing)}"


def _name(agent: dict[str, Any]) -> str:
    return str(agent["account"]["name"] if "account" in agent else agent.get("name", "nobody"))


def pinned(platform: Platform) -> list[str]:
    """Return the lines that are kept of *platform*; none where there is no file."""
    path = FOLDER / f"{platform}.txt"
    return path.read_text(encoding="utf-8").splitlines() if path.exists() else []


async def _write() -> None:
    FOLDER.mkdir(exist_ok=True)
    for platform in PLAYED:
        lines = await told(platform)
        (FOLDER / f"{platform}.txt").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


if __name__ == "__main__":
    asyncio.run(_write())
