"""Names and values as query strings and forms write them (application/x-www-form-urlencoded), in UTF-8."""

from __future__ import annotations

import re
from typing import Final

from shared.errors import SymposiaError
from shared.forms import TooManyFields, pieces, unescaped

MOST_FIELDS: Final = 100
_BROKEN_ESCAPE: Final = re.compile(rb"%(?![0-9A-Fa-f]{2})")


class BadForm(SymposiaError):
    """The text is no form: a field without =, a broken escape, bytes that are not UTF-8, or more than MOST_FIELDS fields."""


def read_form(raw: bytes) -> list[tuple[str, str]]:
    """Return the fields of *raw* in order, repeated ones too. Raises BadForm."""
    if _BROKEN_ESCAPE.search(raw):
        raise BadForm("A % is not followed by two hexadecimal digits")
    written = raw.strip(b"&")
    if not written:
        return []
    try:
        found = pieces(written, MOST_FIELDS)
        if not all(b"=" in piece for piece in found):
            raise BadForm("A field has no name and value")
        return [(name.decode(), value.decode()) for name, value in map(unescaped, found)]
    except TooManyFields as error:
        raise BadForm(f"There are more than {MOST_FIELDS} fields") from error
    except UnicodeDecodeError as error:
        raise BadForm("The text is not UTF-8") from error
