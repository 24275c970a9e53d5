"""Tell JSON numbers that every parser reads alike from those that are too long or beyond the range of IEEE 754 doubles."""

import math
import re
from typing import Final

from shared.xapi.scan import outside_strings

MAX_EXPONENT: Final = 324
"""No double, however written by a serializer, has a larger decimal exponent; 9e308 is refused because it is infinite."""
NUMBER_LENGTHS: Final = range(32, 201)
"""The lengths that can be allowed: longer than any double that a serializer writes, yet finite with a two-digit exponent."""
TAME_MANTISSA: Final = NUMBER_LENGTHS[0]
TAME_EXPONENT: Final = 2
"""A double with so many characters before its exponent, and so many digits in it, is finite and within every limit."""

# Every digit becomes 0 and E becomes e, so that a few substring searches find numbers that may be harmful.
FOLDED: Final = bytes.maketrans(b"123456789E", b"000000000e")
LARGE_EXPONENTS: Final = (b"0e000", b"0e+000", b"0e-000")
LARGE_EXPONENT_OF_A_NUMBER: Final = re.compile(rb"(?:\A|[\[:, \t\r\n])[0.+e-]*?0e[+-]?000")
"""Each run of such letters is read once, from where a number may begin."""
NUMBER: Final = re.compile(rb"-?[0-9][0-9.eE+-]*+")


def tame(text: str) -> float:
    """Return the double that *text* names. Raises ValueError where it may be harmful under some allowed length."""
    if len(text) > TAME_MANTISSA or "e" in text or "E" in text:
        _refuse_harm(text.lower())
    return float(text)


def harm(raw: bytes, longest: int) -> str:
    """Say what is wrong with the first number of *raw* that has over *longest* digits in a row or exceeds a double; else ""."""
    folded = raw.translate(FOLDED)
    if b"0" * (longest + 1) not in folded and not _has_large_exponent(folded):
        return ""
    return next(filter(None, (fault(number, longest) for number in NUMBER.findall(outside_strings(raw)))), "")


def fault(number: bytes, longest: int) -> str:
    """Say what is wrong with *number*; "" where nothing is."""
    mantissa, _, exponent = number.lower().partition(b"e")
    digits = exponent.lstrip(b"+-")
    most = max(map(len, [*mantissa.lstrip(b"-").split(b"."), digits]))
    if most > longest:
        return f"A number has {most} digits in a row; {longest} are allowed."
    if digits.isdigit() and (int(digits) > MAX_EXPONENT or _infinite(number)):
        return "A number is beyond the range of a double."
    return ""


def _refuse_harm(text: str) -> None:
    mantissa, _, exponent = text.partition("e")
    if len(mantissa) > TAME_MANTISSA or len(exponent.lstrip("+-")) > TAME_EXPONENT:
        raise ValueError("a number that may be harmful")


def _has_large_exponent(folded: bytes) -> bool:
    """Say whether a number may have an exponent of three digits or more; hexadecimal text, as in UUIDs, is not a number."""
    return any(each in folded for each in LARGE_EXPONENTS) and LARGE_EXPONENT_OF_A_NUMBER.search(folded) is not None


def _infinite(number: bytes) -> bool:
    """Say whether *number* is too large for a double; what is not a number is left to the parser."""
    try:
        return math.isinf(float(number))
    except ValueError:
        return False
