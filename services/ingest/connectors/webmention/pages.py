"""The one door to mf2py: the microformats of a page that a stranger wrote, if it is one that can be read within seconds."""

from __future__ import annotations

import re
from typing import Final

import mf2py

from shared.xapi.model import JSON

LARGEST: Final = 512 * 1024
MOST_TAGS: Final = 12_000
DEEPEST: Final = 200
"""An html5lib tree of 20,000 nested elements takes minutes, and no page is nested so deep."""
TAG: Final = re.compile(rb"<(/?)([a-zA-Z][a-zA-Z0-9-]*)")
OPEN_ENDED: Final = frozenset(
    b"area base br col dd dt embed hr img input li link meta option p param source td th tr track wbr".split()
)
"""Elements that end by themselves."""


def microformats(content: bytes, address: str) -> JSON:
    """Return what the page at *address* says in microformats2; None where it is too large, too deep or no page."""
    if len(content) > LARGEST or content.count(b"<") > MOST_TAGS or _depth(content) > DEEPEST:
        return None
    try:
        found = mf2py.parse(doc=content.decode(errors="replace"), url=address)
    except (RecursionError, ValueError, TypeError, AttributeError, KeyError, AssertionError):  # a parser of anything, on anything
        return None
    return {"items": found.get("items", [])}


def _depth(content: bytes) -> int:
    """Return how deep elements are nested, at the most, as far as tags tell."""
    depth = deepest = 0
    for end, name in TAG.findall(content):
        if name.lower() not in OPEN_ENDED:
            depth = max(depth + (-1 if end else 1), 0)
            deepest = max(deepest, depth)
    return deepest
