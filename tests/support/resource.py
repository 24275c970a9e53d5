"""The statement resource, asked in either version of xAPI, and whom its tests are about."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.support.gateway import Client, statement

VOIDED = {"id": "http://adlnet.gov/expapi/verbs/voided"}
ANN, BOB, CY = ({"mbox": f"mailto:{name}@example.org"} for name in ("ann", "bob", "cy"))
COURSE, LESSON = "https://example.org/course", "https://example.org/lesson"
BOTH = pytest.mark.parametrize("version", ["1.0.3", "2.0.0"])


def voiding(target: str, **changes: Any) -> dict[str, Any]:
    return statement(verb=VOIDED, object={"objectType": "StatementRef", "id": target}, **changes)


async def speak(client: Client, method: str, version: str, body: Any = None, **parameters: str) -> httpx.Response:
    """Ask the statement resource in *version*."""
    headers = {**client.headers, "X-Experience-API-Version": version}
    return await client.http.request(method, "/xapi/statements", json=body, headers=headers, params=parameters or None)
