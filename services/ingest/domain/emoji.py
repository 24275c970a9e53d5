"""The names of emoji as code points."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

CODE_POINTS: Final = {
    "+1": "1F44D",
    "thumbsup": "1F44D",
    "-1": "1F44E",
    "thumbsdown": "1F44E",
    "white_check_mark": "2705",
    "heavy_check_mark": "2714",
    "heart": "2764",
    "tada": "1F389",
    "eyes": "1F440",
    "raised_hands": "1F64C",
    "clap": "1F44F",
    "pray": "1F64F",
    "rocket": "1F680",
    "fire": "1F525",
    "joy": "1F602",
    "smile": "1F604",
    "heart_eyes": "1F60D",
    "thinking_face": "1F914",
    "100": "1F4AF",
    "bulb": "1F4A1",
    "star": "2B50",
    "ok_hand": "1F44C",
    "wave": "1F44B",
    "raised_hand": "270B",
}
"""The reactions that are used most; a workspace's own emoji have no code point."""


UNKNOWN_EMOJI: Final = ":unknown:"
"""A reaction of which is known that it was one, not which."""


def base_of(name: str) -> str:
    """Return a Slack reaction's name without its skin tone: `+1::skin-tone-3` is `+1`."""
    return name.partition("::")[0]


def accepts(emoji: str, accepting: Iterable[str]) -> bool:
    """Say whether *emoji*, as it is written in statements, is one of those called *accepting*."""
    return emoji in {written(name) for name in accepting}


def written(name: str) -> str:
    """Return the emoji called *name* as `U+1F44D` where it is a common one, else as `:name:`."""
    base = base_of(name)
    code_point = CODE_POINTS.get(base)
    return f"U+{code_point}" if code_point else f":{base}:"


NAMES: Final = {code_point: name for name, code_point in reversed(CODE_POINTS.items())}
VARIATIONS: Final = frozenset(range(0xFE00, 0xFE10)) | frozenset(range(0x1F3FB, 0x1F400))
"""Selectors of how an emoji is drawn, and its skin tones (Unicode Technical Standard #51)."""


def spelt(key: str) -> str:
    """Return a reaction that is written as itself: an emoji as `U+1F44D`, letters as `:name:`."""
    if any(each.isalnum() for each in key) or key.isascii():
        return f":{'_'.join(key.strip(':').split()) or 'unknown'}:"
    return " ".join(f"U+{ord(each):04X}" for each in key if ord(each) not in VARIATIONS) or UNKNOWN_EMOJI


def is_accepting(key: str, accepting: frozenset[str]) -> bool:
    """Say whether the reaction *key*, an emoji or a word, is among those by which an answer is accepted, named as ever."""
    plain = "".join(each for each in key if ord(each) not in VARIATIONS)
    named = NAMES.get(f"{ord(plain):X}") if len(plain) == 1 else key.strip(":")
    return key in accepting or plain in accepting or named in accepting
