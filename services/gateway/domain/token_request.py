"""Read a request for an access token: the client-credentials grant of OAuth 2.0 (RFC 6749 §4.4)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from urllib.parse import parse_qsl

from services.gateway.domain.credential import Credential, KeyId, Refused, Scope, ShownKey, ShownToken, read_authorization
from shared.errors import SymposiaError
from shared.media_types import FORM_TYPE, media_type

GRANT_TYPE: Final = "client_credentials"
MOST_FIELDS: Final = 20

_READS: Final = (Scope.ALL_READ, Scope.STATEMENTS_READ, Scope.STATEMENTS_READ_MINE, Scope.STATE_READ, Scope.PROFILE_READ)
_WRITES: Final = (Scope.STATEMENTS_WRITE, Scope.DEFINE, Scope.STATE, Scope.PROFILE)
DEFAULT: Final = (Scope.STATEMENTS_WRITE, Scope.STATEMENTS_READ_MINE)
"""What is asked for without a word (1.0.3 Communication §4.2)."""
ALIASES: Final[Mapping[str, tuple[Scope, ...]]] = {
    "xapi:read": _READS,
    "xapi:write": _WRITES,
    "xapi:all": (Scope.ALL, *_WRITES, *_READS),
}
"""What LinkedIn Learning and Percipio call their scopes: as much of it as the credential permits."""
_SCOPES: Final = {str(scope): scope for scope in Scope}


class TokenError(StrEnum):
    """What RFC 6749 §5.2 calls the errors of a token endpoint, as far as this grant has them."""

    INVALID_REQUEST = "invalid_request"
    INVALID_CLIENT = "invalid_client"
    UNSUPPORTED_GRANT_TYPE = "unsupported_grant_type"
    INVALID_SCOPE = "invalid_scope"


class TokenRefused(SymposiaError):
    """No token is issued; the message says why, to the client's developer."""

    def __init__(self, error: TokenError, description: str) -> None:
        super().__init__(description)
        self.error = error


@dataclass(frozen=True, slots=True)
class TokenRequest:
    """A client's key, or why it showed none, and the scopes that it asks for; None where it names none."""

    shown: ShownKey | Refused
    scope: str | None


def read_token_request(content_type: str, authorization: str | None, body: bytes) -> TokenRequest:
    """Read a form with the client's key in it (client_secret_post) or in the `Authorization` header (client_secret_basic).

    Raises TokenRefused.
    """
    fields = _fields(content_type, body)
    grant_type = fields.get("grant_type")
    if grant_type is None:
        raise TokenRefused(TokenError.INVALID_REQUEST, "grant_type is missing")
    shown = _shown(authorization, fields.get("client_id"), fields.get("client_secret"))
    if grant_type != GRANT_TYPE:
        raise TokenRefused(TokenError.UNSUPPORTED_GRANT_TYPE, f"Only {GRANT_TYPE} is granted here")
    return TokenRequest(shown, fields.get("scope"))


def granted(credential: Credential, asked: str | None) -> frozenset[Scope]:
    """Return the scopes that *credential* gets of those *asked* for. Raises TokenRefused for any that it does not permit."""
    if asked is None:
        return _permitted(credential, DEFAULT, "statements/write or statements/read/mine")
    scopes: frozenset[Scope] = frozenset()
    for name in asked.split():
        wanted = ALIASES.get(name) or ((_SCOPES[name],) if name in _SCOPES else ())
        scopes |= _permitted(credential, wanted, name[:40])
    return scopes


def _permitted(credential: Credential, wanted: tuple[Scope, ...], name: str) -> frozenset[Scope]:
    permitted = frozenset(scope for scope in wanted if credential.permits(scope))
    if not permitted:
        raise TokenRefused(TokenError.INVALID_SCOPE, f"This client has no scope {_printable(name)}")
    return permitted


def _fields(content_type: str, body: bytes) -> dict[str, str]:
    """Read the form; a field without a value is no field (RFC 6749 §3.2). Raises TokenRefused for a repeated one."""
    if media_type(content_type) != FORM_TYPE:
        raise TokenRefused(TokenError.INVALID_REQUEST, f"The request comes as {FORM_TYPE}")
    try:
        pairs = parse_qsl(body.decode(), encoding="utf-8", errors="strict", max_num_fields=MOST_FIELDS)
    except ValueError:
        raise TokenRefused(TokenError.INVALID_REQUEST, "The form cannot be read") from None
    fields = dict(pairs)
    if len(fields) < len(pairs):
        raise TokenRefused(TokenError.INVALID_REQUEST, "A field is there more than once")
    return fields


def _shown(authorization: str | None, client_id: str | None, client_secret: str | None) -> ShownKey | Refused:
    """Return the client's key from the one place where it stands. Raises TokenRefused where it stands in two."""
    if not authorization:
        return ShownKey(KeyId(client_id), client_secret) if client_id and client_secret else Refused.NO_KEY
    if client_secret is not None:
        raise TokenRefused(TokenError.INVALID_REQUEST, "The client authenticates in the header or in the form, not in both")
    shown = read_authorization(authorization)
    if isinstance(shown, ShownToken) or not authorization.lower().startswith("basic "):
        return Refused.MALFORMED
    if isinstance(shown, ShownKey) and client_id not in {None, shown.key_id}:
        raise TokenRefused(TokenError.INVALID_REQUEST, "client_id names another client than the header")
    return shown


def _printable(name: str) -> str:
    """Keep of *name* what an error_description may hold: printable ASCII without quotes and backslashes."""
    return "".join(letter for letter in name if " " <= letter <= "~" and letter not in '"\\')
