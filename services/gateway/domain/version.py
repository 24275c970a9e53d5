"""The version of xAPI that a request speaks (1.0.3 Communication §3.3; 2.0.0 §4.1.6)."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from shared.errors import SymposiaError
from shared.xapi.model import Version

VERSION_HEADER: Final = "X-Experience-API-Version"
VERSION_HEADER_RAW: Final = VERSION_HEADER.lower().encode()
"""As a server hands it over: in lower case, in bytes."""
LATEST: Final = Version.V2_0_0
SPOKEN: Final = ("2.0.0", "1.0.3", "1.0.2", "1.0.1", "1.0.0")
"""What the about resource says."""

_FAMILIES: Final = (
    (re.compile(r"1\.0(\.\d{1,4})?", re.ASCII), Version.V1_0_3),
    (re.compile(r"2\.0(\.\d{1,4})?", re.ASCII), Version.V2_0_0),
)


class UnspokenVersion(SymposiaError):
    """The request names no version of xAPI, or one that is not spoken here."""


@lru_cache(maxsize=64)
def negotiate(header: str | None, without: Version | None = None) -> Version:
    """Return the version that a request with *header* speaks; *without* a header that one, if any.

    Raises UnspokenVersion.
    """
    if header is None or not header.strip():
        if without is None:
            raise UnspokenVersion(f"The header {VERSION_HEADER} is missing; send for example {Version.V1_0_3}")
        return without
    for family, version in _FAMILIES:
        if family.fullmatch(header.strip()):
            return version
    raise UnspokenVersion(f"{VERSION_HEADER} names a version that is not spoken here; spoken are {', '.join(SPOKEN)}")
