"""Names and values as query strings and forms write them (application/x-www-form-urlencoded), in UTF-8."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import parse_qsl

from shared.errors import SymposiaError

MOST_FIELDS: Final = 100
_BROKEN_ESCAPE: Final = re.compile(rb"%(?![0-9A-Fa-f]{2})")


class BadForm(SymposiaError):
    """The text is no form: a field without =, a broken escape, bytes that are not UTF-8, or more than MOST_FIELDS fields."""


def read_form(raw: bytes) -> list[tuple[str, str]]:
    """Return the fields of *raw* in order, repeated ones too. Raises BadForm."""
    if _BROKEN_ESCAPE.search(raw):
        raise BadForm("A % is not followed by two hexadecimal digits")
    pieces = raw.strip(b"&")
    if not pieces:
        return []
    try:
        return parse_qsl(
            pieces.decode(), keep_blank_values=True, strict_parsing=True, errors="strict", max_num_fields=MOST_FIELDS
        )
    except UnicodeDecodeError as error:
        raise BadForm("The text is not UTF-8") from error
    except ValueError as error:
        raise BadForm(f"A field has no name and value, or there are more than {MOST_FIELDS} fields") from error
