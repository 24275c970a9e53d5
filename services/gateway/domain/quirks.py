"""Quirks: what known senders get wrong, understood for those credentials alone that say so. Functions of what was sent."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode

import orjson

from services.gateway.domain.open_edx import changed_members
from shared.media_types import FORM_TYPE, JSON_TYPE, OCTETS_TYPE, media_type
from shared.xapi import canonical
from shared.xapi.guard import Limits, Malformed, parse
from shared.xapi.model import JSON

MOST_PARAMETERS: Final = 100
MOST_PARTS: Final = 2_000
"""Parts of a message that are looked for: one with more is refused anyway."""
PARAMETERS: Final = frozenset({
    "statementId", "voidedStatementId", "agent", "verb", "activity", "registration", "related_activities", "related_agents",
    "since", "until", "limit", "format", "attachments", "ascending", "activityId", "stateId", "profileId", "more",
    "partial", "method",
})  # fmt: skip
"""What some resource of xAPI takes; each resource still refuses what it does not take itself."""
_OF_AN_AGENT: Final = ("name", "mbox", "mbox_sha1sum", "openid", "account")
_ACCOUNT: Final = {"accountServiceHomePage": "homePage", "accountName": "name"}


class Quirk(StrEnum):
    """What a credential's sender gets wrong."""

    TEXT_PLAIN_FORM = "text-plain-form"
    BARE_STATE = "bare-state"
    EXTRA_PARAMETERS = "extra-parameters"
    ACTOR_ARRAYS = "actor-arrays"
    OPEN_EDX = "open-edx"
    GLUED_PARTS = "glued-parts"
    UNGUARDED_PROFILES = "unguarded-profiles"
    NO_VERSION = "no-version"


@dataclass(frozen=True, slots=True)
class Peculiarity:
    """Who has a quirk, what the sender does, what is made of it, and where that was reported."""

    sender: str
    sends: str
    understood: str
    source: str


PECULIARITIES: Final[Mapping[Quirk, Peculiarity]] = {
    Quirk.TEXT_PLAIN_FORM: Peculiarity(
        "Articulate Storyline",
        "the alternate request syntax with Content-Type text/plain",
        "as a form",
        "LearningLocker/learninglocker issues 497, 699, 998, 1042",
    ),
    Quirk.BARE_STATE: Peculiarity(
        "Adobe Captivate, Articulate Rise",
        "a state that says it is JSON and is bare text",
        "stored as application/octet-stream",
        "LearningLocker/learninglocker issue 1022",
    ),
    Quirk.EXTRA_PARAMETERS: Peculiarity(
        "TinCanJS in published courses",
        "the parameters of the course's own launch link with each request",
        "without those that xAPI does not have",
        "TinCanJS 0.50, LRS.extended",
    ),
    Quirk.ACTOR_ARRAYS: Peculiarity(
        "Courses that pass on the actor of a launch link of Tin Can 0.9",
        "an actor whose name and identifier stand in lists of one",
        "without the lists",
        "Tin Can API 0.90, launch parameters",
    ),
    Quirk.OPEN_EDX: Peculiarity(
        "Open edX (event-routing-backends); of H5P the scores",
        "the objectType GroupActivity, attempts at exams whose id is a bare UUID, and scores whose min and max are 0",
        "as an Activity, as urn:uuid:…, and without the min",
        "openedx/event-routing-backends, statements.py, exam_events.py, grading_events.py; h5p-php-library, h5p-x-api-event.js",
    ),
    Quirk.GLUED_PARTS: Peculiarity(
        "TinCanJS, ADL's xAPIWrapper, @xapi/xapi",
        "several attachments, without a line end between one and the boundary of the next",
        "with it",
        "TinCanJS 0.50, xAPIWrapper 1.11.0, @xapi/xapi 3.0.3: what they write as multipart/mixed",
    ),
    Quirk.UNGUARDED_PROFILES: Peculiarity(
        "tincan (Python), TinCanPHP, TinCan.NET",
        "PUT of a profile without If-Match or If-None-Match",
        "as of a new one (If-None-Match: *)",
        "tincan 1.0.0, save_agent_profile; TinCanPHP, saveActivityProfile",
    ),
    Quirk.NO_VERSION: Peculiarity(
        "Ralph, which forwards",
        "no X-Experience-API-Version",
        "as 1.0.3",
        "openfun/ralph 5.1, api/forwarding.py",
    ),
}


def text_plain_form(content_type: str) -> str:
    """Return *content_type*, or a form's where it says plain text."""
    return FORM_TYPE if media_type(content_type) == "text/plain" else content_type


def bare_state(content_type: str, content: bytes) -> str:
    """Return *content_type*, or that of bytes without meaning where it says JSON and *content* is none."""
    if media_type(content_type) != JSON_TYPE:
        return content_type
    try:
        parse(content, Limits(size=max(1, len(content))))
    except Malformed:
        return OCTETS_TYPE
    return content_type


def glued_parts(body: bytes, boundary: bytes) -> bytes:
    """Return a multipart message with a line end behind each attachment but the last, which has one, as the statements have."""
    line = b"--" + boundary + b"\r\n"
    pieces = body.split(line, MOST_PARTS)
    return b"".join((line.join(pieces[:3]), *(b"\r\n" + line + piece for piece in pieces[3:])))


def extra_parameters(query: bytes) -> bytes:
    """Return the query string without parameters that no resource of xAPI has."""
    return _rewritten(query, lambda given: [(name, value) for name, value in given if name in PARAMETERS])


def actor_arrays_in_query(query: bytes) -> bytes:
    """Return the query string with its `agent` in the form of xAPI 1.0."""
    return _rewritten(query, lambda given: [(name, _agent_text(value) if name == "agent" else value) for name, value in given])


def actor_arrays(body: bytes) -> bytes:
    """Return one statement, or an array of them, each actor in the form of xAPI 1.0; what is no JSON as it is."""
    return _each(body, _actor_without_lists)


def open_edx(body: bytes) -> bytes:
    """Return one statement, or an array of them, as Open edX means them; what is no JSON as it is."""
    return _each(body, changed_members)


def read_statements(body: bytes, quirks: Collection[Quirk]) -> tuple[bytes, list[Quirk]]:
    """Return the statements in *body* as a sender with *quirks* means them, and the quirks that it took."""
    return _read(body, quirks, {Quirk.ACTOR_ARRAYS: actor_arrays, Quirk.OPEN_EDX: open_edx})


def read_query(query: bytes, quirks: Collection[Quirk]) -> tuple[bytes, list[Quirk]]:
    """Return the query string as a sender with *quirks* means it, and the quirks that it took."""
    return _read(query, quirks, {Quirk.EXTRA_PARAMETERS: extra_parameters, Quirk.ACTOR_ARRAYS: actor_arrays_in_query})


def _read(text: bytes, quirks: Collection[Quirk], ways: Mapping[Quirk, Callable[[bytes], bytes]]) -> tuple[bytes, list[Quirk]]:
    taken = []
    for quirk, understand in ways.items():
        understood = understand(text) if quirk in quirks else text
        if understood != text:
            text = understood
            taken.append(quirk)
    return text, taken


def _each(body: bytes, changed: Callable[[Mapping[str, Any]], dict[str, JSON]]) -> bytes:
    """Return *body* with those members of its statements anew that *changed* returns, all else byte by byte as it was."""
    try:
        parsed = parse(body, Limits(size=max(1, len(body))))
    except Malformed:
        return body
    several = parsed if isinstance(parsed, list) else [parsed]
    changes = [changed(each) if isinstance(each, dict) else {} for each in several]
    if not any(changes):
        return body
    try:
        pieces = [
            canonical.splice(raw, **members) if members else raw
            for raw, members in zip(canonical.split(body), changes, strict=True)
        ]
    except TypeError:  # a number of more than 64 bits, which no sender that we know writes there
        return body
    return b"[" + b",".join(pieces) + b"]" if isinstance(parsed, list) else pieces[0]


def _actor_without_lists(statement: Mapping[str, Any]) -> dict[str, JSON]:
    actor = _without_lists(statement.get("actor"))
    return {} if actor is None else {"actor": actor}


def _rewritten(query: bytes, rewrite: Callable[[list[tuple[str, str]]], list[tuple[str, str]]]) -> bytes:
    """Return *query* with its parameters rewritten, byte by byte as it was where nothing changes or it cannot be read."""
    try:
        given = parse_qsl(query.decode(), keep_blank_values=True, errors="strict", max_num_fields=MOST_PARAMETERS)
    except ValueError:
        return query
    wanted = rewrite(given)
    return query if wanted == given else urlencode(wanted).encode()


def _agent_text(text: str) -> str:
    try:
        agent = _without_lists(parse(text.encode("utf-8", "surrogatepass"), Limits(size=65_536, depth=8, nodes=2_000)))
    except Malformed:
        return text
    try:
        return text if agent is None else orjson.dumps(agent).decode()
    except TypeError:  # as above
        return text


def _without_lists(actor: Any) -> dict[str, Any] | None:
    """Return *actor* without the lists of one around its name and identifier, or None where it has none."""
    if not isinstance(actor, dict) or not any(_alone(actor.get(name)) for name in _OF_AN_AGENT):
        return None
    plain = {name: value[0] if name in _OF_AN_AGENT and _alone(value) else value for name, value in actor.items()}
    if isinstance(plain.get("account"), dict):
        plain["account"] = {_ACCOUNT.get(name, name): value for name, value in plain["account"].items()}
    return plain


def _alone(value: Any) -> bool:
    return isinstance(value, list) and len(value) == 1
