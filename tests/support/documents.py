"""Document resources as a test speaks to them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from tests.support.gateway import Client

ANN = json.dumps({"mbox": "mailto:ann@example.org"})
BEN = json.dumps({"mbox": "mailto:ben@example.org"})
COURSE = "https://example.org/course"
ATTEMPT = "9b1deb4d-3b7d-4bad-9bdd-2b0d7b3dcb6d"


@dataclass(frozen=True)
class DocumentResource:
    """A document resource, and where in it the test's documents lie."""

    path: str
    context: dict[str, str]
    named: str

    def at(self, name: str = "one", **changes: str) -> dict[str, str]:
        return {**self.context, self.named: name, **changes}


STATE = DocumentResource("/xapi/activities/state", {"activityId": COURSE, "agent": ANN}, "stateId")
AGENT = DocumentResource("/xapi/agents/profile", {"agent": ANN}, "profileId")
ACTIVITY = DocumentResource("/xapi/activities/profile", {"activityId": COURSE}, "profileId")
RESOURCES = pytest.mark.parametrize("resource", [STATE, AGENT, ACTIVITY], ids=["state", "agent", "activity"])


async def ask(
    client: Client, method: str, resource: DocumentResource, parameters: dict[str, str], body: Any = None, **headers: str
) -> httpx.Response:
    """Send a request; *body* is bytes, or a value that is sent as JSON."""
    content = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
    kind = {"Content-Type": "application/octet-stream" if isinstance(body, bytes) else "application/json"}
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    sent = {**client.headers, **(kind if content is not None else {}), **named}
    return await client.http.request(method, resource.path, params=parameters, content=content, headers=sent)


async def stored(client: Client, resource: DocumentResource, body: Any, name: str = "one", **changes: str) -> str:
    """Store a new document and return its ETag."""
    response = await ask(client, "PUT", resource, resource.at(name, **changes), body, If_None_Match="*")
    assert (response.status_code, response.content) == (204, b""), response.text
    return response.headers["etag"]
