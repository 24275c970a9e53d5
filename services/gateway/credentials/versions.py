"""Which version of xAPI a sender speaks: what its request names, and to one that names none, what it spoke before."""

from __future__ import annotations

from starlette.requests import Request

from services.gateway.domain.credential import Credential, KeyId
from services.gateway.domain.version import VERSION_HEADER, VERSION_HEADER_RAW, UnspokenVersion, negotiate
from shared.http import Problem, header
from shared.xapi.model import Version


class Versions:
    """The version that each key spoke last, in this process's memory: so a sender that forgets to name it is told in its own."""

    def __init__(self, *, without_header: Version | None, otherwise: Version) -> None:
        self._without_header = without_header
        self._otherwise = otherwise
        self._last: dict[KeyId, Version] = {}

    def spoken(self, request: Request, credential: Credential) -> Version:
        """Return the version that *request* speaks, and remember it. Raises Problem 400."""
        try:
            version = negotiate(header(request, VERSION_HEADER_RAW), self._without_header)
        except UnspokenVersion as error:
            answered = self._last.get(credential.key_id, self._otherwise)
            raise Problem(400, str(error), headers={VERSION_HEADER: answered}) from error
        self._last[credential.key_id] = version
        return version
