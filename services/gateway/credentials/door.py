"""The door: says who asks, and whether they may."""

from __future__ import annotations

from typing import Final

from starlette.requests import Request

from services.gateway.credentials.keyring import Keyring
from services.gateway.credentials.store import RefusedRequest
from services.gateway.credentials.usage import Usage, storable
from services.gateway.domain.credential import Credential, KeyId, Refused, Scope, ShownKey, judge, read_authorization
from services.gateway.domain.keychain import Keychain
from services.gateway.metrics import GatewayMetrics
from shared.clock import Clock
from shared.http import Problem

CHALLENGE: Final = 'Basic realm="Symposia", charset="UTF-8", Bearer realm="Symposia"'
UNAUTHORIZED: Final = 401
FORBIDDEN: Final = 403


class Door:
    """Opens to a valid key with the scope that a request needs; notes each use and each refusal."""

    def __init__(self, *, keyring: Keyring, usage: Usage, keychain: Keychain, clock: Clock, metrics: GatewayMetrics) -> None:
        self._keyring = keyring
        self._usage = usage
        self._keychain = keychain
        self._clock = clock
        self._metrics = metrics

    async def authorise(self, request: Request, scope: Scope) -> Credential:
        """Return the credential that *request* shows, if it permits *scope*.

        Raises Problem 401, the same for every reason, or 403; Unavailable where the key is unknown and PostgreSQL down.
        """
        shown = read_authorization(request.headers.get("authorization"))
        if isinstance(shown, Refused):
            raise self._refuse(request, None, shown)
        credential = await self._keyring.find(shown.key_id)
        refused = self._judge(credential, shown)
        if refused is Refused.WRONG_SECRET:
            credential = await self._keyring.find_again(shown.key_id)
            refused = self._judge(credential, shown)
        if credential is None or refused is not None:
            raise self._refuse(request, credential.key_id if credential else None, refused or Refused.UNKNOWN_KEY)
        self._usage.used(credential.key_id, self._clock())
        if not credential.permits(scope):
            raise self._forbid(request, credential, scope)
        return credential

    def note_refusal(self, request: Request, credential: Credential, status: int, reason: str) -> None:
        """Note that a request with a valid key was refused, for the operator who asks why; *reason* names rules, not content."""
        self._note(request, credential.key_id, status, reason)

    def _judge(self, credential: Credential | None, shown: ShownKey) -> Refused | None:
        return judge(credential, self._keychain.digests(shown.secret), self._clock())

    def _refuse(self, request: Request, key_id: KeyId | None, reason: Refused) -> Problem:
        self._metrics.key_refused(reason)
        self._note(request, key_id, UNAUTHORIZED, reason)
        return Problem(
            UNAUTHORIZED,
            "A valid key is needed: Basic with key id and secret, or Bearer with the whole key",
            headers={"WWW-Authenticate": CHALLENGE},
        )

    def _forbid(self, request: Request, credential: Credential, scope: Scope) -> Problem:
        self._metrics.key_refused(Refused.SCOPE)
        self._note(request, credential.key_id, FORBIDDEN, f"{Refused.SCOPE}: {scope}")
        return Problem(FORBIDDEN, f"This key does not permit {scope}")

    def _note(self, request: Request, key_id: KeyId | None, status: int, reason: str) -> None:
        refused = RefusedRequest(self._clock(), _method(request), route_of(request), status, storable(reason))
        self._usage.refused(key_id, refused)


def route_of(request: Request) -> str:
    """Name the route of *request* with the names of its parameters in place of their values, which may be personal."""
    path = request.url.path
    for name, value in request.path_params.items():
        path = path.replace(str(value), f"{{{name}}}")
    return storable(path)


def _method(request: Request) -> str:
    return storable(request.method)[:10]
