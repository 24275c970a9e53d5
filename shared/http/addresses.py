"""Connect only where an operator may have meant to: the address is looked at after the name was resolved, and then used.

A name that is looked up once for the check and once more for the connection could be two addresses.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass
from functools import cache
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Final

import httpx

from shared.errors import SymposiaError


class NoAddress(SymposiaError):
    """A host has no address, or none that may be used; the message says which."""


class NotPublic(NoAddress):
    """A host has addresses in a private network alone, which may not be used."""


MOST_HOSTS: Final = 64
"""Hosts to which connections are kept: strangers name many."""
_PORTS: Final = {"http": 80, "https": 443}
_LAST_FOUR: Final = (IPv6Network("64:ff9b::/96"), IPv6Network("::/96"))
"""Where the last four bytes are an address of IPv4: NAT64 (RFC 6052 §2.1), and what stood before it (RFC 4291 §2.5.5.1)."""
_GIVEN_OUT: Final = IPv6Network("2000::/3")
"""What IANA gives out of IPv6 to the public internet. Elsewhere `is_global` may say so too, of what is local by a later word
(RFC 8215, 64:ff9b:1::/48), by an earlier one (RFC 3879, fec0::/10), or where an address of IPv4 stands in (RFC 2765 §2.1)."""


def is_public(address: str) -> bool:
    """Say whether *address* (IPv4 or IPv6, a scope allowed) is one of the public internet; so must be one that it embeds."""
    parsed = ip_address(address.partition("%")[0])
    if isinstance(parsed, IPv6Address):
        embedded = _embedded(parsed)
        if embedded is None and parsed not in _GIVEN_OUT:
            return False
        parsed = embedded or parsed
    return parsed.is_global and not parsed.is_multicast


def _embedded(address: IPv6Address) -> IPv4Address | None:
    """Return the address of IPv4 that *address* stands for, if it does."""
    if any(address in network for network in _LAST_FOUR):
        return IPv4Address(address.packed[-4:])
    return address.ipv4_mapped or address.sixtofour


@cache
def trust() -> ssl.SSLContext:
    """Return whom TLS believes: the well-known authorities, or those in SSL_CERT_FILE; read once, since that takes long."""
    return httpx.create_ssl_context(trust_env=True)


@dataclass(slots=True)
class _Reached:
    """The connections to one host, and how many requests are *under way* over them."""

    transport: httpx.AsyncHTTPTransport
    under_way: int = 0


class _Answer(httpx.AsyncByteStream):
    """The body of an answer, which is under way until it is closed."""

    def __init__(self, body: httpx.SyncByteStream | httpx.AsyncByteStream, reached: _Reached) -> None:
        assert isinstance(body, httpx.AsyncByteStream)  # noqa: S101  an AsyncHTTPTransport has no others
        self._body = body
        self._reached = reached

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for part in self._body:
            yield part

    async def aclose(self) -> None:
        """Close the body: its connection is free for another request."""
        self._reached.under_way -= 1
        await self._body.aclose()


class CheckedTransport(httpx.AsyncBaseTransport):
    """A transport that connects to public addresses alone, unless *private* ones are allowed; TLS is verified for the name."""

    def __init__(self, *, private: bool) -> None:
        self._private = private
        self._by_host: dict[str, _Reached] = {}

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Resolve the host, and send *request* to an address that is allowed. Raises NoAddress where there is none."""
        host, port = request.url.host, request.url.port or _PORTS.get(request.url.scheme)
        if not host or port is None:
            raise NoAddress(f"{str(request.url)[:200]!r} is not an http or https address")
        address = await self._address(host, port)
        request.extensions = {**request.extensions, "sni_hostname": host}
        request.url = request.url.copy_with(host=address)
        reached = self._reach(host)
        reached.under_way += 1
        try:
            await self._forget_oldest()
            response = await reached.transport.handle_async_request(request)
        except BaseException:
            reached.under_way -= 1
            raise
        response.stream = _Answer(response.stream, reached)
        return response

    async def aclose(self) -> None:
        """Close all connections."""
        for reached in self._by_host.values():
            await reached.transport.aclose()

    def _reach(self, host: str) -> _Reached:
        """Return the connections to *host*, from now on the newest: two names at one address share none, each is verified."""
        reached = self._by_host.pop(host, None) or _Reached(httpx.AsyncHTTPTransport(verify=trust()))
        self._by_host[host] = reached
        return reached

    async def _forget_oldest(self) -> None:
        """Close the connections to the hosts that were asked the longest ago, of those that are too many."""
        too_many = max(len(self._by_host) - MOST_HOSTS, 0)
        idle = [host for host, reached in self._by_host.items() if not reached.under_way]
        for reached in [self._by_host.pop(host) for host in idle[:too_many]]:
            await reached.transport.aclose()

    async def _address(self, host: str, port: int) -> str:
        try:
            found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise NoAddress(f"the name {host} is not known") from error
        addresses = [str(address[0]) for *_, address in found]
        allowed = [address for address in addresses if self._private or is_public(address)]
        if not allowed:
            raise NotPublic(f"{host} is an address of a private network, which may not be used")
        return allowed[0]
