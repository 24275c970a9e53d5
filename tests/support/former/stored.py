"""What is stored of former states: a dump of each, and what was seen through its doors before it was stopped."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import httpx
import orjson

from tests.support.former import life
from tests.support.house import KEY as HOUSE_KEY

FOLDER: Final = Path(__file__).parents[2] / "integration" / "upgrading" / "former"
KEY: Final = HOUSE_KEY.key.get_secret_value()
REVISIONS: Final = {
    "2026-11-22": "b6a6697ba0e159d34fdc9dca168c23ee02be6779",
    "2026-11-28": "cd8ccd6a028798445d662e1343bf1e01d95f9a1c",
    "2026-11-29": "e111c710041418387300daa3693548786e22e167",
}
XAPI: Final = {"X-Experience-API-Version": "1.0.3"}
LEARNERS: Final = ("external:HR-1", "external:HR-2", "external:HR-3", "external:HR-4")


def stored(day: str) -> tuple[Path, Path]:
    """Return where the dump and the facts of the state of *day* lie."""
    return FOLDER / f"{day}.sql.xz", FOLDER / f"{day}.json"


def told_of(day: str) -> dict[str, Any]:
    """Return what was seen of the state of *day* when it was made."""
    seen: dict[str, Any] = orjson.loads(stored(day)[1].read_bytes())
    return {**seen, "keys": {name: tuple(key) for name, key in seen["keys"].items()}}


async def facts_of(gateway: str, keys: Mapping[str, tuple[str, str]]) -> dict[str, Any]:
    """Read through the doors of *gateway* what is served: statements, attachments, documents, impact."""
    async with httpx.AsyncClient(base_url=gateway, auth=keys["all"], headers=XAPI, timeout=120) as client:
        listed: list[dict[str, Any]] = []
        more = "/xapi/statements?ascending=true"
        while more:
            page = orjson.loads((await client.get(more)).raise_for_status().content)
            listed, more = [*listed, *page["statements"]], page.get("more", "")
        return {
            "order": [statement["id"] for statement in listed],
            "statements": {each["id"]: await _statement(client, "statementId", each["id"]) for each in listed},
            "voided": {life.id_of("void me"): await _statement(client, "voidedStatementId", life.id_of("void me"))},
            "attachments": {name: await _attachments(client, life.id_of(name)) for name in ("essay", "signed")},
            "documents": [await _document(client, path, parameters) for path, parameters, _ in life.DOCUMENTS],
            "impact": {learner: await _impact(client, learner, keys["hr"]) for learner in LEARNERS},
            "activity": digest((await client.get("/xapi/activities", params={"activityId": life.LESSON})).content),
        }


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


async def _statement(client: httpx.AsyncClient, name: str, value: str) -> str:
    return digest((await client.get("/xapi/statements", params={name: value})).raise_for_status().content)


async def _attachments(client: httpx.AsyncClient, statement: str) -> list[str]:
    answer = await client.get("/xapi/statements", params={"statementId": statement, "attachments": "true"})
    boundary = answer.raise_for_status().headers["Content-Type"].rpartition("boundary=")[2].strip('"').encode()
    parts = answer.content.split(b"--" + boundary)[1:-1]  # a former state ended an answer with a line end
    return [digest(part.partition(b"\r\n\r\n")[2].removesuffix(b"\r\n")) for part in parts]


async def _document(client: httpx.AsyncClient, path: str, parameters: dict[str, str]) -> list[str]:
    answer = (await client.get(f"/xapi/{path}", params=parameters)).raise_for_status()
    return [digest(answer.content), answer.headers["ETag"], answer.headers["Content-Type"]]


async def _impact(client: httpx.AsyncClient, learner: str, auth: tuple[str, str]) -> dict[str, Any] | None:
    told = {"purpose": "development", "as_of": life.AS_OF}
    answer = await client.get(f"/v1/learners/{learner}/impact", params=told, auth=auth)
    return dict(answer.json()) if answer.is_success else None
