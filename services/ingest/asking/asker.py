"""Ask the platform of a source for all that is due: one process at a time, whatever number of them run."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from typing import Final

import structlog

from services.ingest.asking.metrics import Asked, AskingMetrics
from services.ingest.asking.platform import NotThere, PlatformAway, PlatformClient, Spared
from services.ingest.asking.store import AskingStore, DueLookup, DuePoll
from services.ingest.connectors.connector import Connector, Fetch, Poll
from services.ingest.connectors.fields import Incomplete
from services.ingest.domain.asking import Circumstances, Cursor, Page, Request
from services.ingest.domain.reading import Reading, Reason, ignored
from services.ingest.domain.source import Source
from services.ingest.hearing import Hearing
from services.ingest.settings import AskingSettings
from shared.backoff import backoff
from shared.bugs import Bug, confining_bugs
from shared.clock import Clock
from shared.errors import SymposiaError, Unavailable
from shared.xapi.timestamps import instant

log = structlog.get_logger()

MOST_PAGES: Final = 100
"""Pages that a poll turns in one go; the rest waits for its next turn, so that other polls of the source have theirs."""
MOST_GIVEN_UP: Final = 100
"""What strangers named that stays, for the operator to see, when it was given up."""
_FAILURES: Final = (PlatformAway, NotThere, Incomplete)


class Asker:
    """Ask the platform of one source for what is due."""

    def __init__(
        self,
        *,
        client: PlatformClient,
        store: AskingStore,
        hearing: Hearing,
        clock: Clock,
        metrics: AskingMetrics,
        settings: AskingSettings,
        hook_of: Callable[[Source], str],
    ) -> None:
        self._client = client
        self._store = store
        self._hearing = hearing
        self._clock = clock
        self._metrics = metrics
        self._settings = settings
        self._hook_of = hook_of

    async def serve(self, connector: Connector, source: Source) -> None:
        """Do all that is due for *source*, unless another process does. Raises Unavailable."""
        if not await self._store.claim(source.id):
            return
        try:
            for due in await self._store.due_polls(source.id, connector.polls, self._clock()):
                await self._poll(connector, connector.polls[due.name], source, due)
            if connector.fetch is not None:
                await self._look_up(connector, connector.fetch, source)
        finally:
            with suppress(Unavailable):
                await self._store.release(source.id)

    async def _poll(self, connector: Connector, poll: Poll, source: Source, due: DuePoll) -> None:
        try:
            with _confining_bugs(source):
                failed = await self._turn_pages(connector, poll, source, due)
        except Spared as spared:
            await self._store.postpone_poll(source.id, due.name, self._clock() + timedelta(seconds=spared.retry_after))
        except _FAILURES as error:
            later = self._later(due.failures, error.retry_after if isinstance(error, PlatformAway) else 0.0)
            await self._fail(source, due, later, 1, _why(error))
        else:
            if failed:
                url, first = next(iter(failed.items()))
                others = f" (and {len(failed) - 1} more)" if len(failed) > 1 else ""
                await self._fail(source, due, self._later(due.failures), len(failed), f"{url}: {_why(first)}{others}")

    async def _fail(self, source: Source, due: DuePoll, later: datetime, requests: int, why: str) -> None:
        """Let a poll, of which so many *requests* failed, be due *later*."""
        for _ in range(requests):
            self._metrics.asked(source, Asked.FAILED)
        log.warning("a platform could not be asked", source=source.id, poll=due.name, failures=due.failures + 1)
        await self._store.fail_poll(source.id, due.name, later, why)

    async def _turn_pages(self, connector: Connector, poll: Poll, source: Source, due: DuePoll) -> Mapping[str, Exception]:
        """Turn the pages; return what failed, by its address, where the poll goes on behind that, else raise it."""
        cursor, failed = due.cursor, dict[str, Exception]()
        for _ in range(MOST_PAGES):
            request = poll.ask(source, cursor, self._circumstances(source))
            if request is None and not failed:
                await self._move(source, due.name, cursor, poll.every)
            if request is None or request.url in failed:
                break
            try:
                page = await self._page(connector, poll, source, cursor, request)
            except _FAILURES as error:
                if poll.past is None:
                    raise
                failed[request.url] = error
                page = Page(Reading(), poll.past(source, cursor), more=True)
            cursor = page.cursor
            if poll.past is not None and (page.more or failed):
                moved = await self._store.go_on(source.id, due.name, cursor)
            else:
                rest = timedelta() if page.more else page.rest or poll.every
                moved = await self._move(source, due.name, cursor, rest)
            if not moved or not page.more:
                break
        return failed

    async def _page(self, connector: Connector, poll: Poll, source: Source, cursor: Cursor, request: Request) -> Page:
        """Ask for a page and take what it says."""
        with _confining_bugs(source):
            answer = await self._client.ask(connector, source, request)
            page = await asyncio.to_thread(poll.read, source, cursor, answer)  # a large feed takes seconds
            await self._hearing.take(source, page.reading)
        self._metrics.asked(source, Asked.ANSWERED)
        return page

    async def _move(self, source: Source, poll: str, cursor: Cursor, rest: timedelta) -> bool:
        now = self._clock()
        return await self._store.move(source.id, poll, cursor, now + rest, now)

    async def _look_up(self, connector: Connector, fetch: Fetch, source: Source) -> None:
        for due in await self._store.due_lookups(source.id, self._clock(), self._settings.batch):
            if not await self._store.claim(source.id):
                return
            try:
                with _confining_bugs(source):
                    await self._fetch(connector, fetch, source, due)
            except Spared as spared:
                later = self._clock() + timedelta(seconds=spared.retry_after)
                await self._store.postpone_lookup(source.id, due.lookup.key, later, spared.reason)
            except PlatformAway as away:
                await self._postpone(connector, source, due, away)
                return  # the platform is away for the others, too

    async def _fetch(self, connector: Connector, fetch: Fetch, source: Source, due: DueLookup) -> None:
        """Ask for one thing and take what it says. Raises PlatformAway."""
        try:
            answer = await self._client.ask(connector, source, fetch.ask(source, due.lookup, self._circumstances(source)))
            reading = await asyncio.to_thread(fetch.read, source, due.lookup, answer)
        except NotThere:
            reading = ignored(Reason.GONE)
        except Incomplete as error:
            log.info("an answer lacks what its statement needs", source=source.id, field=str(error))
            reading = ignored(Reason.INCOMPLETE)
        await self._hearing.take(source, reading, due.lookup.noticed)
        self._metrics.asked(source, Asked.GONE if reading.ignored == (Reason.GONE,) else Asked.ANSWERED)
        await self._store.settle(source.id, due)

    async def _postpone(self, connector: Connector, source: Source, due: DueLookup, away: PlatformAway) -> None:
        open_to_all = connector.hook is not None and connector.hook.open
        for_good = due.failures + 1 >= self._settings.attempts and (open_to_all or self._waited_long(due))
        self._metrics.asked(source, Asked.GIVEN_UP if for_good else Asked.FAILED)
        log.warning("a platform could not be asked", source=source.id, failures=due.failures + 1, for_good=for_good)
        # Behind the others that wait until the platform may be asked again: else one that always fails would come before them.
        later = self._later(due.failures) + timedelta(seconds=away.retry_after)
        await self._store.fail_lookup(source.id, due, later, away.reason, for_good=for_good)
        if for_good and open_to_all:
            await self._store.forget_given_up(source.id, MOST_GIVEN_UP)

    def _waited_long(self, due: DueLookup) -> bool:
        """Say whether it was named so long ago that its platform is not just away for a while."""
        noticed = due.lookup.noticed
        return not noticed or (self._clock() - instant(noticed)).total_seconds() >= self._settings.patience

    def _later(self, failures: int, asked: float = 0.0) -> datetime:
        """Say when to ask again after *failures* and one more, no sooner than the platform *asked* for."""
        pause = backoff(failures, first=self._settings.first_pause, longest=self._settings.longest_pause)
        return self._clock() + timedelta(seconds=max(asked, pause))

    def _circumstances(self, source: Source) -> Circumstances:
        return Circumstances(self._clock(), self._hook_of(source))


def _why(error: Exception) -> str:
    return f"the answer lacks {error}" if isinstance(error, Incomplete) else str(error)


@contextmanager
def _confining_bugs(source: Source) -> Iterator[None]:
    """Take a bug of ours for a platform that is away: strangers write what is asked for, and no other source is to suffer.

    It is logged by its place in the code, since its text may hold what somebody wrote. Raises PlatformAway.
    """
    try:
        with confining_bugs(SymposiaError, Incomplete):
            yield
    except Bug as bug:
        log.error("asking met a bug", source=source.id, bug=str(bug))  # noqa: TRY400  see above
        raise PlatformAway(f"made us meet an error of our own ({type(bug.__cause__).__name__})") from bug
