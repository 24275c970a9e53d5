"""Text as people wrote it, out of what platforms make of it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from types import MappingProxyType
from typing import assert_never

from services.ingest.domain.markup import Closing, Opening, Words, tokens, unescaped

CODE = re.compile(r"```.*?(?:```|$)|`[^`\n]*`", re.DOTALL)
URL = re.compile(r"https?://[^\s<>|]*[^\s<>|?!.,;:)]", re.IGNORECASE)
# Latin, full-width, Arabic, Greek, doubled, with an exclamation mark, reversed.
QUESTION_MARKS = frozenset("?\uff1f\u061f\u037e\u2047\u2048\u2e2e")


def asks(text: str) -> bool:
    """Say whether *text* has a question mark outside code and addresses."""
    if QUESTION_MARKS.isdisjoint(text):
        return False
    return not QUESTION_MARKS.isdisjoint(URL.sub(" ", CODE.sub(" ", text)))


WEB = re.compile(r"https?://\S+$", re.IGNORECASE)
LONGEST_ADDRESS = 2000
BLANK_LINES = re.compile(r"(?<![ \t])[ \t]*\n(?:[ \t\r]*\n)*")
SLACK_TOKEN = re.compile(r"<([^<>\n]*)>")


def from_mrkdwn(text: str) -> str:
    """Return Slack's mrkdwn with its links, mentions and entities written out.

    Source: docs.slack.dev, "Formatting message text": `<url|label>`, `<@U…>`, `<#C…|name>`, `<!here>`, and & < > escaped.
    """
    return unescaped(SLACK_TOKEN.sub(_written_out, text)) if "<" in text or "&" in text else text


def _written_out(token: re.Match[str]) -> str:
    target, _, label = token.group(1).partition("|")
    if target.startswith("#"):
        return f"#{label or target[1:]}"
    if target.startswith("!"):
        return label or f"@{target[1:].partition('^')[0]}"
    if target.startswith("@"):
        return f"@{label or target[1:]}"
    return f"{label} {target}" if label and label != target else target


BLOCKS = frozenset(
    {"p", "div", "li", "tr", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "pre", "ul", "ol", "table", "codeblock"}
)
BREAKS = frozenset({"br", "hr"})
CELLS = frozenset({"td", "th"})
MARKS = MappingProxyType({"code": "`", "pre": "```", "codeblock": "```"})
"""How people mark code in plain text, by its element."""
PICTURED = ("emoji", "smiley")
NAMING = ("mention", "hashtag")
"""Classes of pictures that are words, and of links that name somebody or a tag."""
QUOTED = "quote"
"""No element of HTML: Skype writes into it what somebody else said, and by whom."""


class _Reading:
    """What is read of tags and words: blocks on lines of their own, links with their addresses, code marked as such."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self._link: tuple[str, int] | None = None
        self._code: list[str] = []
        self._open = Counter[str]()
        self._quotes: list[tuple[int, int]] = []

    def open(self, opening: Opening) -> None:
        """Go into an element."""
        tag = opening.tag
        if tag == QUOTED:
            self._quotes.append((len(self.parts), len(self._code)))
        if tag in BLOCKS or tag in BREAKS:
            self.parts.append("\n")
        if tag == "a":
            self._end_link()
            self._link = _address(opening.attributes), len(self.parts)
        elif tag in MARKS:
            if not self._code:
                self.parts.append(MARKS[tag])
            self._code.append(tag)
            self._open[tag] += 1
        elif tag in ("emoji", "img"):
            given = opening.attributes
            if tag == "emoji" or any(each in given.get("class", "") for each in PICTURED):
                self.parts.append(given.get("alt", ""))

    def close(self, tag: str) -> None:
        """Come out of an element."""
        if tag == "a":
            self._end_link()
        elif tag == QUOTED and self._quotes:
            self._end_quote()
        elif self._open[tag]:
            self._end_code(tag)
        if tag in BLOCKS:
            self.parts.append("\n")
        elif tag in CELLS:
            self.parts.append(" ")

    def _end_quote(self) -> None:
        """Forget what was quoted."""
        start, depth = self._quotes.pop()
        del self.parts[start:]
        while len(self._code) > depth:
            self._open[self._code.pop()] -= 1
        self._link = None

    def _end_code(self, tag: str) -> None:
        """Mark the end of code once, however it is nested."""
        outermost, ended = self._code[0], ""
        while ended != tag:
            ended = self._code.pop()
            self._open[ended] -= 1
        if not self._code:
            self.parts.append(MARKS[outermost])

    def _end_link(self) -> None:
        """Write where a link leads behind what it says, unless it says so itself; in HTML none is in another."""
        address, start = self._link or ("", 0)
        self._link = None
        said = "".join(self.parts[start:]) if address else ""
        if address and address.rstrip("/") not in said:
            self.parts.append(address if said[-1:].isspace() else f" {address}")


def _address(given: Mapping[str, str]) -> str:
    """Return where a link leads, if that is another page, and not somebody's or a tag's."""
    address = given.get("href", "").strip()
    leads = WEB.match(address) and len(address) <= LONGEST_ADDRESS and not any(each in given.get("class", "") for each in NAMING)
    return address.rstrip("?") if leads else ""


def from_html(cooked: str) -> str:
    """Return the text of rendered HTML without its tags; a link is followed by its address."""
    reading = _Reading()
    for token in tokens(cooked):
        match token:
            case Words(text):
                reading.parts.append(text)
            case Opening():
                reading.open(token)
            case Closing(tag):
                reading.close(tag)
            case _:
                assert_never(token)
    return BLANK_LINES.sub("\n", "".join(reading.parts)).strip()
