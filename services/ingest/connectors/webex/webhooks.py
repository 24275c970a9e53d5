"""Keep Webex delivering: a webhook for each resource that is heard, made where it is missing, set going where Webex stopped it.

Webex stops a webhook whose address fails too often. A round lists the webhooks, and then mends them one by one.
"""

from __future__ import annotations

import hashlib
import hmac
from datetime import timedelta
from typing import Any, Final

import orjson

from services.ingest.connectors.fields import Incomplete, member, optional_text
from services.ingest.connectors.parsing import answered
from services.ingest.connectors.webex import places
from services.ingest.domain.asking import Answer, Circumstances, Cursor, Page, Request
from services.ingest.domain.reading import Reading, Reason, ignored
from services.ingest.domain.source import Source
from shared.xapi.model import JSON

EVERY: Final = timedelta(minutes=30)
REFUSALS: Final = frozenset({400, 403, 404, 409})
"""How Webex refuses a webhook: it harms no other."""
JSON_BODY: Final = {"Content-Type": "application/json"}
MOST: Final = 100


def ask(source: Source, cursor: Cursor, circumstances: Circumstances) -> Request:
    """Return the request of the next step: the list, or a webhook that is to be made or mended."""
    url, steps = f"{places.api(source)}/webhooks", _listed(cursor.get("steps"))
    if not steps:
        return Request(f"{url}?max={MOST}")
    resource, name = steps[0]
    hook: dict[str, JSON] = {
        "name": _name(source, resource),
        "targetUrl": circumstances.hook,
        "secret": source.secrets[0].decode(errors="replace"),
    }
    if name:
        body = orjson.dumps({**hook, "status": "active"})
        return Request(f"{url}/{places.quoted(name)}", "PUT", JSON_BODY, body, bears=REFUSALS)
    return Request(url, "POST", JSON_BODY, orjson.dumps({**hook, "resource": resource, "event": "all"}), bears=REFUSALS)


def read(source: Source, cursor: Cursor, answer: Answer) -> Page:
    """Read the answer to the next step, and go on with those that follow from it."""
    if steps := _listed(cursor.get("steps")):
        rest = steps[1:]
        reading = ignored(Reason.NOT_DELIVERED) if answer.status in REFUSALS else Reading()
    else:
        reading, rest = Reading(), _plan(source, answered(answer))
    return Page(reading, {"steps": rest} if rest else {}, more=bool(rest))


def _plan(source: Source, document: JSON) -> list[list[str]]:
    """Return which resources need a webhook, with the id of the one that is to be mended, if there is one."""
    found = member(document, "items")
    if not isinstance(found, list):
        raise Incomplete("items")
    ours: dict[str, Any] = {}
    for each in found:
        resource, target = optional_text(each, "resource"), optional_text(each, "targetUrl") or ""
        if resource and target.endswith(f"/hooks/{source.platform}/{source.id}"):
            ours.setdefault(resource, each)
    wanted = ["messages", "memberships", *(["meetings", "meetingParticipants"] if "meetings" in source.options else [])]
    return [[each, optional_text(ours.get(each), "id") or ""] for each in wanted if not _is_well(source, each, ours.get(each))]


def _is_well(source: Source, resource: str, hook: JSON) -> bool:
    return optional_text(hook, "status") == "active" and optional_text(hook, "name") == _name(source, resource)


def _name(source: Source, resource: str) -> str:
    """Return the name of a webhook, which says under which secret it was made, without telling it."""
    mark = hmac.new(source.secrets[0], b"webhook", hashlib.sha256).hexdigest()[:8]
    return f"Symposia {source.id} {resource} {mark}"


def _listed(value: JSON) -> list[Any]:
    return value if isinstance(value, list) else []
