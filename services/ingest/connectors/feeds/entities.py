"""What HTML calls its characters, written by number: feeds use such names (`&nbsp;`) without declaring them, as XML demands.

XML 1.0, section 4.1; the names are those of the HTML Standard, section 13.5. Nothing is fetched or expanded for it.
"""

from __future__ import annotations

import re
from html.entities import html5
from typing import Final

REFERENCE: Final = re.compile(
    rb"<!\[CDATA\[.*?(?:\]\]>|\Z)|<!--.*?(?:-->|\Z)|<\?.*?(?:\?>|\Z)|&([A-Za-z][A-Za-z0-9]{1,31});", re.DOTALL
)
"""A reference by name, or what is passed over as a whole, for a reference in it is none: what never ends goes to the end."""
DECLARED: Final = re.compile(rb"<!ENTITY\s+([A-Za-z][A-Za-z0-9]{1,31})\s")
BY_XML: Final = frozenset({b"amp", b"lt", b"gt", b"quot", b"apos"})
SHIFT: Final = b"\x1b"
"""It begins characters that are written in the letters of others, as in ISO-2022-JP; no XML has it otherwise."""


def spelt(body: bytes) -> bytes:
    """Return *body* with what only HTML calls by name written by number; names that it declares, or nobody knows, stay."""
    if b"&" not in body or SHIFT in body:
        return body
    own = BY_XML.union(DECLARED.findall(body))

    def by_number(found: re.Match[bytes]) -> bytes:
        name = found[1]
        characters = html5.get(f"{name.decode()};") if name and name not in own else None
        return "".join(f"&#{ord(each)};" for each in characters).encode() if characters else found[0]

    return REFERENCE.sub(by_number, body)
