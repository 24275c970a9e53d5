"""The door: says who asks, and whether they may."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final, TypeAlias

from starlette.requests import Request
from starlette.routing import Route

from services.gateway.credentials.keyring import Keyring
from services.gateway.credentials.leniency import Leniency
from services.gateway.credentials.limits import RateLimits
from services.gateway.credentials.store import RefusedRequest
from services.gateway.credentials.tokens import AccessTokens
from services.gateway.credentials.usage import Usage, storable
from services.gateway.credentials.versions import Versions
from services.gateway.domain.credential import Credential, KeyId, Refused, Scope, ShownKey, ShownToken, judge, read_authorization
from services.gateway.domain.keychain import Keychain
from services.gateway.metrics import GatewayMetrics
from shared.clock import Clock
from shared.http import Problem, header

BASIC_CHALLENGE: Final = 'Basic realm="Symposia", charset="UTF-8"'
BEARER_CHALLENGE: Final = 'Bearer realm="Symposia"'
TOO_OFTEN: Final = "too-many-requests"
NO_ROUTE: Final = "none"
UNAUTHORIZED: Final = 401
FORBIDDEN: Final = 403

Authorise: TypeAlias = Callable[[Request, Scope], Awaitable[Credential]]
"""Return the credential that a request shows; raises Problem 401, 403 or 429. What `Door.authorise` is to other doors."""


class Door:
    """Opens to a valid key, or access token, with the scope that a request needs; notes each use and each refusal.

    *versions* and `leniency` read what its sender speaks, and means.
    """

    def __init__(
        self,
        *,
        keyring: Keyring,
        usage: Usage,
        keychain: Keychain,
        tokens: AccessTokens,
        limits: RateLimits,
        versions: Versions,
        clock: Clock,
        metrics: GatewayMetrics,
    ) -> None:
        self._keyring = keyring
        self._usage = usage
        self._keychain = keychain
        self._tokens = tokens
        self._limits = limits
        self._clock = clock
        self._metrics = metrics
        self.leniency = Leniency(metrics)
        self.versions = versions

    async def authorise(self, request: Request, scope: Scope) -> Credential:
        """Return the credential that *request* shows, if it permits *scope*, and read the query as its sender means it.

        Raises Problem 401, the same for every reason, 403, 429 for too many requests or guesses, and 400 for a quirk that the key
        does not have; Unavailable where the key is unknown and PostgreSQL down.
        """
        shown = read_authorization(header(request, b"authorization"))
        credential = await self.identify(request, shown)
        if isinstance(credential, Refused):
            raise _unauthorized(request)
        if not credential.permits(scope):
            raise self._forbid(request, credential, scope)
        self.leniency.query(request, credential)
        return credential

    async def identify(self, request: Request, shown: ShownKey | ShownToken | Refused) -> Credential | Refused:
        """Return the credential that *shown* opens, its use noted, or why there is none, noted too.

        Raises Problem 429, Unavailable.
        """
        match shown:
            case ShownKey():
                known, opened = await self._by_key(shown, asks_too_often=self._limits.exhausted(request))
            case ShownToken():
                known, opened = await self._by_token(shown)
            case Refused():
                known, opened = None, shown
        if isinstance(opened, Refused):
            self._metrics.key_refused(opened)
            self._note(request, known, UNAUTHORIZED, opened)
            if opened is not Refused.NO_KEY:
                self._limits.count_refusal(request)
        else:
            self._usage.used(opened.key_id, self._clock())
            self._count(request, opened)
        return opened

    def note_refusal(self, request: Request, credential: Credential, status: int, reason: str) -> None:
        """Note that a request with a valid key was refused, for the operator who asks why; *reason* names rules, not content."""
        self._note(request, credential.key_id, status, reason)

    def note_unread(self, request: Request, problem: Problem) -> None:
        """Note that nobody could read whose request it is; *problem* repeats nothing that stands in it."""
        self._note(request, None, problem.status, problem.detail)

    async def _by_key(self, shown: ShownKey, *, asks_too_often: bool) -> tuple[KeyId | None, Credential | Refused]:
        """Return the key id, where it was issued, and what the key opens; who *asks_too_often* has nothing looked for."""
        credential = self._keyring.known(shown.key_id) if asks_too_often else await self._keyring.find(shown.key_id)
        refused = self._judge(credential, shown)
        if refused is Refused.WRONG_SECRET and not asks_too_often:
            credential = await self._keyring.find_again(shown.key_id)
            refused = self._judge(credential, shown)
        if credential is None:
            return None, refused or Refused.UNKNOWN_KEY
        return credential.key_id, refused or credential

    async def _by_token(self, shown: ShownToken) -> tuple[KeyId | None, Credential | Refused]:
        """Return the key id, where it was issued, and what the access token opens."""
        token = self._tokens.read(shown.text)
        if isinstance(token, Refused):
            return None, token
        credential = await self._keyring.find(token.key_id)
        return credential.key_id if credential else None, self._tokens.open(token, credential)

    def _count(self, request: Request, credential: Credential) -> None:
        """Count a request against the limit of its credential. Raises Problem 429, noted."""
        try:
            self._limits.count_request(request, credential)
        except Problem as limited:
            self._note(request, credential.key_id, limited.status, TOO_OFTEN)
            raise

    def _judge(self, credential: Credential | None, shown: ShownKey) -> Refused | None:
        return judge(credential, self._keychain.digests(shown.secret), self._clock())

    def _forbid(self, request: Request, credential: Credential, scope: Scope) -> Problem:
        self._metrics.key_refused(Refused.SCOPE)
        self._note(request, credential.key_id, FORBIDDEN, f"{Refused.SCOPE}: {scope}")
        challenge = f'{BEARER_CHALLENGE}, error="insufficient_scope", scope="{scope}"'
        return Problem(FORBIDDEN, f"This key does not permit {scope}", headers={"WWW-Authenticate": challenge})

    def _note(self, request: Request, key_id: KeyId | None, status: int, reason: str) -> None:
        refused = RefusedRequest(self._clock(), _method(request), route_of(request), status, storable(reason))
        self._usage.refused(key_id, refused)


def _unauthorized(request: Request) -> Problem:
    """Say that a valid key is needed, the same whatever was wrong with the one shown (RFC 7235 §4.1, RFC 6750 §3)."""
    bearer = request.headers.get("authorization", "")[:7].lower() == "bearer "
    challenge = f'{BEARER_CHALLENGE}, error="invalid_token"' if bearer else BEARER_CHALLENGE
    return Problem(
        UNAUTHORIZED,
        "A valid key is needed: Basic with key id and secret, or Bearer with the whole key or an access token",
        headers={"WWW-Authenticate": f"{BASIC_CHALLENGE}, {challenge}"},
    )


def route_of(request: Request) -> str:
    """Name the route of *request* with the names of its parameters in place of their values, which may be personal."""
    if not request.path_params:
        return storable(request.url.path)
    route, endpoint = request.scope.get("route"), request.scope["endpoint"]
    ours = (each for each in request.app.routes if isinstance(each, Route) and each.endpoint == endpoint)
    found = route or next(ours, None)  # only FastAPI says which route it took
    return storable(found.path_format) if found else NO_ROUTE


def _method(request: Request) -> str:
    return storable(request.method)[:10]
