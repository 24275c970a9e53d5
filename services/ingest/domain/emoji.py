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
