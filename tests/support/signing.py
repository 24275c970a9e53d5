"""How each platform signs what it sends: the headers that go with a body."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable
from datetime import datetime

from services.ingest.connectors.activitystreams import signed
from services.ingest.domain.source import Platform

Signer = Callable[[bytes, bytes, datetime], dict[str, str]]
"""Return the headers by which a body is signed with a secret at a time."""


def slack(body: bytes, secret: bytes, now: datetime) -> dict[str, str]:
    timestamp = str(int(now.timestamp()))
    signature = hmac.new(secret, f"v0:{timestamp}:".encode() + body, hashlib.sha256).hexdigest()
    return {"x-slack-request-timestamp": timestamp, "x-slack-signature": f"v0={signature}"}


def discourse(body: bytes, secret: bytes, now: datetime) -> dict[str, str]:
    return {"x-discourse-event-signature": "sha256=" + hmac.new(secret, body, hashlib.sha256).hexdigest()}


def activitystreams(body: bytes, secret: bytes, now: datetime) -> dict[str, str]:
    return {**signed(secret, body, now), "content-type": "application/activity+json"}


def github(body: bytes, secret: bytes, now: datetime) -> dict[str, str]:
    return {"x-hub-signature-256": "sha256=" + hmac.new(secret, body, hashlib.sha256).hexdigest()}


def mastodon(body: bytes, secret: bytes, now: datetime) -> dict[str, str]:
    return {"x-hub-signature": "sha256=" + hmac.new(secret, body, hashlib.sha256).hexdigest()}


def hub(body: bytes, secret: bytes, now: datetime) -> dict[str, str]:
    return {"x-hub-signature": "sha256=" + hmac.new(secret, body, hashlib.sha256).hexdigest()}


def websub(body: bytes, secret: bytes, now: datetime) -> dict[str, str]:
    return {"x-hub-signature": "sha512=" + hmac.new(secret, body, hashlib.sha512).hexdigest()}


def unsigned(body: bytes, secret: bytes, now: datetime) -> dict[str, str]:
    return {}


def x(body: bytes, secret: bytes, now: datetime) -> dict[str, str]:
    signature = base64.b64encode(hmac.new(secret, body, hashlib.sha256).digest()).decode()
    return {"x-twitter-webhooks-signature": f"sha256={signature}"}


def activitypub(body: bytes, secret: bytes, now: datetime) -> dict[str, str]:
    from tests.support.activitypub import signature  # noqa: PLC0415  which signs with what is played here

    return signature(body, now)


def bearer(body: bytes, secret: bytes, now: datetime) -> dict[str, str]:
    return {"authorization": f"Bearer {secret.decode()}"}


def zoom(body: bytes, secret: bytes, now: datetime) -> dict[str, str]:
    timestamp = str(int(now.timestamp()))
    signature = hmac.new(secret, f"v0:{timestamp}:".encode() + body, hashlib.sha256).hexdigest()
    return {"x-zm-request-timestamp": timestamp, "x-zm-signature": f"v0={signature}"}


def webex(body: bytes, secret: bytes, now: datetime) -> dict[str, str]:
    return {"x-spark-signature": hmac.new(secret, body, hashlib.sha1).hexdigest()}


def within(body: bytes, secret: bytes, now: datetime) -> dict[str, str]:
    """Return nothing: what is shown stands in the body."""
    return {}


SIGNERS: dict[Platform, Signer] = {
    Platform.SLACK: slack,
    Platform.DISCOURSE: discourse,
    Platform.ACTIVITYSTREAMS: activitystreams,
    Platform.GITHUB: github,
    Platform.MATTERMOST: bearer,
    Platform.OPENEDX: bearer,
    Platform.CANVAS: bearer,
    Platform.WEBMENTION: unsigned,
    Platform.CONFLUENCE: hub,
    Platform.WEBSUB: websub,
    Platform.ZOOM: zoom,
    Platform.BIGBLUEBUTTON: bearer,
    Platform.MATRIX: bearer,
    Platform.MASTODON: mastodon,
    Platform.FACEBOOK: github,
    Platform.X: x,
    Platform.YOUTUBE: websub,
    Platform.ACTIVITYPUB: activitypub,
    Platform.TEAMS: within,
    Platform.WEBEX: webex,
}
KEYED = frozenset({Platform.ACTIVITYPUB})
"""Platforms whose signatures are judged by keys that are asked for later: no secret of the source makes them."""
SHOWN = frozenset(
    {
        Platform.MATTERMOST,
        Platform.OPENEDX,
        Platform.CANVAS,
        Platform.MATRIX,
        Platform.TEAMS,
        Platform.BIGBLUEBUTTON,
    }
)
"""Platforms that only show a token: it protects no body."""


def sign(platform: Platform, body: bytes, secret: bytes, now: datetime) -> dict[str, str]:
    """Return the headers by which *platform* signs *body*."""
    return SIGNERS[platform](body, secret, now)
