"""Our xAPI profile for social learning, as JSON-LD (xAPI Profile Specification 1.0): a template for each kind of statement."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Final

NAME: Final = "social-learning"
MEDIA_TYPE: Final = "application/ld+json"


@cache
def document() -> bytes:
    """Return the profile, JSON-LD in UTF-8."""
    return files(__name__).joinpath(f"{NAME}.jsonld").read_bytes()
