"""Who we are on the fediverse: an application that follows those whom it hears, since servers deliver to followers.

w3.org/TR/activitypub, sections 4.1 (actors) and 7.5 (Follow). Who we are is the source's address, our key is its secret.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import orjson

from services.ingest.connectors.activitypub.inbox import host
from services.ingest.connectors.connector import Poll
from services.ingest.connectors.fields import Incomplete, member, optional_text
from services.ingest.connectors.parsing import answered
from services.ingest.domain.asking import GONE, Answer, Circumstances, Cursor, Page, Request
from services.ingest.domain.reading import Reading, Reason, ignored
from services.ingest.domain.source import Source
from services.ingest.handshakes import Reply
from services.ingest.verifiers import Message
from services.ingest.verifiers.signing import private_key, public_pem, signed_get, signed_post
from shared.xapi.model import JSON

MEDIA_TYPE: Final = "application/activity+json"
LINKED_DATA: Final = "application/ld+json"
NAMESPACE: Final = "https://www.w3.org/ns/activitystreams"
ACCEPT: Final = f'{MEDIA_TYPE}, {LINKED_DATA}; profile="{NAMESPACE}"'
CONTEXT: Final = [NAMESPACE, "https://w3id.org/security/v1"]
EVERY: Final = timedelta(hours=6)


@dataclass(frozen=True, slots=True)
class ActorDocument:
    """Show who we are to whoever asks at the source's address, if the source has a private key."""

    signed: bool = False

    def __call__(self, message: Message, secrets: Sequence[bytes]) -> Reply | None:
        """Return the document of the actor."""
        key = private_key(secrets[0]) if secrets and message.method == "GET" else None
        if key is None:
            return None
        ours = message.url.partition("?")[0]
        document = {
            "@context": CONTEXT,
            "id": ours,
            "type": "Application",
            "preferredUsername": ours.rpartition("/")[2],
            "name": "Symposia",
            "summary": "Hears, for a learning record, what the people whom it follows say in public.",
            "inbox": ours,
            "manuallyApprovesFollowers": True,
            "publicKey": {"id": f"{ours}#main-key", "owner": ours, "publicKeyPem": public_pem(key)},
        }
        return Reply(orjson.dumps(document), MEDIA_TYPE)


def shown(source: Source, url: str, circumstances: Circumstances) -> dict[str, str]:
    """Return the headers of a question for *url*: signed, for servers that answer none else, where the source has a key."""
    key = private_key(source.secrets[0]) if source.secrets else None
    signature = signed_get(key, f"{circumstances.hook}#main-key", url, circumstances.now) if key else {}
    return {"Accept": ACCEPT, **signature}


def ask(source: Source, cursor: Cursor, circumstances: Circumstances) -> Request | None:
    """Ask where the next account is delivered to, or else to follow it; None once all are followed."""
    key, account = private_key(source.secrets[0]), _next(source, cursor)
    if key is None or account is None:
        return None
    inbox = optional_text(dict(cursor), "inbox")
    if inbox is None:
        return Request(account, headers=shown(source, account, circumstances), shown=False, bears=GONE)
    ours = circumstances.hook
    follow = {
        "@context": CONTEXT[0],
        "id": f"{ours}#follow-{hashlib.sha256(account.encode()).hexdigest()[:16]}",
        "type": "Follow",
        "actor": ours,
        "object": account,
    }
    body = orjson.dumps(follow)
    signature = signed_post(key, f"{ours}#main-key", inbox, body, circumstances.now)
    return Request(inbox, "POST", {"Content-Type": MEDIA_TYPE, **signature}, body, shown=False, bears=GONE)


def read(source: Source, cursor: Cursor, answer: Answer) -> Page:
    """Read where an account is delivered to, or that it was asked.

    One that is gone, or names no place on its own server, is passed over: it keeps none of the others from being followed.
    """
    account, followed = _next(source, cursor), _followed(cursor)
    if account is None:
        return Page(Reading(), cursor)
    if answer.status in GONE:
        return Page(ignored(Reason.GONE), _cursor([*followed, account], _away(cursor)), more=True)
    inbox = _inbox(answer, account) if member(dict(cursor), "inbox") is None else None
    if inbox is not None:
        return Page(Reading(), {**_cursor(followed, _away(cursor)), "inbox": inbox}, more=True)
    reading = Reading() if "inbox" in cursor else ignored(Reason.INCOMPLETE)
    return Page(reading, _cursor([*followed, account], _away(cursor)), more=True)


def past(source: Source, cursor: Cursor) -> Cursor:
    """Put the account whose server is away behind all others that are not followed yet."""
    account = _next(source, cursor)
    return cursor if account is None else _cursor(_followed(cursor), [*_away(cursor), account])


def _inbox(answer: Answer, account: str) -> str | None:
    try:
        found = optional_text(answered(answer), "inbox")
    except Incomplete:
        return None
    return found if found and host(found) is not None and host(found) == host(account) else None


def _followed(cursor: Cursor) -> list[JSON]:
    found = cursor.get("followed")
    return list(found) if isinstance(found, list) else []


def _away(cursor: Cursor) -> list[JSON]:
    """Return the accounts whose servers were away, the one that was so last at the end."""
    found = cursor.get("away")
    return list(found) if isinstance(found, list) else []


def _cursor(followed: Sequence[JSON], away: Sequence[JSON]) -> dict[str, JSON]:
    """Return the cursor at which no account is being asked; each stands once in *away*, where it was put last."""
    left = [each for number, each in enumerate(away) if each not in followed and each not in away[number + 1 :]]
    return {"followed": list(followed), **({"away": left} if left else {})}


def _next(source: Source, cursor: Cursor) -> str | None:
    """Return the first account that was not asked yet, or else the one whose server has been away for longest."""
    wanted = [each.strip() for each in source.options.get("follow", "").split(",") if each.strip()]
    followed, away = _followed(cursor), _away(cursor)
    fresh = (each for each in wanted if each not in followed and each not in away)
    return next(fresh, None) or min((each for each in wanted if each in away), key=away.index, default=None)


FOLLOWS: Final = Poll(EVERY, ask, read, past)
