"""HTML as strangers write it, taken apart in one pass: whatever it is, the time grows with its length, and nothing is raised.

Python's own parser takes minutes for 200 KB of what is never closed, and trips over marks that it has no name for.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from html import unescape
from typing import Final, NamedTuple, TypeAlias

LONGEST_TAG: Final = 3000
"""A longer one is passed over as a whole: a picture that stands in the page itself, mostly."""
UNREAD: Final = frozenset({"script", "style"})
TAG: Final = re.compile(r"""<(/?)([a-zA-Z][^\s/>]*+)((?:[^>"']|"[^"]*"|'[^']*')*+)>""")
ATTRIBUTE: Final = re.compile(r"""(?<![^\s/"'])([^\s=/>"']+)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>]+))""")
MARKUP: Final = re.compile(r"<[a-zA-Z/!?]")
NUMBER: Final = re.compile(r"&#([0-9]{8,}|[xX][0-9a-fA-F]{8,})")
NO_CHARACTER: Final = "&#xFFFD"
SURROGATES: Final = re.compile("[\ud800-\udfff]")


class Words(NamedTuple):
    """What stands between tags, its entities written out."""

    text: str


class Opening(NamedTuple):
    """The beginning of an element, its name in small letters; *written* are its attributes."""

    tag: str
    written: str

    @property
    def attributes(self) -> Mapping[str, str]:
        """Return the attributes by name."""
        found = ATTRIBUTE.findall(self.written)
        return {name.lower(): unescaped(double or single or bare) for name, double, single, bare in reversed(found)}


class Closing(NamedTuple):
    """The end of an element."""

    tag: str


Token: TypeAlias = Words | Opening | Closing


def unescaped(text: str) -> str:
    """Return *text* with its character references written out; numbers beyond all characters are none."""
    if "&" not in text:
        return text
    return SURROGATES.sub("\ufffd", unescape(NUMBER.sub(NO_CHARACTER, text)))


def tokens(html: str) -> Iterator[Token]:
    """Yield the words and tags of *html*; comments, scripts and styles are left out."""
    at = 0
    while found := MARKUP.search(html, at):
        if found.start() > at:
            yield Words(unescaped(html[at : found.start()]))
        tag = TAG.match(html, found.start(), found.start() + LONGEST_TAG)
        if tag is None:
            at = _passed(html, found.start())
            continue
        at, name = tag.end(), tag[2].lower()
        if tag[1]:
            yield Closing(name)
            continue
        yield Opening(name, tag[3])
        if name in UNREAD:
            at = _behind(html, f"</{name}", at)
    if at < len(html):
        yield Words(unescaped(html[at:]))


def _passed(html: str, start: int) -> int:
    """Return where a comment, or what is no tag, ends: with the text, where nothing ends it."""
    if html.startswith("<!--", start):
        return _behind(html, "-->", start + len("<!")) + len("-->")
    return _behind(html, ">", start) + 1


def _behind(html: str, end: str, at: int) -> int:
    """Return where the next *end* stands, or where the text ends."""
    found = html.find(end, at)
    return len(html) if found < 0 else found
