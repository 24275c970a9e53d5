"""What is delivered to an inbox: kept as it came, until the key is here that says whether it is genuine."""

from __future__ import annotations

import base64
import hashlib
from typing import Final
from urllib.parse import urlsplit

import orjson

from services.ingest.connectors.activitystreams import objects
from services.ingest.connectors.activitystreams.events import WITHDRAWALS
from services.ingest.connectors.activitystreams.making import MADE
from services.ingest.connectors.connector import Option
from services.ingest.connectors.fields import Incomplete, member
from services.ingest.connectors.parsing import json_object
from services.ingest.domain.reading import Delivery, Lookup, Reading, Reason, ignored
from services.ingest.domain.source import Source
from services.ingest.verifiers import Message
from services.ingest.verifiers.strangers import signed
from shared.xapi.guard import Limits, Malformed
from shared.xapi.model import JSON

MOST_BYTES: Final = 128 * 1024
"""What is kept until its key is here is no longer than this."""
SILENT: Final = frozenset({"Like", "Dislike", "EmojiReact", "Follow"})
ADDRESSES: Final = ("to", "cc", "bto", "bcc")
PUBLIC: Final = "https://www.w3.org/ns/activitystreams#Public"
OPTIONS: Final = {
    "servers": Option("the hosts of the servers whose people are heard, with commas between them", required=True),
    "follow": Option("the addresses of the accounts to follow, with commas between them; needs a private key as the secret"),
}


def delivered(message: Message, limits: Limits) -> JSON:
    """Parse an activity, and keep the request that brought it, as far as it was signed."""
    if len(message.body) > MOST_BYTES:
        raise Malformed("size", f"An activity has no more than {MOST_BYTES} bytes.")
    activity, found = json_object(message, limits), signed(message)
    if found is None:
        raise Malformed("signature", "The signature cannot be read.")
    headers = {name: value for name, value in message.headers.items() if name in found.names}
    return {
        "activity": activity,
        "key": found.key_id,
        "request": {
            "method": message.method,
            "url": message.url,
            "headers": orjson.dumps(headers, option=orjson.OPT_SORT_KEYS).decode(),
            "body": base64.b64encode(message.body).decode(),
        },
    }


def read(source: Source, delivery: Delivery) -> Reading:
    """Name the key that a delivery needs, if it is one that may be heard; raise Incomplete where it names nobody."""
    activity, key = plain(member(delivery.document, "activity")), member(delivery.document, "key")
    request = member(delivery.document, "request")
    if not isinstance(key, str) or not isinstance(request, dict):
        raise Incomplete("key")
    if reason := _refusal(source, activity, key):
        return ignored(reason)
    reference = {"key": key, **{name: str(value) for name, value in request.items()}}
    name = hashlib.blake2b(orjson.dumps(reference, option=orjson.OPT_SORT_KEYS), digest_size=16).hexdigest()
    return Reading(lookups=(Lookup(name, reference),))


def _refusal(source: Source, activity: JSON, key: str) -> Reason | None:
    """Say why an activity is not ours to hear, whoever signed it: then nothing of it is kept, and nobody asked."""
    actor = _actor(activity)
    if host(key) not in servers(source):
        return Reason.CHANNEL_NOT_ALLOWED
    if host(actor) != host(key):
        return Reason.FORGED
    passed, handed = passed_on(activity), handed_on(activity)
    if handed is not None and (handed.get("updated") or host(objects.iri(handed, "object")) != host(actor)):
        return Reason.TOLD_ALREADY
    if passed is None:
        return _unheard(source, activity)
    author = _actor(passed)
    if host(author) != host(actor) and objects.kind_of(passed) != "Create":
        return Reason.UNMAPPED
    return Reason.UNMAPPED if objects.departs(passed, first(passed, "object")) else _unheard(source, passed)


def _unheard(source: Source, activity: JSON) -> Reason | None:
    thing, kind = first(activity, "object"), objects.kind_of(activity)
    return None if kind in WITHDRAWALS else objects.refusal(source, activity, thing)


def plain(activity: JSON) -> JSON:
    """Return *activity* without what means something else on the fediverse.

    `context` names a conversation there (FEP-7888), not where it was had. To whom a like or a follow is addressed is where it is
    delivered: some servers address it to nobody, others to whom it is upon, and say nothing else by it. One that has an audience
    and is addressed to the public (Mbin's) is public.
    """
    is_public = objects.kind_of(activity) in SILENT and not objects.addressed(activity).isdisjoint(objects.PUBLIC)
    written = _plain(activity)
    return {**written, "to": PUBLIC} if is_public and isinstance(written, dict) else written


def _plain(activity: JSON) -> JSON:
    if isinstance(activity, list):
        return [_plain(each) for each in activity]
    if not isinstance(activity, dict):
        return activity
    left_out = {"context", *(ADDRESSES if objects.kind_of(activity) in SILENT else ())}
    named = {name: value for name, value in activity.items() if name not in left_out}
    return {name: _plain(value) if name == "object" else value for name, value in named.items()}


def passed_on(activity: JSON) -> JSON:
    """Return the activity that a group passes on to who follows it (FEP-1b12), as one in that group; None for any other.

    One that is addressed to nobody, as Lemmy's votes are, is for whom it is passed on to.
    """
    thing = first(activity, "object")
    if objects.kind_of(activity) != "Announce" or not isinstance(thing, dict) or not thing.keys() >= {"actor", "object"}:
        return None
    addressed = {} if thing.get("to") or thing.get("cc") else {"to": member(activity, "to"), "cc": member(activity, "cc")}
    return {**thing, **addressed, "audience": thing.get("audience") or _actor(activity)}


def handed_on(activity: JSON) -> dict[str, JSON] | None:
    """Return what a group hands on as it stands, for who does not read activities within others; None for anything else.

    Lemmy's communities do, beside each activity that made or changed a post, and NodeBB's categories again with each like of it.
    """
    thing = first(activity, "object")
    if objects.kind_of(activity) != "Announce" or not isinstance(thing, dict) or objects.kind_of(thing) not in MADE:
        return None
    return thing if objects.optional_iri(first(thing, "audience")) == _actor(activity) else None


def first(document: JSON, name: str) -> JSON:
    """Return the first of what *document* has under *name*; None where it has nothing."""
    return next(iter(objects.several(member(document, name))), None)


def _actor(activity: JSON) -> str:
    """Return whose *activity* is, by their IRI; raise Incomplete where it does not say."""
    return objects.iri(first(activity, "actor"), "actor")


def servers(source: Source) -> frozenset[str]:
    """Return the hosts whose people are heard."""
    return frozenset(each.strip().lower() for each in source.options.get("servers", "").split(",") if each.strip())


def host(address: str) -> str | None:
    """Return the host of an address of the web, with its port; None for any other."""
    try:
        parts = urlsplit(address)
        known = parts.scheme == "https" and parts.hostname
    except ValueError:
        return None
    return parts.netloc.rpartition("@")[2].lower() if known else None
