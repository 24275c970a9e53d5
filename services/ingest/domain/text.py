"""Text as people wrote it, out of what platforms make of it."""

from __future__ import annotations

import html
import re
from html.parser import HTMLParser
from types import MappingProxyType

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
BLANK_LINES = re.compile(r"[ \t]*\n(?:[ \t\r]*\n)*")
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
    """Collect what is read between tags: blocks on lines of their own, links with their addresses, code marked as such."""

    BLOCKS = frozenset(
        {"p", "div", "li", "tr", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "pre", "ul", "ol", "table", "codeblock"}
    )
    BREAKS = frozenset({"br", "hr"})
    CELLS = frozenset({"td", "th"})
    UNREAD = frozenset({"script", "style"})
    CODE = MappingProxyType({"code": "`", "pre": "```", "codeblock": "```"})
    PICTURED = ("emoji", "smiley")
    NAMING = ("mention", "hashtag")

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._links: list[tuple[str, int]] = []
        self._unread = 0
        self._code: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag in self.BLOCKS or tag in self.BREAKS:
            self.parts.append("\n")
        if tag == "a":
            self._links.append((_address(given, self.NAMING), len(self.parts)))
        elif tag in self.UNREAD:
            self._unread += 1
        elif tag in self.CODE:
            self._begin_code(tag)
        elif tag == "emoji" or (tag == "img" and any(each in given.get("class", "") for each in self.PICTURED)):
            self.parts.append(given.get("alt", ""))

    def handle_endtag(self, tag: str) -> None:
        if tag == "a" and self._links:
            self._name_address(*self._links.pop())
        elif tag in self.UNREAD:
            self._unread = max(self._unread - 1, 0)
        elif tag in self._code:
            self._end_code(tag)
        if tag in self.BLOCKS:
            self.parts.append("\n")
        elif tag in self.CELLS:
            self.parts.append(" ")

    def handle_data(self, data: str) -> None:
        if not self._unread:
            self.parts.append(data)

    def _begin_code(self, tag: str) -> None:
        """Mark code as people write it in plain text: once, however it is nested."""
        if not self._code:
            self.parts.append(self.CODE[tag])
        self._code.append(tag)

    def _end_code(self, tag: str) -> None:
        outermost = self._code[0]
        while self._code.pop() != tag:
            continue
        if not self._code:
            self.parts.append(self.CODE[outermost])

    def _name_address(self, address: str, start: int) -> None:
        """Write where a link leads behind what it says, unless it says so itself."""
        said = "".join(self.parts[start:])
        if address and address.rstrip("/") not in said:
            self.parts.append(address if said[-1:].isspace() else f" {address}")


def _address(given: dict[str, str], naming: tuple[str, ...]) -> str:
    """Return where a link leads, if that is another page, and not somebody's or a tag's."""
    address = given.get("href", "").strip()
    leads = WEB.match(address) and len(address) <= LONGEST_ADDRESS and not any(each in given.get("class", "") for each in naming)
    return address.rstrip("?") if leads else ""


def from_html(cooked: str) -> str:
    """Return the text of rendered HTML without its tags; a link is followed by its address."""
    words = _Words()
    words.feed(cooked)
    words.close()
    return BLANK_LINES.sub("\n", "".join(words.parts)).strip()
