"""The one door to mf2py: the microformats of a page that a stranger wrote, if it is one that can be read within seconds.

Its parser, html5lib, takes minutes for deep nesting and hours for a tag of many attributes, and only itself knows what is deep
for it: so it never sees the page, but its words and tags written anew, of which each that is open is closed in its turn.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from html import escape
from typing import Final

import mf2py

from services.ingest.domain.markup import Closing, Opening, Words, tokens
from shared.xapi.model import JSON

LARGEST: Final = 512 * 1024
MOST_TAGS: Final = 12_000
DEEPEST: Final = 200
ENDING_BY_THEMSELVES: Final = re.compile(
    "area|base|br|col|dd|dt|embed|hr|img|input|li|link|meta|option|p|param|source|td|th|tr|track|wbr"
)
UNSEEN: Final = re.compile("frameset|iframe|math|noembed|noframes|noscript|plaintext|select|svg|template|textarea|title|xmp")
"""Elements by whose rules others are none, or are nested without end; what is in them is read as if it stood there by itself."""
READ: Final = re.compile("alt|class|content|data|datetime|href|id|lang|name|poster|rel|src|srcset|title|type|value")
"""Attributes that microformats are made of."""
GONE: Final = re.compile(r"\s*(?:404|410)\b")
NAME: Final = re.compile(r"[a-z][a-z0-9-]{0,30}")


def says_gone(content: bytes) -> bool:
    """Say whether a page says of itself that it is gone (http-equiv=status), as where a host answers 200 for every file."""
    found = (
        each for each in tokens(content[:LARGEST].decode(errors="replace")) if isinstance(each, Opening) and each.tag == "meta"
    )
    return any(
        each.attributes.get("http-equiv", "").lower() == "status" and GONE.match(each.attributes.get("content", ""))
        for each in found
    )


def microformats(content: bytes, address: str) -> JSON:
    """Return what the page at *address* says in microformats2; None where it is too large, too deep or no page."""
    if len(content) > LARGEST or content.count(b"<") > MOST_TAGS:
        return None
    page = _Page()
    if not page.write(content.decode(errors="replace")):
        return None
    try:
        found = mf2py.parse(doc="".join(page.parts), url=address)
    except (RecursionError, ValueError, TypeError, AttributeError, KeyError, AssertionError):  # a parser of anything, on anything
        return None
    return {"items": found.get("items", [])}


class _Page:
    """A page that is written anew."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self._open: list[str] = []
        self._times_open = Counter[str]()

    def write(self, html: str) -> bool:
        """Write *html*; say no where it is nested too deep."""
        for token in tokens(html):
            match token:
                case Words(text):
                    self.parts.append(escape(text, quote=False))
                case Opening(tag) if _is_read(tag):
                    self._begin(token)
                case Closing(tag) if _is_read(tag):
                    self._end(tag)
                case _:
                    continue
            if len(self._open) > DEEPEST:
                return False
        return True

    def _begin(self, opening: Opening) -> None:
        self.parts.append(f"<{opening.tag}{''.join(_attributes(opening))}>")
        if not ENDING_BY_THEMSELVES.fullmatch(opening.tag):
            self._open.append(opening.tag)
            self._times_open[opening.tag] += 1

    def _end(self, tag: str) -> None:
        """Close *tag*, if it is open, and before it what was opened in it."""
        if ENDING_BY_THEMSELVES.fullmatch(tag):
            self.parts.append(f"</{tag}>")
        ended = "" if self._times_open[tag] else tag
        while ended != tag:
            ended = self._open.pop()
            self._times_open[ended] -= 1
            self.parts.append(f"</{ended}>")


def _is_read(tag: str) -> bool:
    return NAME.fullmatch(tag) is not None and not UNSEEN.fullmatch(tag)


def _attributes(opening: Opening) -> Iterator[str]:
    return (f' {name}="{escape(value)}"' for name, value in opening.attributes.items() if READ.fullmatch(name))
