"""Canvas' other message format, Caliper 1.1 (imsglobal.org/spec/caliper/v1p1), in the words of its own.

Things are named by URNs (`urn:instructure:canvas:discussionEntry:2134567`); what Caliper has no place for stands in extensions.
"""

from __future__ import annotations

from typing import Final

from services.ingest.connectors.fields import Incomplete, member, optional_text, several, text
from shared.xapi.model import JSON

OWN: Final = "com.instructure.canvas"
PREFIX: Final = "urn:instructure:canvas:"
NAMES: Final = {
    "discussionEntry": "discussion_entry",
    "discussion": "discussion_topic",
    "wikiPage": "wiki_page",
    "attachment": "attachment",
    "enrollment": "enrollment",
    "groupMembership": "group_membership",
}
"""What Canvas' own format calls the things that URNs name."""
ACTIONS: Final = {"Created": "created", "Posted": "created", "Modified": "updated", "Deleted": "deleted"}


def is_envelope(document: JSON) -> bool:
    """Say whether *document* is an envelope of Caliper's events."""
    return isinstance(member(document, "data"), list) and optional_text(document, "dataVersion") is not None


def live_events(envelope: JSON) -> list[JSON]:
    """Return the events of an envelope as live events of Canvas' own format; None for each that has no counterpart there."""
    return [_tolerant(each) for each in several(envelope, "data")]


def _tolerant(event: JSON) -> JSON:
    try:
        return _live_event(event)
    except Incomplete:
        return None


def _live_event(event: JSON) -> JSON:
    thing, action = member(event, "object"), text(event, "action")
    name = "asset_accessed" if action == "NavigatedTo" else f"{_kind(thing)}_{ACTIONS.get(action, action)}"
    actor, group, own = (
        member(event, "actor"),
        member(event, "group", "extensions", OWN),
        member(event, "actor", "extensions", OWN),
    )
    person = member(actor, "type") == "Person"
    metadata = {
        "event_name": name,
        "event_time": member(event, "eventTime"),
        "hostname": member(event, "extensions", OWN, "hostname"),
        "root_account_id": member(own, "root_account_id"),
        "user_id": member(own, "entity_id") if person else None,
        "user_login": member(own, "user_login"),
        "real_user_id": member(own, "real_user_id"),
        "context_type": member(group, "context_type"),
        "context_id": member(group, "entity_id"),
    }
    return {"metadata": metadata, "body": _body(name, thing)}


def _kind(thing: JSON) -> str:
    """Return what Canvas' own format calls *thing*; raise Incomplete for what no URN of Canvas names."""
    urn = text(thing, "id")
    if not urn.startswith(PREFIX):
        raise Incomplete("object/id")
    kind = urn.rpartition(":")[0].rpartition(":")[2]
    return NAMES.get(kind, kind)


def _body(name: str, thing: JSON) -> JSON:
    """Return what a live event says of *thing*: what its extensions say is said under the same names there."""
    extensions = member(thing, "extensions", OWN)
    plain = extensions if isinstance(extensions, dict) else {}
    named = _id(thing) or member(plain, "entity_id")
    body: dict[str, JSON] = {
        **plain,
        "title": member(thing, "name"),
        "created_at": member(thing, "dateCreated"),
        "course_id": _named(plain, "course_id"),
        "user_id": _named(plain, "user_id") or _id(member(thing, "member")),
        f"{name.rpartition('_')[0]}_id": named,
        "asset_id": named,
        "text": member(thing, "body"),
    }
    if name.startswith("discussion_entry_"):
        above = {"discussion_topic_id": member(thing, "isPartOf"), "parent_discussion_entry_id": member(thing, "replyTo")}
        body |= {each: _id(found) for each, found in above.items()}
    if name.startswith("group_membership_"):
        body |= {"group_id": _id(member(thing, "organization")), "workflow_state": plain.get("workflow_state", "accepted")}
    return body


def _named(document: JSON, name: str) -> JSON:
    """Return the id under *name*, which may be written as a URN."""
    written = optional_text(document, name)
    return _id({"id": written}) or written


def _id(thing: JSON) -> str | None:
    """Return the id at the end of the URN of *thing*; None where there is none."""
    urn = optional_text(thing, "id") or ""
    return urn.rpartition(":")[2] if urn.startswith(PREFIX) else None
