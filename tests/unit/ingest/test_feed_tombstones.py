"""What a feed says to be deleted (RFC 6721) is redacted where it was told."""

from __future__ import annotations

import pytest

from services.ingest.connectors.feeds import FEED
from services.ingest.connectors.feeds.tombstones import tombstones
from services.ingest.domain.reading import Reason
from tests.support.feeds import BLOG, COMMENTS, HOME, POSTS, atom, entry, heard, moved
from tests.support.ingest import Ear, acts
from tests.support.polls import Poller, Web, hear, page

ANN = f"{HOME}/people/ann"
WROTE = entry("brokers", "ann", "How we restart brokers", "12:00:00")


def gone(name: str = "brokers", when: str = "2026-03-02T13:00:00Z", prefix: str = "at") -> str:
    namespace = f'xmlns:{prefix}="http://purl.org/atompub/tombstones/1.0"'
    return f'<{prefix}:deleted-entry {namespace} ref="tag:acme,2026:{name}" when="{when}"/>'


async def test_an_entry_that_is_deleted_is_redacted_under_its_address_and_told_of_its_author() -> None:
    ear = Ear()

    await hear(ear, BLOG, heard(atom(WROTE)), heard(atom(gone())))

    assert acts(ear.statements()) == [(ANN, "create", "blog.acme.example/brokers"), (ANN, "delete", "blog.acme.example/brokers")]
    assert ear.received()[-1].redacts == (f"{HOME}/brokers",)
    assert ear.statements()[-1]["timestamp"] == "2026-03-02T13:00:00.000Z"


def test_a_poll_tells_once_that_an_entry_is_deleted() -> None:
    web = Web({POSTS: page(atom(WROTE), etag='"1"'), COMMENTS: page(b"<rss/>")})
    poller = Poller(FEED, BLOG, web)
    poller.round()
    moved(web, atom(gone()), '"2"')
    first = [each for reading in poller.round() for each in reading.undecided]
    moved(web, atom(gone(), entry("notes", "bea", "Notes", "12:10:00")), '"3"')

    again = [each for reading in poller.round() for each in reading.undecided]

    assert (len(first), len(again)) == (1, 0)


@pytest.mark.parametrize("tombstone", [gone(when="soon"), gone(name="a b"), gone().replace("ref=", "href=")])
def test_a_tombstone_that_lacks_what_it_needs_is_incomplete(tombstone: str) -> None:
    reading = heard(atom(tombstone, WROTE))

    assert (reading.ignored, len(reading.decided)) == ((Reason.INCOMPLETE,), 1)


def test_only_elements_are_tombstones_whatever_their_prefix() -> None:
    written = entry("notes", "bea", "Notes", "12:10:00", text=gone())
    quoted = f"<!-- {gone()} --><x><![CDATA[{gone()}]]></x>"

    assert tombstones(atom(gone(prefix="t"))) == [{"id": "tag:acme,2026:brokers", "deleted": "2026-03-02T13:00:00Z"}]
    assert tombstones(atom(written, quoted, gone().replace("tombstones", "other"))) == []
    assert tombstones(atom(gone())[:-9]) == []
