"""Answer what a platform asks before it delivers: four ways to show that this address wants what will come.

An echo gives back what a signed delivery says; a validation token is given back as text; an HMAC challenge is answered with the
HMAC that only who knows the secret can make; a hub's challenge is given back if the hub subscribes us to what we asked for.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol, TypeAlias

import orjson

from services.ingest.verifiers.message import Message, matches_any

LONGEST_CHALLENGE: Final = 2048
NO_BODY: Final = re.compile(r"[A-Za-z0-9._~+/=-]{1,512}", re.ASCII)
"""Challenges that are signed. None could be the body of a delivery, or strangers could have us sign theirs."""
TEXT: Final = "text/plain; charset=utf-8"
ZOOM_ASKS: Final = "endpoint.url_validation"


@dataclass(frozen=True, slots=True)
class Reply:
    """What a handshake wants to hear: never HTML, since a stranger chose it."""

    body: bytes
    media_type: str = TEXT


class Handshake(Protocol):
    """Answer a platform's question, or return None where *message* asks none; *signed* ones are asked in a signed delivery."""

    @property
    def signed(self) -> bool:
        """Say whether the question is believed only after its signature was."""

    def __call__(self, message: Message, secrets: Sequence[bytes]) -> Reply | None:
        """Return the answer."""


@dataclass(frozen=True, slots=True)
class Echo:
    """Give back the member *challenge* of a signed JSON body whose `type` is *kind* (Slack)."""

    kind: str
    challenge: str = "challenge"
    signed: bool = True

    def __call__(self, message: Message, secrets: Sequence[bytes]) -> Reply | None:
        """Return the answer."""
        del secrets
        if not _may_say(message, self.kind):
            return None
        document = _document(message)
        said = document.get(self.challenge) if document.get("type") == self.kind else None
        return Reply(said.encode(errors="replace")) if _is_challenge(said) and isinstance(said, str) else None


@dataclass(frozen=True, slots=True)
class ValidationToken:
    """Give back the parameter *name* of the address as plain text (Microsoft Graph)."""

    name: str = "validationToken"
    signed: bool = False

    def __call__(self, message: Message, secrets: Sequence[bytes]) -> Reply | None:
        """Return the answer."""
        del secrets
        token = message.query.get(self.name)
        return Reply(token.encode(errors="replace")) if token is not None and _is_challenge(token) else None


FindChallenge: TypeAlias = Callable[[Message], object]
"""Find the challenge in a request; anything but a text is none."""
WriteAnswer: TypeAlias = Callable[[str, bytes], Mapping[str, str]]
"""Write the answer to a challenge from its HMAC-SHA256."""


@dataclass(frozen=True, slots=True)
class HmacChallenge:
    """Answer the challenge that *find* finds with its HMAC under the present secret (Zoom, X, LinkedIn)."""

    find: FindChallenge
    write: WriteAnswer
    signed: bool = False

    def __call__(self, message: Message, secrets: Sequence[bytes]) -> Reply | None:
        """Return the answer."""
        challenge = self.find(message)
        if not isinstance(challenge, str) or not NO_BODY.fullmatch(challenge) or not secrets:
            return None
        digest = hmac.new(secrets[0], challenge.encode(errors="replace"), hashlib.sha256).digest()
        return Reply(orjson.dumps(self.write(challenge, digest)), "application/json")


@dataclass(frozen=True, slots=True)
class HubChallenge:
    """Give back `hub.challenge` if *admits* says that we asked for it (W3C WebSub, section 5.3; Meta).

    *typed* says that an operator enters at the hub the word that the hub then shows.
    """

    admits: Callable[[Mapping[str, str], Sequence[bytes]], bool]
    signed: bool = False
    typed: bool = False

    def __call__(self, message: Message, secrets: Sequence[bytes]) -> Reply | None:
        """Return the answer."""
        query = message.query
        challenge = query.get("hub.challenge", "")
        asks = message.method == "GET" and query.get("hub.mode") in ("subscribe", "unsubscribe")
        if not asks or not _is_challenge(challenge) or not self.admits(query, secrets):
            return None
        return Reply(challenge.encode(errors="replace"))


def verify_token(secret: bytes) -> str:
    """Return the word by which a hub that shows `hub.verify_token` knows us: derived, since addresses end up in logs."""
    return hmac.new(secret, b"hub.verify_token", hashlib.sha256).hexdigest()


def admits_verify_token(query: Mapping[str, str], secrets: Sequence[bytes]) -> bool:
    """Say whether the hub shows the word that was derived from a secret."""
    shown = query.get("hub.verify_token", "").encode(errors="replace")
    return matches_any(shown, [verify_token(secret).encode() for secret in secrets])


def _zoom_asks(message: Message) -> object:
    if not _may_say(message, ZOOM_ASKS):
        return None
    document = _document(message)
    payload = document.get("payload") if document.get("event") == ZOOM_ASKS else None
    return payload.get("plainToken") if isinstance(payload, dict) else None


ZOOM: Final = HmacChallenge(
    _zoom_asks, lambda challenge, digest: {"plainToken": challenge, "encryptedToken": digest.hex()}, signed=True
)
"""developers.zoom.us, "Validate your webhook endpoint"."""
X: Final = HmacChallenge(
    lambda message: message.query.get("crc_token") if message.method == "GET" else None,
    lambda _, digest: {"response_token": "sha256=" + base64.b64encode(digest).decode()},
)
"""docs.x.com, "Challenge-Response Check"."""
LINKEDIN: Final = HmacChallenge(
    lambda message: message.query.get("challengeCode") if message.method == "GET" else None,
    lambda challenge, digest: {"challengeCode": challenge, "challengeResponse": digest.hex()},
)
"""learn.microsoft.com/linkedin, "Webhook validation"."""


def _may_say(message: Message, word: str) -> bool:
    """Say whether *word* can stand in a body of JSON, as it is or escaped: what cannot hold it need not be parsed for it."""
    return word.encode() in message.body or b"\\u" in message.body


def _document(message: Message) -> dict[str, object]:
    try:
        document = orjson.loads(message.body)
    except orjson.JSONDecodeError:
        return {}
    return document if isinstance(document, dict) else {}


def _is_challenge(said: object) -> bool:
    return isinstance(said, str) and 0 < len(said) <= LONGEST_CHALLENGE
