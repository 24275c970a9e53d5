"""An examination under way: what it writes, what it finds, and how it cleans up."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final
from uuid import uuid4

import orjson

from services.lrs_check.client import Client, Said, Unreachable, Unreadable
from shared.errors import SymposiaError

HOST: Final = "lrs-check.example.org"
"""Where everybody and everything is that an examination writes about: a name that is nobody's (RFC 2606 §3).

Ralph, and whoever checks addresses of e-mail with the same library, takes none in `.invalid`.
"""
NOWHERE: Final = f"https://{HOST}"
VOIDED: Final = "http://adlnet.gov/expapi/verbs/voided"
TRIED: Final = "http://adlnet.gov/expapi/verbs/attempted"
PAUSE: Final = 0.25


class Failed(SymposiaError):
    """The LRS does not do what xAPI says it should; the message says what it did."""


class Skipped(SymposiaError):
    """The check says nothing about this LRS; the message says why."""


class Result(StrEnum):
    """How a check ended."""

    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Finding:
    """A check, the section of the specification that it is about, how it ended, and why."""

    check: str
    section: str
    result: Result
    reason: str


@dataclass(frozen=True, slots=True)
class Check:
    """Something that an LRS has to do: *run* raises Failed or Skipped where it is not seen to, and may remark on how it does."""

    name: str
    section: str
    run: Callable[[Examination], str | None]


@dataclass
class Examination:
    """What the checks share: the client, names of this run alone, and what has been written so far."""

    client: Client
    patience: float
    run: str = field(default_factory=lambda: uuid4().hex)
    registration: str = field(default_factory=lambda: str(uuid4()))
    saved: list[str] = field(default_factory=list)
    voided: list[str] = field(default_factory=list)
    documents: list[tuple[str, Mapping[str, str]]] = field(default_factory=list)

    @property
    def mbox(self) -> str:
        """Return who acts in this run."""
        return f"mailto:check-{self.run}@{HOST}"

    @property
    def agent(self) -> str:
        """Return who acts in this run, as an Agent in JSON."""
        return orjson.dumps({"objectType": "Agent", "mbox": self.mbox}).decode()

    @property
    def activity(self) -> str:
        """Return what is acted upon in this run."""
        return f"{NOWHERE}/activities/{self.run}"

    def statement(self, **changes: Any) -> dict[str, Any]:
        """Return a statement of this run, which will be voided at the end once it is sent."""
        made = {
            "id": str(uuid4()),
            "actor": {"objectType": "Agent", "mbox": self.mbox, "name": "An LRS check"},
            "verb": {"id": TRIED, "display": {"en": "attempted"}},
            "object": {"objectType": "Activity", "id": self.activity, "definition": {"name": {"en": "An LRS check"}}},
            "context": {"registration": self.registration},
            **changes,
        }
        self.saved.append(made["id"])
        return made

    def voiding(self, target: str) -> dict[str, Any]:
        """Return a statement that voids *target*; nothing can void it."""
        self.voided.append(target)
        made = self.statement(verb={"id": VOIDED}, object={"objectType": "StatementRef", "id": target})
        self.saved.remove(made["id"])
        return made

    def document(self, resource: str, parameters: Mapping[str, str]) -> None:
        """Remember a document that is written, to delete it at the end."""
        self.documents.append((resource, parameters))

    def eventually(self, holds: Callable[[], bool], otherwise: str) -> str | None:
        """Wait until something *holds*, since an LRS may show what it took a little later; remark on how long that took.

        Raises Failed with *otherwise*, and with what could not be read.
        """
        started = time.monotonic()
        while True:
            unread = ""
            try:
                if holds():
                    took = time.monotonic() - started
                    return f"seen after {took:.1f} s" if took > 2 * PAUSE else None
            except Unreadable as error:
                unread = f": {error}"
            if time.monotonic() - started > self.patience:
                raise Failed(f"{otherwise}, within {self.patience:g} s{unread}")
            time.sleep(PAUSE)

    def clean_up(self) -> Iterator[str]:
        """Void the statements and delete the documents of this run; yield what could not be undone."""
        try:
            yield from self._undo()
        except Unreachable as error:
            yield f"What was written could not all be undone: {error}"

    def _undo(self) -> Iterator[str]:
        for identifier in [each for each in self.saved if each not in self.voided]:
            if self.client.ask("GET", "statements", {"statementId": identifier}).status == 200:  # noqa: PLR2004  it is there
                said = self.client.save(self.voiding(identifier))
                if said.status >= 300:  # noqa: PLR2004  refused
                    yield f"The statement {identifier} could not be voided: {said.status}"
        for resource, parameters in self.documents:
            status = self._delete(resource, parameters)
            if status >= 300 and status != 404:  # noqa: PLR2004  refused, and not because it is gone
                yield f"A document at {resource} could not be deleted: {status}"

    def _delete(self, resource: str, parameters: Mapping[str, str]) -> int:
        etag = self.client.ask("GET", resource, parameters).headers.get("etag")
        return self.client.ask("DELETE", resource, parameters, headers={"If-Match": etag} if etag else {}).status


def examine(check: Check, examination: Examination) -> Finding:
    """Run one check; an answer that does not come, or cannot be read, is a failure."""
    try:
        remark = check.run(examination)
    except (Failed, Unreadable, Unreachable) as error:
        return Finding(check.name, check.section, Result.FAILED, str(error))
    except Skipped as error:
        return Finding(check.name, check.section, Result.SKIPPED, str(error))
    return Finding(check.name, check.section, Result.PASSED, remark or "")


def expect(said: Said, *statuses: int, what: str) -> None:
    """Raise Failed unless *said* has one of *statuses*."""
    if said.status not in statuses:
        allowed = " or ".join(map(str, statuses))
        raise Failed(f"{what} is answered {said.status} instead of {allowed}")
