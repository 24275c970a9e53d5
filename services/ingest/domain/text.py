"""Text as people wrote it, out of what platforms make of it."""

from __future__ import annotations

import html
import re
from html.parser import HTMLParser

CODE = re.compile(r"```.*?(?:```|$)|`[^`\n]*`", re.DOTALL)
URL = re.compile(r"https?://[^\s<>|]*[^\s<>|?!.,;:)]", re.IGNORECASE)
# Latin, full-width, Arabic, Greek, doubled, with an exclamation mark, reversed.
QUESTION_MARKS = frozenset("?\uff1f\u061f\u037e\u2047\u2048\u2e2e")


def asks(text: str) -> bool:
    """Say whether *text* has a question mark outside code and addresses."""
    if QUESTION_MARKS.isdisjoint(text):
        return False
    return not QUESTION_MARKS.isdisjoint(URL.sub(" ", CODE.sub(" ", text)))


SLACK_TOKEN = re.compile(r"<([^<>\n]*)>")


def from_mrkdwn(text: str) -> str:
    """Return Slack's mrkdwn with its links, mentions and entities written out.

    Source: docs.slack.dev, "Formatting message text": `<url|label>`, `<@U…>`, `<#C…|name>`, `<!here>`, and & < > escaped.
    """
    return html.unescape(SLACK_TOKEN.sub(_written_out, text)) if "<" in text or "&" in text else text


def _written_out(token: re.Match[str]) -> str:
    target, _, label = token.group(1).partition("|")
    if target.startswith("#"):
        return f"#{label or target[1:]}"
    if target.startswith("!"):
        return label or f"@{target[1:].partition('^')[0]}"
    if target.startswith("@"):
        return f"@{label or target[1:]}"
    return f"{label} {target}" if label and label != target else target


class _Words(HTMLParser):
    """Collect the text between tags; the end of a block ends a line."""

    BLOCKS = frozenset({"p", "div", "li", "br", "tr", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "pre"})

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []

    def handle_data(self, data: str) -> None:
        self.parts.append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag in self.BLOCKS:
            self.parts.append("\n")


def from_html(cooked: str) -> str:
    """Return the text of rendered HTML without its tags."""
    words = _Words()
    words.feed(cooked)
    words.close()
    return re.sub(r"\n{2,}", "\n", "".join(words.parts)).strip()
