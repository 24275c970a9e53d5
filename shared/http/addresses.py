"""Connect only where an operator may have meant to: the address is looked at after the name was resolved, and then used.

A name that is looked up once for the check and once more for the connection could be two addresses.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from functools import cache
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Final

import httpx

from shared.errors import SymposiaError


class NoAddress(SymposiaError):
    """A host has no address, or none that may be used; the message says which."""


_PORTS: Final = {"http": 80, "https": 443}


def is_public(address: str) -> bool:
    """Say whether *address* (IPv4 or IPv6, a scope allowed) is one of the public internet."""
    parsed: IPv4Address | IPv6Address = ip_address(address.partition("%")[0])
    if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped is not None:
        parsed = parsed.ipv4_mapped
    return parsed.is_global and not parsed.is_multicast


@cache
def trust() -> ssl.SSLContext:
    """Return whom TLS believes: the well-known authorities, or those in SSL_CERT_FILE; read once, since that takes long."""
    return httpx.create_ssl_context(trust_env=True)


class CheckedTransport(httpx.AsyncBaseTransport):
    """A transport that connects to public addresses alone, unless *private* ones are allowed; TLS is verified for the name."""

    def __init__(self, *, private: bool) -> None:
        self._private = private
        self._by_host: dict[str, httpx.AsyncHTTPTransport] = {}

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Resolve the host, and send *request* to an address that is allowed. Raises NoAddress where there is none."""
        host = request.url.host
        address = await self._address(host, request.url.port or _PORTS[request.url.scheme])
        transport = self._by_host.get(host)
        if transport is None:  # two names at one address share no connection: each was verified for its own
            transport = self._by_host[host] = httpx.AsyncHTTPTransport(verify=trust())
        request.extensions = {**request.extensions, "sni_hostname": host}
        request.url = request.url.copy_with(host=address)
        return await transport.handle_async_request(request)

    async def aclose(self) -> None:
        """Close all connections."""
        for transport in self._by_host.values():
            await transport.aclose()

    async def _address(self, host: str, port: int) -> str:
        try:
            found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise NoAddress(f"the name {host} is not known") from error
        addresses = [str(address[0]) for *_, address in found]
        allowed = [address for address in addresses if self._private or is_public(address)]
        if not allowed:
            raise NoAddress(f"{host} is an address of a private network, which may not be used")
        return allowed[0]
