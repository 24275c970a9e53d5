"""A statement that uses every property, and a way to change one place of it."""

from __future__ import annotations

import json
from typing import Any

AGENT = {"objectType": "Agent", "name": "Ada", "mbox": "mailto:ada@example.org"}
ACCOUNT = {"account": {"homePage": "https://acme.example.org", "name": "U1"}}
GROUP = {"objectType": "Group", "name": "Analysts", "member": [AGENT, ACCOUNT]}
UUID = "8f87ccde-bb56-4c2e-ab83-44982ef22df0"
ACTIVITY = {
    "objectType": "Activity",
    "id": "https://example.org/course/1",
    "definition": {
        "name": {"en-US": "Joins", "de": "Verknüpfungen"},
        "description": {"en": "Joining tables"},
        "type": "http://adlnet.gov/expapi/activities/cmi.interaction",
        "moreInfo": "https://example.org/about",
        "interactionType": "choice",
        "correctResponsesPattern": ["a[,]b"],
        "choices": [{"id": "a", "description": {"en": "A"}}, {"id": "b"}],
        "extensions": {"https://example.org/level": None},
    },
}
ATTACHMENT = {
    "usageType": "https://example.org/usage/essay",
    "display": {"en": "Essay"},
    "description": {"en": "An essay"},
    "contentType": "text/plain; charset=utf-8",
    "length": 12,
    "sha2": "0f" * 32,
    "fileUrl": "https://example.org/essay.txt",
}
CONTEXT = {
    "registration": UUID,
    "instructor": AGENT,
    "team": GROUP,
    "contextActivities": {
        "parent": [{"id": "https://example.org/thread/1"}],
        "grouping": [ACTIVITY],
        "category": {"id": "https://example.org/profile"},
        "other": [],
    },
    "revision": "2",
    "platform": "Slack",
    "language": "en-GB",
    "statement": {"objectType": "StatementRef", "id": UUID},
    "extensions": {"https://example.org/raw": {"deep": [None, 1.5, {"": "\0"}]}},
}
STATEMENT = {
    "id": UUID,
    "actor": AGENT,
    "verb": {"id": "http://adlnet.gov/expapi/verbs/answered", "display": {"en-US": "answered"}},
    "object": ACTIVITY,
    "result": {
        "score": {"scaled": 0.5, "raw": 5, "min": 0, "max": 10},
        "success": True,
        "completion": False,
        "response": "a[,]b",
        "duration": "PT4H35M59.14S",
        "extensions": {},
    },
    "context": CONTEXT,
    "timestamp": "2025-03-01T10:00:00.123Z",
    "stored": "2025-03-01T10:00:01Z",
    "authority": AGENT,
    "version": "1.0.0",
    "attachments": [ATTACHMENT],
}
SUBSTATEMENT = {
    "objectType": "SubStatement",
    **{name: STATEMENT[name] for name in ("actor", "verb", "object", "result", "context", "timestamp", "attachments")},
}
REMOVED = object()


def _own(value: Any) -> Any:
    """Copy *value*; no two places share a part."""
    return json.loads(json.dumps(value))


def changed(at: str, value: Any, base: dict[str, Any] | None = None) -> dict[str, Any]:
    """Return *base*, or STATEMENT, with *value* at the pointer *at*, or without what is there when it is REMOVED."""
    statement: dict[str, Any] = _own(base or STATEMENT)
    *path, last = at.split("/")[1:]
    holder: Any = statement
    for step in path:
        holder = holder[int(step)] if isinstance(holder, list) else holder[step]
    if value is REMOVED:
        del holder[last]
    elif isinstance(holder, list):
        holder[int(last)] = _own(value)
    else:
        holder[last] = _own(value)
    return statement
