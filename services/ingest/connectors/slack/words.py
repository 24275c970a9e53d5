"""What a message of Slack says: its `text` or, where that is empty, its blocks (docs.slack.dev/reference/block-kit/blocks)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from services.ingest.connectors.fields import member, optional_text, several
from shared.xapi.model import JSON

LONGEST: Final = 40_000
"""Letters that Slack takes in one message."""
DEEPEST: Final = 6
ESCAPED: Final = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})


def said(message: JSON) -> str:
    """Return what *message* says, in mrkdwn; empty where it says nothing."""
    return optional_text(message, "text") or "\n".join(each for each in map(_block, several(message, "blocks")) if each)[:LONGEST]


def _block(block: JSON) -> str:
    if member(block, "type") == "rich_text":
        return _elements(block, 0).strip("\n")
    return optional_text(block, "text", "text") or ""


def _elements(parent: JSON, depth: int) -> str:
    """Return what rich text says: its sections, lists and quotations stand on lines of their own."""
    if depth > DEEPEST:
        return ""
    parts = []
    for element in several(parent, "elements"):
        kind = optional_text(element, "type") or ""
        if kind.startswith("rich_text_"):
            mark = "```" if kind == "rich_text_preformatted" else ""
            parts.append(f"{mark}{_elements(element, depth + 1).rstrip()}{mark}\n")
        elif kind in INLINE:
            parts.append(INLINE[kind](element))
    return "".join(parts)


def _escaped(element: JSON, name: str) -> str:
    """Return what stands under *name* as text: what looks like a mention within it is none."""
    return (optional_text(element, name) or "").translate(ESCAPED)


def _text(element: JSON) -> str:
    written = _escaped(element, "text")
    return f"`{written}`" if member(element, "style", "code") is True else written


def _link(element: JSON) -> str:
    address, label = _escaped(element, "url"), _escaped(element, "text")
    return f"<{address}|{label}>" if label else f"<{address}>"


INLINE: Final[dict[str, Callable[[JSON], str]]] = {
    "text": _text,
    "link": _link,
    "user": lambda element: f"<@{_escaped(element, 'user_id')}>",
    "channel": lambda element: f"<#{_escaped(element, 'channel_id')}>",
    "broadcast": lambda element: f"<!{_escaped(element, 'range') or 'here'}>",
    "emoji": lambda element: f":{_escaped(element, 'name')}:",
}
"""How what stands in a line is written in mrkdwn."""
