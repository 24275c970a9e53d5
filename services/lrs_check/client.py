"""The one door to tincan, an xAPI client that knows nothing of Symposia."""

from __future__ import annotations

import http.client
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson
from tincan import Activity, Agent, RemoteLRS, Statement, Verb
from tincan.http_request import HTTPRequest

from services.lrs_check.hurrying import answered_within
from shared.errors import SymposiaError

VERSION: Final = "1.0.3"
"""What tincan speaks."""


class Unreachable(SymposiaError):
    """Nobody answers there, or not in HTTP."""


class Unreadable(SymposiaError):
    """The independent client could not read what the LRS answered."""


@dataclass(frozen=True, slots=True)
class Said:
    """An answer: its status, its headers by their names in lower case, and its body as text."""

    status: int
    headers: Mapping[str, str]
    text: str

    def json(self) -> Any:
        """Return the body read as JSON. Raises Unreadable."""
        try:
            return orjson.loads(self.text)
        except orjson.JSONDecodeError as error:
            raise Unreadable(f"{self.status} with a body that is no JSON: {self.text[:80]!r}") from error


class Client:
    """Speaks to the LRS at *endpoint* as *key*; each answer has to be there, whole, within *seconds*."""

    def __init__(self, endpoint: str, key: str, secret: str, seconds: float) -> None:
        self._remote = RemoteLRS(endpoint=endpoint, username=key, password=secret, version=VERSION)
        self._stranger = RemoteLRS(endpoint=endpoint, version=VERSION)
        self._seconds = seconds
        self._endpoint = endpoint

    def save(self, statement: Mapping[str, Any]) -> Said:
        """Save one statement, which has an id: PUT."""
        return self._told(lambda: self._remote.save_statement(Statement(dict(statement))))

    def save_all(self, statements: Sequence[Mapping[str, Any]]) -> Said:
        """Save several statements: POST."""
        return self._told(lambda: self._remote.save_statements([Statement(dict(each)) for each in statements]))

    def retrieve(self, identifier: str) -> tuple[Said, Statement | None]:
        """Return the statement as tincan reads it, None where the answer is none."""
        return self._read(lambda: self._remote.retrieve_statement(identifier))

    def retrieve_voided(self, identifier: str) -> tuple[Said, Statement | None]:
        """Return the voided statement as tincan reads it, None where the answer is none."""
        return self._read(lambda: self._remote.retrieve_voided_statement(identifier))

    def query(self, **filters: Any) -> list[str]:
        """Return the ids of the statements that match *filters*, all pages of them. Raises Unreadable for a refusal."""
        said, found = self._read(lambda: self._remote.query_statements(_filters(filters)))
        ids: list[str] = []
        while found is not None:
            ids += [str(statement.id) for statement in found.statements]
            more = found.more
            if not more:
                return ids
            said, found = self._read(lambda: self._remote.more_statements(more))  # noqa: B023  called before it changes
        raise Unreadable(f"the query was answered {said.status}")

    def ask(
        self,
        method: str,
        resource: str,
        parameters: Mapping[str, str] | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        stranger: bool = False,
    ) -> Said:
        """Send what tincan has no method for; a *stranger* shows no key."""
        request = HTTPRequest(method=method, resource=resource, headers=dict(headers or {}), query_params=dict(parameters or {}))
        if body is not None:
            request.content = body
        remote = self._stranger if stranger else self._remote
        return self._told(lambda: remote._send_request(request))  # noqa: SLF001  how tincan sends what it has no method for

    def _told(self, call: Any) -> Said:
        return self._read(call)[0]

    def _read(self, call: Any) -> tuple[Said, Any]:
        try:
            with answered_within(self._seconds):
                answer = call()
        except TimeoutError as error:
            raise Unreachable(f"{self._endpoint}: no answer within {self._seconds:g} s") from error
        except (OSError, http.client.HTTPException) as error:
            raise Unreachable(f"{self._endpoint}: {type(error).__name__}: {error}") from error
        except Exception as error:  # tincan has no errors of its own: whatever it meets in an answer, it raises
            raise Unreadable(f"tincan cannot read the answer: {type(error).__name__}: {error}"[:200]) from error
        headers = {name.lower(): value for name, value in answer.response.getheaders()}
        return Said(answer.response.status, headers, answer.data or ""), answer.content if answer.success else None


def _filters(filters: Mapping[str, Any]) -> dict[str, Any]:
    """Write filters as tincan takes them: an agent by its mbox, a verb and an activity by their IRIs."""
    kinds: dict[str, Any] = {"agent": (Agent, "mbox"), "verb": (Verb, "id"), "activity": (Activity, "id")}
    typed = {name: kind(**{by: filters[name]}) for name, (kind, by) in kinds.items() if name in filters}
    return {**filters, **typed}
