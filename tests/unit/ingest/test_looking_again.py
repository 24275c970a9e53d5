"""What a platform tells nobody that it deleted is looked at again, and goes once it was missed twice."""

from __future__ import annotations

from dataclasses import dataclass, replace

import orjson
import pytest
from msgspec.structs import replace as with_

from services.ingest.connectors.bluesky import BLUESKY as ON_BLUESKY
from services.ingest.connectors.connector import Connector
from services.ingest.connectors.mastodon import MASTODON as ON_MASTODON
from services.ingest.connectors.wordpress import WORDPRESS as ON_WORDPRESS
from services.ingest.connectors.youtube import YOUTUBE as ON_YOUTUBE
from services.ingest.domain.asking import Answer, Circumstances
from services.ingest.domain.interaction import ChannelId
from services.ingest.domain.reading import Lookup, Reading, Reason
from services.ingest.domain.source import Keeps, Policy, Source
from shared.contracts import HEARD, RECEIVED
from shared.xapi.model import JSON
from tests.support import bluesky, mastodon, wordpress, youtube
from tests.support.ingest import NOW, Ear, acts

DAY, HOUR = 86_400, 3_600
MISSED_AT = "2026-03-03T12:00:00Z"
CIRCUMSTANCES = Circumstances(NOW, "https://symposia.example/hooks/x/y")
ON_BLOG = wordpress.post(1, 11, "How we restart", "12:00:00")


def answer(document: JSON, status: int = 200) -> Answer:
    return Answer(status, {}, orjson.dumps(document))


@dataclass(frozen=True)
class Case:
    """A post that a platform shows in answer to a poll, and what it says when it is asked for the post alone."""

    connector: Connector
    source: Source
    poll: str
    shown: JSON
    url: str
    there: Answer
    missing: tuple[Answer, ...]
    unclear: tuple[Answer, ...]

    def read(self, source: Source | None = None) -> Reading:
        return self.connector.polls[self.poll].read(source or self.source, {}, answer(self.shown)).reading

    def first_look(self) -> Lookup:
        (found,) = [each for each in self.read().lookups if each.after]
        return found

    def look(self, lookup: Lookup, seen: Answer) -> Reading:
        assert self.connector.fetch is not None
        return self.connector.fetch.read(self.source, lookup, seen)


CASES = {
    "bluesky": Case(
        ON_BLUESKY,
        bluesky.BLUESKY,
        "search",
        {"posts": [bluesky.ASKED]},
        "https://public.api.bsky.app/xrpc/app.bsky.feed.getPostThread"
        "?uri=at%3A%2F%2Fdid%3Aplc%3Aann%2Fapp.bsky.feed.post%2Fask&depth=0&parentHeight=0",
        answer({"thread": {"$type": "app.bsky.feed.defs#threadViewPost", "post": bluesky.ASKED}}),
        (
            answer({"error": "NotFound", "message": "Post not found"}, 400),
            answer({"thread": {"$type": "app.bsky.feed.defs#notFoundPost", "notFound": True}}),
        ),
        (
            answer({"error": "InvalidRequest"}, 400),
            answer({"thread": {"$type": "app.bsky.feed.defs#blockedPost"}}),
            answer({}),
            answer([]),
        ),
    ),
    "mastodon": Case(
        ON_MASTODON,
        mastodon.MASTODON,
        "timeline",
        [mastodon.ASKED],
        f"{mastodon.MASTODON.workspace}/api/v1/statuses/{mastodon.ASKED['id']}",
        answer(mastodon.ASKED),
        (answer({"error": "Record not found"}, 404), answer({"error": "Record not found"}, 410)),
        (answer({"error": "No such route"}, 404), answer([], 404), answer({"id": "9"}), answer([])),
    ),
    "wordpress": Case(
        ON_WORDPRESS,
        wordpress.NEWS,
        "posts",
        [ON_BLOG],
        f"{wordpress.HOME}/wp-json/wp/v2/posts?include=1&_fields=id",
        answer([{"id": 1}]),
        (answer([]),),
        (answer({"code": "rest_no_route"}), answer([{"id": 2}]), answer([None]), answer(None)),
    ),
    "youtube": Case(
        ON_YOUTUBE,
        youtube.YOUTUBE,
        "comments",
        orjson.loads(youtube.threads(youtube.thread(youtube.PRAISE))),
        "https://www.googleapis.com/youtube/v3/comments?part=id&id=Ugx2",
        answer({"kind": "youtube#commentListResponse", "items": [{"id": "Ugx2"}]}),
        (answer({"kind": "youtube#commentListResponse", "items": []}),),
        (
            answer({"items": []}),
            answer({"kind": "youtube#commentListResponse"}),
            answer({"kind": "youtube#commentListResponse", "items": [{"id": "Ugx9"}]}),
            answer([]),
        ),
    ),
}
each_platform = pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())


def forgetful(reading: Reading) -> Reading:
    """Return *reading* but for what is asked for."""
    return with_(reading, lookups=())


@each_platform
def test_what_is_told_is_looked_at_after_a_day_a_week_and_four_weeks(case: Case) -> None:
    lookup, pauses = case.first_look(), list[int]()
    for _ in range(3):
        pauses.append(lookup.after)
        reading = case.look(lookup, case.there)
        assert forgetful(reading) == Reading(ignored=(Reason.TOLD_ALREADY,))
        lookup = reading.lookups[0] if reading.lookups else lookup

    assert pauses == [DAY, 6 * DAY, 21 * DAY]
    assert reading.lookups == ()


@each_platform
def test_it_is_asked_for_by_itself(case: Case) -> None:
    assert case.connector.fetch is not None

    assert case.connector.fetch.ask(case.source, case.first_look(), CIRCUMSTANCES).url == case.url


@each_platform
async def test_what_is_missed_twice_was_deleted_when_it_was_missed_first_and_its_text_is_redacted(case: Case) -> None:
    for missing in case.missing:
        ear = Ear()
        await ear.log.ensure((HEARD, RECEIVED))
        await ear.take(case.source, forgetful(case.read()))
        before = len(ear.statements())

        first = case.look(case.first_look(), missing)
        (once_more,) = first.lookups
        second = case.look(with_(once_more, noticed=MISSED_AT), missing)
        await ear.take(case.source, second)

        assert (forgetful(first), once_more.after) == (Reading(ignored=(Reason.GONE,)), HOUR)
        deleted = ear.statements()[before:]
        assert [(what, each["timestamp"]) for (_, what, _), each in zip(acts(deleted), deleted, strict=True)] == [
            ("delete", MISSED_AT)
        ]
        assert [each.redacts for each in ear.received() if each.redacts] == [(deleted[0]["object"]["id"],)]
        assert deleted[0]["object"]["id"] == ear.statements()[0]["object"]["id"]
        assert deleted[0]["actor"] == ear.statements()[0]["actor"]


@each_platform
def test_what_is_there_once_more_is_looked_at_again_at_the_next_time(case: Case) -> None:
    (once_more,) = case.look(case.first_look(), case.missing[0]).lookups

    assert case.look(once_more, case.there).lookups == case.look(case.first_look(), case.there).lookups


@each_platform
def test_an_answer_that_says_neither_deletes_nothing(case: Case) -> None:
    (once_more,) = case.look(case.first_look(), case.missing[0]).lookups
    for lookup in (case.first_look(), once_more):
        for unclear in (*case.unclear, Answer(200, {}, b"<html>")):
            reading = case.look(lookup, unclear)

            assert forgetful(reading) == Reading(ignored=(Reason.INCOMPLETE,))
            assert [each.after for each in reading.lookups] == [6 * DAY]


@each_platform
@pytest.mark.parametrize("policy", [Policy(), Policy(keeps=Keeps.TEXT, channels=frozenset({ChannelId("#elsewhere")}))])
def test_nothing_is_looked_at_whose_text_is_not_kept(case: Case, policy: Policy) -> None:
    assert [each for each in case.read(replace(case.source, policy=policy)).lookups if each.after] == []


@each_platform
def test_whose_it_is_stands_beside_what_is_looked_at_so_that_an_erasure_finds_it(case: Case) -> None:
    assert [each.author for each in case.read().known] == [case.first_look().reference["by"]]
