"""Erase a person from the record, some statements at a time, so that the recorder never waits for long."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Iterable, Sequence
from typing import Any, Final

from services.gateway.attachments.store import AttachmentStore
from services.gateway.domain.erasure import erase
from services.gateway.domain.keychain import Keychain
from services.gateway.domain.keys import Key, activity_key, agent_key
from services.gateway.persons import store
from services.gateway.persons.person import Person
from services.gateway.persons.store import PAGE_STATEMENTS, SWEPT, Begun, Found
from services.gateway.recorder import store as recorder
from services.gateway.recorder.messages import recorded
from shared.portions import portions
from shared.postgres import Database, Transaction
from shared.stream.publisher import Publisher
from shared.xapi import extract, ifi
from shared.xapi.guard import Limits, parse
from shared.xapi.vocabulary import ARTEFACT_VERBS, ActivityType, canonical

_LIMITS: Final = Limits()
WRITTEN: Final = frozenset(
    {
        ActivityType.CHAT_MESSAGE,
        ActivityType.COMMENT,
        ActivityType.FORUM_REPLY,
        ActivityType.FORUM_TOPIC,
        ActivityType.NOTE,
        ActivityType.QUESTION,
        ActivityType.SOLUTION,
    }
)
"""Types of activities that people write themselves; who answers a quiz or creates a course does not write its name."""


class RecordErasure:
    """Overwrites the statements in which *person* occurs, and what other statements say about activities that they wrote."""

    def __init__(self, database: Database, publisher: Publisher[Transaction], keychain: Keychain, person: Person) -> None:
        self._database = database
        self._publisher = publisher
        self._keychain = keychain
        self._person = person
        self._attachments = AttachmentStore(database)

    async def begin(self) -> Begun:
        """Note that the erasure begins: from now on the recorder erases the person from what was received before."""

        async def work(transaction: Transaction) -> Begun:
            await recorder.lock(transaction)
            return await store.begin(transaction, self._digests(self._person.keys))

        return await self._database.run(work)

    async def run(self, begun: Begun) -> AsyncIterator[int]:
        """Erase page by page, and yield after each how many statements of the person it had.

        For pages of what others said, and for those that the sweep finds, that is 0: it shows that the erasure goes on. Before
        a page's statements cease to mention the person, which is its last step, what others said about things that the person
        wrote there is overwritten. So after a crash the page is found again, and nothing of it is forgotten.
        """
        behind = 0
        while page := await store.mentioning(self._database, self._person.keys, behind, begun.through_seq):
            behind = page[-1].seq
            written = frozenset(key for found in page for key in self._written(found))
            if written:
                async for none_of_theirs in self._strip(written, begun):
                    yield none_of_theirs
            await self._overwrite([found.seq for found in page], begun, written, mentions=self._person.keys)
            yield len(page)
        async for none_of_theirs in self._sweep(begun):
            yield none_of_theirs

    async def _sweep(self, begun: Begun) -> AsyncIterator[int]:
        """Erase the person from extensions; these have no keys, so all statements are searched. Yields 0 after each page."""
        for behind in range(0, begun.through_seq, SWEPT):
            last = min(behind + SWEPT, begun.through_seq)
            found = await store.containing(self._database, self._person.texts, behind, last)
            for page in portions(found, PAGE_STATEMENTS):
                await self._overwrite(page, begun, (), mentions=())
                yield 0

    async def _strip(self, written: frozenset[Key], begun: Begun) -> AsyncIterator[int]:
        """Erase what the person wrote from all statements about it. Yields 0 after each page."""
        await self._database.run(lambda transaction: store.remember(transaction, begun, self._digests(written)))
        behind = 0
        while page := await store.mentioning(self._database, written, behind):
            behind = page[-1].seq
            await self._overwrite([found.seq for found in page], begun, written, mentions=())
            yield 0

    async def _overwrite(self, seqs: Sequence[int], begun: Begun, written: Collection[Key], mentions: Collection[Key]) -> None:
        """Overwrite one page under the recorder's lock, emit it, and delete the keys *mentions* of its statements."""
        keys = self._person.keys | frozenset(written)

        async def work(transaction: Transaction) -> None:
            await recorder.lock(transaction)
            held = await store.hold(transaction, seqs, begun)
            left = [(seq, found) for seq, body in held if (found := erase(body, keys.__contains__)) is not None]
            rows = await store.overwrite(transaction, left, begun)
            if mentions:
                await store.forget_mentions(transaction, [seq for seq, _ in held], self._person.identities, mentions)
            await self._attachments.release(transaction, {row.id: row.body for row in rows})
            await self._publisher.store(transaction, list(map(recorded, rows)))

        await self._database.run(work)
        await self._publisher.drain()

    def _written(self, found: Found) -> Iterable[Key]:
        """Yield the key of the activity that the person wrote with a statement, if they wrote one."""
        statement: dict[str, Any] = parse(found.body, _LIMITS)
        target, identifier = statement["object"], ifi.canonical(statement["actor"])
        kind = canonical(target.get("definition", {}).get("type", ""))
        if identifier is None or agent_key(identifier) not in self._person.keys:
            return
        if canonical(extract.verb(statement)) in ARTEFACT_VERBS and kind in WRITTEN:
            yield activity_key(target["id"])

    def _digests(self, keys: Iterable[Key]) -> list[bytes]:
        """Return the digests of *keys* that the tables of erasures hold, made with the newest master key."""
        return [self._keychain.erasure_digests(key)[0] for key in keys]
