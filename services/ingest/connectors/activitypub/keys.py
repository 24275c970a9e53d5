"""Ask for the key of whoever signed a delivery, and read what it verifies (w3.org/TR/activitypub, security vocabulary)."""

from __future__ import annotations

import base64
import binascii
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Final
from urllib.parse import urldefrag

import orjson

from services.ingest.connectors.activitypub.following import LINKED_DATA, MEDIA_TYPE, NAMESPACE, shown
from services.ingest.connectors.activitypub.inbox import first, handed_on, host, passed_on, plain
from services.ingest.connectors.activitystreams import objects
from services.ingest.connectors.activitystreams.events import read_one
from services.ingest.connectors.activitystreams.making import MADE
from services.ingest.connectors.connector import Fetch
from services.ingest.connectors.fields import Incomplete, member, optional_text
from services.ingest.connectors.parsing import answered
from services.ingest.domain.asking import Answer, Circumstances, Request
from services.ingest.domain.interaction import AccountName
from services.ingest.domain.reading import Lookup, Reading, Reason, first_noticed, ignored
from services.ingest.domain.source import Source
from services.ingest.verifiers import Message, Verdict
from services.ingest.verifiers.strangers import judged, signed
from shared.clock import rfc3339
from shared.media_types import media_type
from shared.xapi.guard import Limits, Malformed, parse
from shared.xapi.model import JSON

OWN: Final = frozenset({"Create", "Update", "Delete"})
"""Activities about what their actor wrote: it stands on the actor's own server."""
KEPT: Final = 300.0
"""Seconds for which a key serves again; people who begin to use another are heard by it after that."""


def ask(source: Source, lookup: Lookup, circumstances: Circumstances) -> Request:
    """Ask for the document in which the key stands; it is shown no token of ours. That it is gone may be what was to be told."""
    url = urldefrag(lookup.reference["key"])[0]
    return Request(url, headers=shown(source, url, circumstances), keep=KEPT, shown=False, bears=frozenset({HTTPStatus.GONE}))


def read(source: Source, lookup: Lookup, answer: Answer) -> Reading:
    """Read what the key verifies; raise Incomplete where there is no key."""
    if answer.status == HTTPStatus.GONE:
        return _departed(lookup)
    if not _is_said_by_the_server(answer):
        raise Incomplete("Content-Type")
    document, message = answered(answer), _message(lookup)
    key, owner = _key(document, lookup.reference["key"])
    at = signed(message)
    if host(owner) != host(lookup.reference["key"]) or at is None or judged(message, key) is not Verdict.GENUINE:
        return ignored(Reason.FORGED)
    try:
        activity = parse(message.body, Limits())
    except Malformed as error:
        raise Incomplete("activity") from error
    signed_at = datetime.fromtimestamp(int(at.at), UTC)
    told = _trusted(plain(activity), document, owner, signed_at)
    return ignored(Reason.FORGED) if told is None else _read(source, told, owner, signed_at)


def _is_said_by_the_server(answer: Answer) -> bool:
    """Say whether *answer* is a document of ActivityPub (section 3.2): linked data is one where its profile says so."""
    said = answer.headers.get("content-type", "")
    kind = media_type(said)
    return kind == MEDIA_TYPE or (kind == LINKED_DATA and NAMESPACE in said)


def _read(source: Source, told: JSON, owner: str, signed_at: datetime) -> Reading:
    """Read what is believed; of what has no time but its signature's, the first one holds: a retry is signed anew."""
    reading, name = read_one(source, told), objects.optional_iri(member(told, "id"))
    if name is None or member(told, "published") != rfc3339(signed_at):
        return reading
    return first_noticed(reading, owner, name)


def _departed(lookup: Lookup) -> Reading:
    """Read that an account was deleted with all that it wrote: nothing verifies it but that its server says that it is gone."""
    try:
        activity = parse(_message(lookup).body, Limits())
    except Malformed as error:
        raise Incomplete("activity") from error
    actor = objects.optional_iri(first(activity, "actor"))
    if actor != urldefrag(lookup.reference["key"])[0] or not objects.departs(activity, first(activity, "object")):
        return ignored(Reason.GONE)
    return Reading(departed=(AccountName(actor),))


def _message(lookup: Lookup) -> Message:
    """Return the request that brought the delivery, as it was signed."""
    reference = lookup.reference
    try:
        headers, body = orjson.loads(reference["headers"]), base64.b64decode(reference["body"], validate=True)
    except (orjson.JSONDecodeError, binascii.Error) as error:
        raise Incomplete("request") from error
    return Message({str(name): str(value) for name, value in headers.items()}, body, reference["url"], reference["method"])


def _key(document: JSON, key_id: str) -> tuple[bytes, str]:
    """Return the key called *key_id*, in PEM, and whose it is: it stands alone or in the document of its owner."""
    for each in (*objects.several(member(document, "publicKey")), document):
        pem = optional_text(each, "publicKeyPem")
        if pem and optional_text(each, "id") == key_id:
            owner = optional_text(each, "owner") or optional_text(document, "id")
            if owner:
                return pem.encode(errors="replace"), owner
    raise Incomplete("publicKey")


def _trusted(activity: JSON, document: JSON, owner: str, signed_at: datetime) -> JSON:
    """Return what may be believed of *activity*, now that it is its *owner*'s: None where it speaks of others' things."""
    if not isinstance(activity, dict) or objects.optional_iri(first(activity, "actor")) != owner:
        return None
    passed = passed_on(activity)
    if passed is not None:
        return _passed(activity, passed, document, owner, signed_at)
    handed = handed_on(activity)
    if handed is not None and _type(document, owner) == "Group":
        return _handed(activity, handed, owner, signed_at)
    kind, things = objects.kind_of(activity), objects.several(activity.get("object"))
    own = things if kind in OWN else [activity] if kind in MADE else []
    if any(_is_foreign(each, owner) for each in own):
        return None
    believed = {**activity, "actor": {"id": owner, "type": _type(document, owner)}}
    if things:
        believed["object"] = [_believed(each, owner) for each in things]
    if not activity.get("published") and not activity.get("updated") and kind not in ("Create", "Update"):
        believed["published"] = rfc3339(signed_at)
    return believed


def _passed(activity: dict[str, JSON], passed: JSON, document: JSON, owner: str, signed_at: datetime) -> JSON:
    """Return what may be believed of an activity that *owner* passes on: a group answers for the people of its own server.

    Of others' people it is believed that the group shares what they made; None where it is nothing that was made.
    """
    person = objects.optional_iri(first(passed, "actor"))
    if person and host(person) == host(owner) and _type(document, owner) == "Group":
        return _trusted(passed, {}, person, signed_at)
    made = objects.optional_iri(first(passed, "object"))
    if made is None or objects.kind_of(passed) != "Create":
        return None
    return _trusted({**activity, "object": made}, document, owner, signed_at)


def _handed(activity: dict[str, JSON], thing: dict[str, JSON], owner: str, signed_at: datetime) -> JSON:
    """Return that somebody of the group's own server made *thing* in it; None where another's made it, or nobody is named."""
    author = objects.optional_iri(first(thing, "attributedTo"))
    if author is None or host(author) != host(owner):
        return None
    addressed = {} if thing.get("to") or thing.get("cc") else {"to": member(activity, "to"), "cc": member(activity, "cc")}
    return _trusted({"type": "Create", "actor": author, "object": thing, **addressed}, {}, author, signed_at)


def _is_foreign(thing: JSON, owner: str) -> bool:
    return host(objects.optional_iri(thing) or "") != host(owner)


def _believed(thing: JSON, owner: str) -> JSON:
    """Return what *owner* may say of *thing*, and of what that is about in turn: of another server's things their names."""
    if not isinstance(thing, dict):
        return thing
    named = objects.optional_iri(thing)
    if named and _is_foreign(thing, owner):
        return named
    about = objects.several(thing.get("object"))
    return {**thing, "object": [_believed(each, owner) for each in about]} if about else thing


def _type(document: JSON, owner: str) -> str:
    """Return what the actor says to be, where the key stands in the actor's own document."""
    return objects.kind_of(document) if optional_text(document, "id") == owner else "Person"


FETCH: Final = Fetch(ask, read)
