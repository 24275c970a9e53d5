"""Microsoft Teams as the tests play it: change notifications as Graph shapes them, what it answers, and what it seals."""

from __future__ import annotations

import base64
import hmac
import os
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, OAEP
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.padding import PKCS7
from cryptography.x509.oid import NameOID
from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey

from services.ingest.connectors.teams.lookups import PUBLISHER
from services.ingest.connectors.teams.notifications import client_state
from services.ingest.domain.source import Keeps, Platform, Policy, Source, SourceId
from tests.support.ingest import NOW, SECRET, Sent, as_json

TENANT = "84bd8158-6d4d-4958-8b9f-9d6445542f95"
CLIENT = "8e460676-ae3f-4b1e-8790-ee0fb5d6148f"
TEAM = "fbe2bf47-16c8-47cf-b4a5-4b9b187c508b"
CHANNEL = "19:4a95f7d8db4c4e7fae857bcebe0623e6@thread.tacv2"
CHAT = "19:1273a016-201d-4f95-8083-1b7f99b3edeb_976f4b31-fd01-4e0b-9178-29cc40c14438@unq.gbl.spaces"
CALL = "e523d2ed-2966-4b6b-925b-754a88034cc5"
OPTIONS = {"tenant": TENANT, "client": CLIENT, "teams": TEAM, "calls": "yes"}
POLICY = Policy(keeps=Keeps.TEXT, channels=frozenset(), private=True)
TEAMS = Source(SourceId("office"), Platform.TEAMS, "https://teams.microsoft.com", (SECRET,), POLICY, options=OPTIONS)
IN_CHANNEL = f"teams('{TEAM}')/channels('{CHANNEL}')"


def person(number: int) -> str:
    return f"8ea0e38b-efb3-4757-924a-{number:012}"


def user(number: int, kind: str = "aadUser") -> dict[str, Any]:
    return {"application": None, "device": None, "user": {"id": person(number), "displayName": "x", "userIdentityType": kind}}


def at(clock: str) -> datetime:
    return datetime.fromisoformat(f"2026-03-02T{clock}Z")


def message_id(clock: str) -> str:
    return str(int(at(clock).timestamp() * 1000))


def message(author: int, clock: str, content: str, above: str | None = None, **more: Any) -> dict[str, Any]:
    """Return a message of the channel that was sent at *clock*, in reply to the one that was sent at *above*."""
    shown: dict[str, Any] = {
        "id": message_id(clock),
        "replyToId": message_id(above) if above else None,
        "messageType": "message",
        "createdDateTime": f"2026-03-02T{clock}Z",
        "lastEditedDateTime": None,
        "deletedDateTime": None,
        "subject": None,
        "chatId": None,
        "from": user(author),
        "body": {"contentType": "html", "content": f"<div><p>{content}</p></div>"},
        "channelIdentity": {"teamId": TEAM, "channelId": CHANNEL},
        "attachments": [],
        "mentions": [],
        "reactions": [],
    }
    return {**shown, **more}


def reaction(by: int, kind: str, clock: str) -> dict[str, Any]:
    return {"reactionType": kind, "createdDateTime": f"2026-03-02T{clock}Z", "user": user(by)}


def removal(by: int, kind: str, clock: str, removed: str) -> dict[str, Any]:
    happened = {"modifiedDateTime": f"2026-03-02T{removed}Z", "actions": "reactionRemoved"}
    return {**happened, "reaction": reaction(by, kind, clock)}


def resource_of(shown: Mapping[str, Any]) -> str:
    """Return the path of a message of the channel."""
    root = shown["replyToId"] or shown["id"]
    reply = f"/replies('{shown['id']}')" if shown["replyToId"] else ""
    return f"{IN_CHANNEL}/messages('{root}'){reply}"


def notified(change: str, resource: str, secret: bytes = SECRET, **more: Any) -> dict[str, Any]:
    """Return a notification of a subscription that was renewed at 11:30."""
    notification = {
        "subscriptionId": "8d85051d-779d-45bc-be92-e433f0a5d8ac",
        "changeType": change,
        "tenantId": TENANT,
        "clientState": client_state(secret),
        "subscriptionExpirationDateTime": "2026-03-02T12:25:00.0000000+00:00",
        "resource": resource,
        "resourceData": {"id": "1", "@odata.type": "#Microsoft.Graph.chatMessage", "@odata.id": resource},
    }
    return {**notification, **more}


def stamped(document: Any) -> bytes:
    """Write a delivery whose notifications all show the word that they must, whatever else is in it."""
    found = document.get("value") if isinstance(document, dict) else None
    shown = {"clientState": client_state(SECRET)}
    value = [{**each, **shown} if isinstance(each, dict) else each for each in found] if isinstance(found, list) else found
    return as_json({**document, "value": value} if isinstance(document, dict) else document)


def teams(*notifications: Mapping[str, Any], answer: Any = None, source: Source = TEAMS, **more: Any) -> Sent:
    """Return a delivery of *notifications*."""
    return Sent(source, {"value": [dict(each) for each in notifications], **more}, write=stamped, answer=answer)


def about(change: str, shown: Mapping[str, Any], **more: Any) -> Sent:
    """Return a delivery that names a message, which is as it is *shown* when it is asked for."""
    return teams(notified(change, resource_of(shown)), answer=shown, **more)


def membership(number: int) -> str:
    named = base64.b64encode(f"{TEAM}##{person(number)}".encode()).decode()
    return f"teams('{TEAM}')/members('{named}')"


def call_record(**more: Any) -> dict[str, Any]:
    """Return the record of a meeting in the channel."""
    join = f"https://teams.microsoft.com/l/meetup-join/{CHANNEL.replace(':', '%3a').replace('@', '%40')}/1614618259349?context=x"
    record = {"id": CALL, "version": 1, "type": "groupCall", "joinWebUrl": join, "endDateTime": "2026-03-02T11:45:00Z"}
    return {**record, "sessions": [session(1, "11:00:00", "11:45:00"), session(2, "11:05:00", "11:40:00")], **more}


def session(number: int, begun: str, ended: str) -> dict[str, Any]:
    called = {"identity": {"user": {"id": person(number), "tenantId": TENANT}}}
    times = {"startDateTime": f"2026-03-02T{begun}Z", "endDateTime": f"2026-03-02T{ended}Z"}
    return {"id": f"e523d2ed-0000-4b6b-925b-{number:012}", **times, "caller": called, "callee": {"identity": None}}


def teams_conversation() -> list[Sent]:
    """A question, an accepted answer, a mention, a file, reactions, one taken back, an edit, a delete, members, a call."""
    asked = message(1, "11:31:00.123", "How do I restart the broker?", subject="Broker")
    tag = {"id": 0, "mentionText": "Ann", "mentioned": {"user": {"id": person(1), "userIdentityType": "aadUser"}}}
    file = {
        "id": "97f62344-57dc-409c-88ad-c4af14158ff5",
        "contentType": "reference",
        "contentUrl": "https://acme.sharepoint.com/a",
    }
    answer = message(2, "11:32:00.456", "<at id='0'>Ann</at> Drain it.", "11:31:00.123", mentions=[tag], attachments=[file])
    accepted = {**answer, "reactions": [reaction(1, "✅", "11:33:00.789"), reaction(3, "like", "11:34:00")]}
    mended = {
        **accepted,
        "lastEditedDateTime": "2026-03-02T11:35:00Z",
        "body": {"contentType": "text", "content": "Drain it first."},
    }
    thanked = message(1, "11:36:00.000", "Thanks!", "11:31:00.123")
    unliked = {**asked, "messageHistory": [removal(3, "heart", "11:33:00", "11:37:00")]}
    machine = {**message(9, "11:38:00.000", "Reminder?"), "from": {"application": {"id": "1"}, "user": None}}
    return [
        about("created", asked),
        about("created", answer),
        about("updated", accepted),
        about("updated", mended),
        about("created", thanked),
        about("updated", unliked),
        about("created", machine),
        teams(notified("deleted", resource_of(thanked))),
        teams(notified("created", membership(4)), notified("deleted", membership(5))),
        teams(notified("created", f"communications/callRecords('{CALL}')"), answer=call_record()),
    ]


@cache
def private_key(name: str = "ours") -> rsa.RSAPrivateKey:
    """Return a private key, the same for each name."""
    del name
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@cache
def bundle(name: str = "ours") -> bytes:
    """Return a private key and its certificate in PEM, as they are a source's secret."""
    key, subject = private_key(name), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "symposia")])
    made = x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
    made = made.serial_number(1).not_valid_before(NOW).not_valid_after(NOW + timedelta(days=365))
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return pem + made.sign(key, SHA256()).public_bytes(serialization.Encoding.PEM)


def sealed(document: Any, name: str = "ours") -> dict[str, str]:
    """Seal *document* for the key *name*, as Graph does."""
    key, padder = os.urandom(32), PKCS7(128).padder()
    encryptor = Cipher(AES(key), CBC(key[:16])).encryptor()
    data = encryptor.update(padder.update(as_json(document)) + padder.finalize()) + encryptor.finalize()
    sha1 = SHA1()  # noqa: S303  as Graph does
    data_key = private_key(name).public_key().encrypt(key, OAEP(MGF1(sha1), sha1, label=None))
    signature = hmac.new(key, data, "sha256").digest()
    parts = {"data": data, "dataKey": data_key, "dataSignature": signature}
    return {name: base64.b64encode(part).decode() for name, part in parts.items()}


def key_set(name: str = "entra") -> dict[str, Any]:
    """Return the public keys by which tokens are checked."""
    return dict(KeySet([_jwk(name)]).as_dict(private=False))


def token(name: str = "entra", **claims: Any) -> str:
    """Return a token by which Graph vouches for a delivery."""
    made = {
        "aud": CLIENT,
        "iss": f"https://sts.windows.net/{TENANT}/",
        "appid": PUBLISHER,
        "nbf": int(NOW.timestamp()) - 60,
        "exp": int(NOW.timestamp()) + 3600,
        **claims,
    }
    return jwt.encode({"alg": "RS256", "kid": name}, made, _jwk(name), algorithms=["RS256"])


def _jwk(name: str) -> RSAKey:
    pem = private_key(name).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return RSAKey.import_key(pem, {"kid": name, "use": "sig"})
