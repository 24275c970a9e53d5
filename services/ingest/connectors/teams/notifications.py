"""Read a delivery of change notifications: what it names is looked up, what it seals is opened with the keys that are fetched.

Nothing is fetched or opened while Graph waits: whoever is slow is dropped.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from datetime import datetime
from typing import Final

import orjson

from services.ingest.connectors.fields import Incomplete, if_whole, member, optional_text, several, text
from services.ingest.connectors.teams import places
from services.ingest.connectors.teams.members import read_membership, renewed
from services.ingest.connectors.teams.messages import read_withdrawn
from services.ingest.domain.reading import Delivery, Lookup, Reading, Reason, ignored, joined
from services.ingest.domain.source import Source
from services.ingest.verifiers import Message, SharedToken, Verdict
from services.ingest.verifiers.token import LOOKED_THROUGH
from shared.xapi.guard import Malformed, parse
from shared.xapi.model import JSON

MOST: Final = 1000
LARGEST_SEALED: Final = 400_000
LONGEST_ID: Final = 200
CHANGES: Final = frozenset({"created", "updated", "deleted"})
LIFECYCLE: Final = {"reauthorizationRequired": "renew", "missed": "missed"}


def client_state(secret: bytes) -> str:
    """Return the word that our subscriptions show: derived, since Graph gives it to whoever may list subscriptions."""
    return hmac.new(secret, b"clientState", hashlib.sha256).hexdigest()


def client_states(message: Message) -> Sequence[str]:
    """Find the words that a delivery shows: one with each notification, or none at all."""
    try:
        document = parse(message.body, LOOKED_THROUGH)
    except Malformed:
        return ()
    found = [member(each, "clientState") for each in _notifications(document)]
    return [each if isinstance(each, str) else "" for each in found] if any(found) else ()


def verify(message: Message, secrets: Sequence[bytes], now: datetime) -> Verdict:
    """Judge a delivery by the word that every one of its notifications shows."""
    return SharedToken(client_states)(message, [client_state(each).encode() for each in secrets], now)


def read(source: Source, delivery: Delivery) -> Reading:
    """Say what a delivery notifies; what one notification lacks harms no other."""
    shown = [each for each in several(delivery.document, "validationTokens", most=MOST) if isinstance(each, str)]
    return joined(if_whole(_read, source, each, shown) for each in _notifications(delivery.document)[:MOST])


def _notifications(document: JSON) -> list[JSON]:
    found = member(document, "value")
    return found if isinstance(found, list) else []


def _read(source: Source, notification: JSON, tokens: list[str]) -> Reading:
    if event := optional_text(notification, "lifecycleEvent"):
        return _lifecycle(event, notification)
    return _change(source, notification, tokens)


def _lifecycle(event: str, notification: JSON) -> Reading:
    """Read what becomes of a subscription; one that was removed is made again by the poll, which then asks for what it missed."""
    subscription = text(notification, "subscriptionId")
    if event not in LIFECYCLE:
        return ignored(Reason.NOT_DELIVERED if event == "subscriptionRemoved" else Reason.UNMAPPED)
    if len(subscription) > LONGEST_ID:
        raise Incomplete("subscriptionId")
    do = LIFECYCLE[event]
    return Reading(lookups=(Lookup(f"{do} {subscription}", {"do": do, "subscription": subscription}),))


def _change(source: Source, notification: JSON, tokens: list[str]) -> Reading:
    resource, change = text(notification, "resource"), text(notification, "changeType").lower()
    named = places.keys(resource)
    if "members" in named:
        return read_membership(source, named, change, notification)
    if "callrecords" in named:
        return _named_call(source, named["callrecords"])
    if "messages" not in named or not named.keys() & {"teams", "chats"} or change not in CHANGES:
        is_chat = "chats" in named and not source.policy.direct
        return ignored(Reason.DIRECT_MESSAGE if is_chat else Reason.UNMAPPED)
    if change == "deleted":
        return read_withdrawn(source, resource, renewed(notification))
    return _named_message(source, change, notification, tokens)


def _named_message(source: Source, change: str, notification: JSON, tokens: list[str]) -> Reading:
    """Name a message that was said or changed, with what is sealed of it."""
    message = places.named_message(text(notification, "resource"))
    if reason := places.refusal(source, message.thread):
        return ignored(reason)
    reference = {"do": "message", "change": change, "path": places.path_of(message)}
    sealed = _sealed(notification)
    if sealed is None or not tokens:
        return Reading(lookups=(Lookup(f"{change} {reference['path']}", reference),))
    reference |= {"do": "open", "sealed": sealed, "tokens": orjson.dumps(tokens).decode()}
    return Reading(lookups=(Lookup(f"open {hashlib.sha256(sealed.encode()).hexdigest()}", reference),))


def _named_call(source: Source, name: str) -> Reading:
    if not places.GUID.fullmatch(name):
        raise Incomplete("resource")
    if "calls" not in source.options:
        return ignored(Reason.UNMAPPED)
    return Reading(lookups=(Lookup(f"call {name}", {"do": "call", "call": name}),))


def _sealed(notification: JSON) -> str | None:
    """Return what is sealed in a notification, unless it is larger than what the log carries: then it is asked for."""
    content = member(notification, "encryptedContent")
    names = ("data", "dataSignature", "dataKey")
    if not all(optional_text(content, each) for each in names):
        return None
    sealed = orjson.dumps({each: member(content, each) for each in names}).decode()
    return sealed if len(sealed) <= LARGEST_SEALED else None
