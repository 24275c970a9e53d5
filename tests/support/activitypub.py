"""A server of the fediverse as the tests play it: what it delivers to an inbox, signed by its people, and their keys."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from email.utils import format_datetime
from typing import Any

import orjson
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256

from services.ingest.connectors.activitypub.inbox import delivered, read
from services.ingest.connectors.activitypub.keys import read as read_key
from services.ingest.domain.asking import Answer
from services.ingest.domain.reading import Delivery, Lookup, Reading
from services.ingest.domain.source import Platform, Source, SourceId
from services.ingest.verifiers import Message
from services.ingest.verifiers.signing import digest_of
from shared.xapi.guard import Limits
from tests.support.activitystreams import TOWN, activity, activitystreams_conversation, note
from tests.support.ingest import NOW, Sent, as_json

FEDI: Source = replace(
    TOWN,
    id=SourceId("fedi"),
    platform=Platform.ACTIVITYPUB,
    workspace="https://town.example",
    options={"servers": "town.example"},
)
URL = "https://a.example/hooks/activitypub/fedi"
ANN = "https://town.example/people/ann"
TYPED = {"content-type": "application/activity+json"}
"""As what documents of the fediverse are delivered, and answered."""


KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
"""The key of everybody: to make one takes long."""


def actor(person: str = ANN, key: rsa.RSAPrivateKey = KEY, **more: Any) -> dict[str, Any]:
    """Return the document of a person, in which the key stands."""
    form = (serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    pem = key.public_key().public_bytes(*form).decode()
    public = {"id": f"{person}#main-key", "owner": person, "publicKeyPem": pem}
    return {"id": person, "type": "Person", "inbox": f"{person}/inbox", "publicKey": public, **more}


def signature(body: bytes, now: datetime, person: str = ANN, key: rsa.RSAPrivateKey = KEY) -> dict[str, str]:
    """Return the headers by which a person's server signs *body* (draft-cavage)."""
    date, digest = format_datetime(now, usegmt=True), digest_of(body)
    text = f"(request-target): post /hooks/activitypub/fedi\nhost: a.example\ndate: {date}\ndigest: {digest}"
    signed = base64.b64encode(key.sign(text.encode(), padding.PKCS1v15(), SHA256())).decode()
    named = f'keyId="{person}#main-key",algorithm="rsa-sha256",headers="(request-target) host date digest"'
    return {"date": date, "digest": digest, "signature": f'{named},signature="{signed}"'}


def message(activity: Any, **more: Any) -> Message:
    """Return the delivery of *activity*, signed by its actor."""
    body = as_json(activity)
    named = activity["actor"]["id"] if isinstance(activity["actor"], Mapping) else activity["actor"]
    return Message(signature(body, NOW, named, **more), body, URL)


def delivery(activity: Any, answer: Any = None, **more: Any) -> Sent:
    """Return the delivery of *activity* as it is read, and the document that has the key."""
    named = activity["actor"]["id"] if isinstance(activity["actor"], Mapping) else activity["actor"]
    document = delivered(message(activity, **more), Limits())
    return Sent(FEDI, document, TYPED, written, answer or actor(named))


def written(document: Any) -> bytes:
    """Write the activity that a delivery brings."""
    return as_json(document.get("activity") if isinstance(document, Mapping) else document)


def activitypub_conversation() -> list[Sent]:
    """What the town says, delivered to an inbox; its likes and undoings have no time of their own."""
    said = [dict(sent.document) for sent in activitystreams_conversation() if "actor" in sent.document]
    for each in said:
        if each["type"] in ("Like", "Undo", "Follow"):
            del each["published"]
    return [delivery(each) for each in said]


ASKED = activity("Create", "ann", note("notes/1", "ann", "How do I restart the broker?"), "00:00")


def kept(sent: Sent, source: Source = FEDI) -> Lookup:
    """Return the lookup that a delivery becomes."""
    (lookup,) = read(source, Delivery({}, sent.document)).lookups
    return lookup


def judged_by(sent: Sent, document: Any = None, source: Source = FEDI) -> Reading:
    """Return what a delivery comes to once the key is here, which stands in *document*."""
    return read_key(source, kept(sent), Answer(200, TYPED, orjson.dumps(document or sent.answer)))
