"""How Canvas shows that a delivery is its own: as a signed token whose claims are the event, or by a token in the address."""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from functools import lru_cache
from typing import Final
from urllib.parse import urlsplit

from services.ingest.connectors.fields import optional_text
from services.ingest.connectors.parsing import json_object
from services.ingest.domain.source import Source
from services.ingest.verifiers import Message, SharedToken, SignedToken, Verdict, bearer, in_query
from services.ingest.verifiers.keys import BadKey, public_keys
from shared.xapi.guard import Limits, Malformed
from shared.xapi.model import JSON

COMPACT: Final = re.compile(rb'\s*"?([A-Za-z0-9_-]+\.([A-Za-z0-9_-]+)\.[A-Za-z0-9_-]+)"?\s*')
"""A JSON Web Signature in its compact form (RFC 7515 §7.1), bare or as a JSON string."""


def in_body(message: Message) -> Sequence[str]:
    """Find the signed token that the body is."""
    found = COMPACT.fullmatch(message.body)
    return (found.group(1).decode(),) if found else ()


@lru_cache(maxsize=64)
def holds_key(secret: bytes) -> bool:
    """Say whether the source's "secret" is Canvas' public keys, which anybody can know, so that it must not serve as a token."""
    try:
        return bool(public_keys(secret))
    except BadKey:
        return False


def is_of_others(source: Source, event: JSON) -> bool:
    """Say whether *event* is another customer's; Canvas signs for all of them with the same keys, and their ids may be the same.

    It compares the root account, where the source is configured with one, or else the host at which the event was caused.
    """
    own = source.options.get("account")
    if own is not None:
        return own not in {optional_text(event, "metadata", each) for each in ("root_account_uuid", "root_account_id")}
    if not any(map(holds_key, source.secrets)):
        return False
    host = optional_text(event, "metadata", "hostname") or ""
    return host.lower() != urlsplit(source.workspace).hostname


SIGNED: Final = SignedToken(shown=in_body, expires=False)
SHOWN: Final = SharedToken(lambda message: in_query("token")(message) or bearer(message))


class SignedOrShown:
    """Check the signature where the source has Canvas' public keys, and else the token; a key is never taken for a token."""

    def __call__(self, message: Message, secrets: Sequence[bytes], now: datetime) -> Verdict:
        """Return the verdict."""
        tokens = [each for each in secrets if not holds_key(each)]
        if len(tokens) < len(secrets) and in_body(message):
            return SIGNED(message, secrets, now)
        return SHOWN(message, tokens, now)


def claims_or_object(message: Message, limits: Limits) -> JSON:
    """Parse the claims of a signed token, or a JSON object."""
    found = COMPACT.fullmatch(message.body)
    if found is None:
        return json_object(message, limits)
    claims = found.group(2)
    try:
        decoded = base64.urlsafe_b64decode(claims + b"=" * (-len(claims) % 4))
    except ValueError as error:
        raise Malformed("token", "The claims of the token are not base64url.") from error
    return json_object(replace(message, body=decoded), limits)
