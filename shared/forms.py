"""Fields of forms (application/x-www-form-urlencoded), read in a time that escapes hardly change.

The standard library looks at each escape by itself: eight megabytes of them, which anybody may send, took it five seconds.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import product
from string import hexdigits
from typing import Final

_ESCAPES: Final = re.compile(rb"(?:%[0-9A-Fa-f]{2}){1,1000}+")
_OCTETS: Final = {f"%{high}{low}".encode(): bytes.fromhex(high + low) for high, low in product(hexdigits, hexdigits)}


class TooManyFields(ValueError):
    """A form has more fields than are read."""


def pieces(form: bytes, most: int) -> list[bytes]:
    """Return the fields of *form* as they are written. Raises TooManyFields where there are more than *most*."""
    found = form.split(b"&", most)
    if len(found) > most:
        raise TooManyFields(f"more than {most} fields")
    return found


def unescaped(piece: bytes) -> tuple[bytes, bytes]:
    """Return the name and the value of a field; what is no escape stands for itself."""
    name, _, value = piece.replace(b"+", b" ").partition(b"=")
    return _ESCAPES.sub(_octets_of, name), _ESCAPES.sub(_octets_of, value)


def fields(form: bytes, most: int) -> Iterator[tuple[str, str]]:
    """Yield the fields of *form*, which is UTF-8, and U+FFFD for what is not once it is unescaped; empty ones are none.

    Raises TooManyFields, and UnicodeDecodeError where *form* itself is not UTF-8.
    """
    form.decode()
    for piece in filter(None, pieces(form, most)):
        name, value = unescaped(piece)
        yield name.decode(errors="replace"), value.decode(errors="replace")


def _octets_of(found: re.Match[bytes]) -> bytes:
    escapes = found[0]
    return _OCTETS.get(escapes) or bytes.fromhex(escapes.replace(b"%", b"").decode())
