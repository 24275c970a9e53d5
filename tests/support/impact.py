"""The impact doors over scoring's real tables, with a key of each scope, and one helper whose learning was worth something."""

from __future__ import annotations

from datetime import datetime
from hashlib import sha1
from typing import Any

import httpx
from starlette.requests import Request

from services.gateway.domain.credential import Credential, KeyId, Scope
from shared.contracts import OBJECTION, Objection, decode
from shared.http import Problem
from shared.postgres import Database, Query
from shared.stream.memory import MemoryLog
from shared.xapi.vocabulary import Verb
from tests.support.community import BEGIN, artefact, enriched, learner, link

READ = {"Authorization": "reader", "X-Purpose": "development"}
WRITE = {"Authorization": "writer"}
SCOPES = {"reader": Scope.IMPACT_READ, "writer": Scope.IMPACT_WRITE}
HELPER = learner(2)
EMAIL = sha1(b"mailto:helper@example.org").hexdigest()  # noqa: S324  xAPI's mbox_sha1sum
INSERT_LEARNER = Query("INSERT INTO records.learner (id, external_id, name, email_sha1) VALUES ($1, $2, 'H', $3)")
INSERT_COURSE = Query("INSERT INTO records.course (iri, title) VALUES ($1, 'Statistics')")
AUDIT = Query("SELECT key_id, action, purpose, learner, learners, at FROM lrs.audit ORDER BY id")
ACTS = (
    enriched(1, Verb.ASKED, object=artefact(1), links=(link(),)),
    enriched(2, Verb.ANSWERED, learner=HELPER, object=artefact(2), parent=artefact(1), author=learner(1), links=(link(),)),
    enriched(3, Verb.ACCEPTED, object=artefact(2), author=HELPER, links=(link(),)),
)


class Clock:
    def __init__(self) -> None:
        self.now = BEGIN

    def __call__(self) -> datetime:
        return self.now


class Doors:
    """The gateway's impact doors alone, with a key of each scope."""

    def __init__(self, client: httpx.AsyncClient, database: Database, log: MemoryLog, clock: Clock) -> None:
        self.client, self.database, self.log, self.clock = client, database, log, clock

    async def get(self, path: str, **headers: str) -> httpx.Response:
        return await self.client.get(path, headers=READ | headers)

    async def audit(self) -> list[Any]:
        return await self.database.fetch(AUDIT)

    async def objections(self) -> list[Objection]:
        return [decode(r.value, Objection) for p, found in self.log.records.items() if p.topic == OBJECTION.name for r in found]


async def authorise(request: Request, scope: Scope) -> Credential:
    name = request.headers.get("authorization", "")
    if name not in SCOPES:
        raise Problem(401, "no key")
    if SCOPES[name] is not scope:
        raise Problem(403, "not permitted")
    return Credential(KeyId(name), name, frozenset({scope}), b"{}", "", ())
