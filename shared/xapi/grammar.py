"""The grammars of xAPI's special strings, as regular expressions without look-around (they run in linear time)."""

from typing import Final

# RFC 5646 §2.1: a language tag is well-formed, its letters in any case.
_EXTLANG = r"(?:-[A-Za-z]{3}){0,3}"
_LANGUAGE = rf"(?:[A-Za-z]{{2,3}}{_EXTLANG}|[A-Za-z]{{4}}|[A-Za-z]{{5,8}})"
_SCRIPT = r"(?:-[A-Za-z]{4})?"
_REGION = r"(?:-(?:[A-Za-z]{2}|[0-9]{3}))?"
_VARIANT = r"(?:-(?:[A-Za-z0-9]{5,8}|[0-9][A-Za-z0-9]{3}))*"
_EXTENSION = r"(?:-[A-WY-Za-wy-z0-9](?:-[A-Za-z0-9]{2,8})+)*"
_PRIVATE = r"[Xx](?:-[A-Za-z0-9]{1,8})+"
_GRANDFATHERED = (
    r"(?i:en-GB-oed|i-ami|i-bnn|i-default|i-enochian|i-hak|i-klingon|i-lux|i-mingo|i-navajo|i-pwn|i-tao|i-tay|i-tsu"
    r"|sgn-BE-FR|sgn-BE-NL|sgn-CH-DE|art-lojban|cel-gaulish|no-bok|no-nyn|zh-guoyu|zh-hakka|zh-min|zh-min-nan|zh-xiang)"
)
LANGUAGE_TAG: Final = rf"^(?:{_LANGUAGE}{_SCRIPT}{_REGION}{_VARIANT}{_EXTENSION}(?:-{_PRIVATE})?|{_PRIVATE}|{_GRANDFATHERED})$"

# ISO 8601:2004 §4.4.3.2: only the smallest component has a fraction; weeks stand alone.
_N = r"[0-9]+(?:[.,][0-9]+)?"
_Y, _MO, _D, _H, _MI = (rf"(?:[0-9]+{unit})?" for unit in "YMDHM")
DURATION: Final = (
    rf"^P(?:{_N}W|{_N}Y|{_Y}{_N}M|{_Y}{_MO}{_N}D"
    rf"|{_Y}{_MO}{_D}T(?:{_N}H|{_H}{_N}M|{_H}{_MI}{_N}S))$"
)

# ISO 8601 date and time of day, extended or basic, to the minute at least; the zone may be missing. Hour 24 is refused.
_YEAR, _MONTH, _DAY = "[0-9]{4}", "(?:0[1-9]|1[0-2])", "(?:0[1-9]|[12][0-9]|3[01])"
_HOUR, _MINUTE, _SECOND = "(?:[01][0-9]|2[0-3])", "[0-5][0-9]", "(?:[0-5][0-9]|60)"
_AHEAD = rf"\+{_HOUR}(?::?{_MINUTE})?"
# Behind UTC by nothing (-00, -0000, -00:00) says that the zone is unknown, which xAPI does not take.
_BEHIND = rf"-(?:(?:0[1-9]|1[0-9]|2[0-3])(?::?{_MINUTE})?|00:?(?:0[1-9]|[1-5][0-9]))"
_ZONE = rf"(?:Z|{_AHEAD}|{_BEHIND})"
TIMESTAMP_1_0: Final = (
    rf"^(?:{_YEAR}-{_MONTH}-{_DAY}T{_HOUR}:{_MINUTE}(?::{_SECOND}(?:[.,][0-9]+)?)?{_ZONE}?"
    rf"|{_YEAR}{_MONTH}{_DAY}T{_HOUR}{_MINUTE}(?:{_SECOND}(?:[.,][0-9]+)?)?{_ZONE}?)$"
)

# RFC 3339 §5.6, but for the unknown zone -00:00.
_OFFSET = rf"(?:[Zz]|\+{_HOUR}:{_MINUTE}|-(?:(?:0[1-9]|1[0-9]|2[0-3]):{_MINUTE}|00:(?:0[1-9]|[1-5][0-9])))"
TIMESTAMP_2_0: Final = rf"^{_YEAR}-{_MONTH}-{_DAY}[Tt]{_HOUR}:{_MINUTE}:{_SECOND}(?:\.[0-9]+)?{_OFFSET}$"

# A mailto IRI with one addr-spec of RFC 6531 and nothing else: a dot-atom, then a host name.
_ATOM = r"[^\x00-\x20\x7f\"(),.:;<>@\[\]\\]+"
_LABEL = r"[A-Za-z0-9\u{80}-\u{10FFFF}](?:[A-Za-z0-9\u{80}-\u{10FFFF}-]*[A-Za-z0-9\u{80}-\u{10FFFF}])?"
MAILTO: Final = rf"^mailto:{_ATOM}(?:\.{_ATOM})*@{_LABEL}(?:\.{_LABEL})*$"

SHA1: Final = "^[0-9A-Fa-f]{40}$"
SHA2: Final = "^(?:[0-9A-Fa-f]{56}|[0-9A-Fa-f]{64}|[0-9A-Fa-f]{96}|[0-9A-Fa-f]{128})$"

# RFC 2045 §5.1; without control characters, since it becomes a header.
_NAME = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
MEDIA_TYPE: Final = rf"^{_NAME}/{_NAME}(?:[ \t]*;[ \t]*{_NAME}=(?:{_NAME}|\"(?:[^\x00-\x1f\x7f\"\\]|\\[^\x00-\x1f\x7f])*\"))*$"

# Semantic versions that start with 1.0 or 2.0; the bare 1.0 is common in the field.
_PATCH = r"(?:\.(?:0|[1-9][0-9]*)(?:[-+][0-9A-Za-z.+-]+)?)?"
VERSION_1_0: Final = rf"^1\.0{_PATCH}$"
VERSION_2_0: Final = rf"^[12]\.0{_PATCH}$"
