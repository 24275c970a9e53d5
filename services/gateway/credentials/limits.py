"""How often a credential may ask, and an address be refused: buckets in this process's memory, and what answers say of them."""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Callable, Sequence
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Final

from starlette.requests import Request
from starlette.types import Scope

from services.gateway.domain.credential import Credential, KeyId
from services.gateway.domain.rate import WINDOW, Allowance, Bucket
from services.gateway.metrics import GatewayMetrics, Limited
from shared.http import Problem

TOO_MANY_REQUESTS: Final = 429
ADDRESSES: Final = 10_000
"""Addresses that are remembered; the one that was quiet for longest is forgotten first."""
NETWORK_BITS: Final = 64
"""Of an IPv6 address: who has one has all of its network."""
_ALLOWANCES: Final = "symposia.allowances"
"""Where the scope of a request holds what its limits leave, for the headers of its answer."""


class RateLimits:
    """The limits of this process: with several gateways each has its own."""

    def __init__(
        self, *, requests_per_minute: int, refusals_per_minute: int, metrics: GatewayMetrics, seconds: Callable[[], float]
    ) -> None:
        self._default = requests_per_minute
        self._refusals = refusals_per_minute
        self._metrics = metrics
        self._seconds = seconds
        self._credentials: dict[KeyId, Bucket] = {}
        self._addresses: OrderedDict[str, Bucket] = OrderedDict()

    def count_request(self, request: Request, credential: Credential) -> None:
        """Count a request of *credential*. Raises Problem 429 where there were too many."""
        quota = self._default if credential.requests_per_minute is None else credential.requests_per_minute
        if not quota:
            return
        now = self._seconds()
        allowance = self._credentials.setdefault(credential.key_id, Bucket(quota, now)).take(quota, now)
        allowances: list[Allowance] = request.scope.get(_ALLOWANCES, [])
        allowances.append(allowance)
        if not allowance.allowed:
            self._metrics.limited(Limited.CREDENTIAL)
            raise _too_many(f"This key may send {quota} requests a minute", allowance)

    def count_refusal(self, request: Request) -> None:
        """Count a refused key of the caller's address. Raises Problem 429 where there were too many."""
        if not self._refusals:
            return
        allowance = self._bucket(request).take(self._refusals, self._seconds())
        if not allowance.allowed:
            self._metrics.limited(Limited.ADDRESS)
            raise _too_many("Too many wrong keys came from this address", allowance)

    def exhausted(self, request: Request) -> bool:
        """Say whether so many keys were refused to the caller's address that unknown ones are not looked for any more."""
        if not self._addresses or _address(request) not in self._addresses:
            return False
        return not self._bucket(request).look(self._refusals, self._seconds()).allowed

    def _bucket(self, request: Request) -> Bucket:
        address = _address(request)
        bucket = self._addresses.setdefault(address, Bucket(self._refusals, self._seconds()))
        self._addresses.move_to_end(address)
        if len(self._addresses) > ADDRESSES:
            self._addresses.popitem(last=False)
        return bucket


def collect_allowances(scope: Scope) -> list[Allowance]:
    """Return a list, empty still, to which `RateLimits` adds what the limits of this request leave."""
    allowances: list[Allowance] = []
    scope[_ALLOWANCES] = allowances
    return allowances


def rate_limit_headers(allowances: Sequence[Allowance]) -> list[tuple[bytes, bytes]]:
    """Return the headers that tell who is limited what is left (draft-ietf-httpapi-ratelimit-headers-11)."""
    if not allowances:
        return []
    last = allowances[-1]
    policy = f'"default";q={last.quota};w={WINDOW:.0f}'
    left = f'"default";r={last.remaining};t={math.ceil(last.full_in)}'
    return [(b"ratelimit-policy", policy.encode()), (b"ratelimit", left.encode())]


def _too_many(detail: str, allowance: Allowance) -> Problem:
    retry_after = str(max(1, math.ceil(allowance.wait)))
    return Problem(TOO_MANY_REQUESTS, f"{detail}; try again later", headers={"Retry-After": retry_after})


def _address(request: Request) -> str:
    """Name who calls: an IPv4 address, or the network of an IPv6 one."""
    client: tuple[str, int] | None = request.scope.get("client")
    host = client[0] if client else ""
    if ":" not in host:
        return host
    try:
        address = ip_address(host.partition("%")[0])
    except ValueError:
        return host
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        return str(address.ipv4_mapped)
    return str(ip_network((address, NETWORK_BITS), strict=False))
