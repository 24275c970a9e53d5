"""Canvas' Live Events in the Caliper format (developerdocs.instructure.com, "Live Events")."""

from __future__ import annotations

from typing import Any

from tests.support.canvas import COURSE, everywhere, sent
from tests.support.ingest import Sent

OWN = "com.instructure.canvas"
URN = "urn:instructure:canvas"
IN_COURSE = {"id": f"{URN}:course:{everywhere(COURSE)}", "type": "CourseOffering", "extensions": {OWN: {
    "context_type": "Course", "entity_id": everywhere(COURSE)}}}  # fmt: skip


def envelope(*events: Any) -> dict[str, Any]:
    """Return an envelope as Canvas sends it: one event in each."""
    sensor = {"sensor": "http://acme.instructure.com/", "sendTime": "2026-03-02T12:00:01.000Z"}
    return {**sensor, "dataVersion": "http://purl.imsglobal.org/ctx/caliper/v1p1", "data": list(events)}


def caliper(user: int, action: str, at: str, thing: dict[str, Any], group: dict[str, Any] | None = IN_COURSE) -> dict[str, Any]:
    """Return that *user* did something to *thing*."""
    own = {"user_login": f"user{user}", "root_account_id": everywhere(1), "entity_id": everywhere(user)}
    actor = {"id": f"{URN}:user:{everywhere(user)}", "type": "Person", "extensions": {OWN: own}}
    where = {"group": group} if group else {}
    extensions = {OWN: {"client_ip": "192.0.2.7", "hostname": "acme.instructure.com", "version": "1.0.0"}}
    return {
        "actor": actor,
        "action": action,
        "object": thing,
        "eventTime": f"2026-03-02T{at}.933Z",
        **where,
        "extensions": extensions,
    }


def thing(kind: str, number: int, **more: Any) -> dict[str, Any]:
    own = {OWN: {"entity_id": everywhere(number), **more.pop("own", {})}}
    return {"id": f"{URN}:{kind}:{everywhere(number)}", "extensions": own, **more}


TOPIC = thing("discussion", 21, type="Thread", name="How do I restart the broker?", own={"is_announcement": False})
ENTRY = thing(
    "discussionEntry", 51, type="Message", body="<p>Drain it first.</p>", isPartOf={"id": f"{URN}:discussion:{everywhere(21)}"}
)
PAGE = thing("wikiPage", 31, type="Page", name="Runbook", own={"body": "<p>Drain.</p>"})
FILE = thing("attachment", 41, type="Document", name="a.csv", own={"context_type": "Course", "context_id": everywhere(COURSE)})
ENROLMENT = thing("enrollment", 61, dateCreated="2026-03-02T12:17:00.000Z", own={
    "course_id": f"{URN}:course:{everywhere(COURSE)}", "user_id": f"{URN}:user:{everywhere(14)}", "type": "StudentEnrollment",
    "workflow_state": "active"})  # fmt: skip
VIEWED = thing("wikiPage", 31, name="wiki_page", own={"asset_type": "wiki_page"})


def caliper_deliveries() -> list[Sent]:
    """A topic, an entry, a page, a file, who looks at it and who joins."""
    events = [
        caliper(11, "Created", "12:00:00", TOPIC),
        caliper(12, "Posted", "12:05:00", ENTRY),
        caliper(12, "Created", "12:12:00", PAGE),
        caliper(12, "Created", "12:15:00", FILE),
        caliper(13, "NavigatedTo", "12:11:00", VIEWED),
        caliper(2, "Created", "12:17:00", ENROLMENT),
    ]
    return [sent(envelope(each)) for each in events]
