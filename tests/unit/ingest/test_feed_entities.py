"""Characters that feeds call by HTML's names without declaring them: read, and nothing else let in with them."""

from __future__ import annotations

from html import unescape
from pathlib import Path
from time import process_time
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingest.connectors.feeds import document
from services.ingest.connectors.feeds.document import is_xml, parsed
from services.ingest.connectors.feeds.entities import spelt
from services.ingest.connectors.websub.deliveries import delivered
from services.ingest.verifiers import Message
from shared.xapi.guard import Limits, Malformed
from shared.xapi.model import JSON

BOMB = "<!DOCTYPE rss [<!ENTITY e0 'a&nbsp;'>" + "".join(f"<!ENTITY e{n + 1} '{f'&e{n};' * 60}'>" for n in range(4)) + "]>"


def feed(title: str, doctype: str = "", *more: str) -> bytes:
    item = f"<item><guid>https://b.example/1</guid><title>{title}</title>{''.join(more)}</item>"
    return f'<?xml version="1.0"?>{doctype}<rss version="2.0"><channel>{item}</channel></rss>'.encode()


def first(found: JSON) -> Any:
    assert isinstance(found, dict)
    entries: Any = found["entries"]
    return entries[0]


@pytest.mark.parametrize(
    ("written", "title"),
    [
        ("Caf&eacute;&nbsp;&amp;&nbsp;R&amp;D&hellip;", "Caf\u00e9\u00a0&\u00a0R&D\u2026"),
        ("1 &LT; 2 &AMP;amp; 3 &lt;b&gt;x&lt;/b&gt;", "1 < 2 & 3 x"),
        ("<![CDATA[Caf&eacute; <b>x</b>]]>", "Caf\u00e9 x"),
        ("<!-- &eacute; -->a", "a"),
    ],
)
def test_characters_that_html_names_are_read_at_the_door_and_when_asked_for(written: str, title: str) -> None:
    body = feed(written)

    assert first(delivered(Message({}, body), Limits()))["title"] == title
    assert parsed(body, "") == delivered(Message({}, body), Limits())


def test_they_may_stand_in_attributes() -> None:
    body = feed("a", "", '<enclosure url="https://b.example/caf&eacute;.mp3" type="audio/mpeg"/>')

    assert first(parsed(body, ""))["enclosures"] == ["https://b.example/caf\u00e9.mp3"]
    assert is_xml(body)


def test_what_a_feed_declares_itself_is_what_it_says() -> None:
    body = feed("&copy; caf&eacute;", '<!DOCTYPE rss [<!ENTITY copy "Acme">]>')

    assert first(delivered(Message({}, body), Limits()))["title"] == "Acme caf\u00e9"


def test_a_large_feed_is_read_in_spite_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    body = feed("caf&eacute;", "", f"<description>{'a&nbsp;' * 20}</description>")
    monkeypatch.setattr(document, "LARGEST_BROKEN", len(body) - 1)

    assert first(parsed(body, ""))["title"] == "caf\u00e9"
    assert parsed(feed("caf&nobody;" + "a" * 200), "") is None


@pytest.mark.parametrize(
    "body",
    [
        feed("&nobody;"),
        feed("AT&T&nbsp;"),
        feed("&nbsp"),
        feed("&e4;&nbsp;", BOMB),
    ],
)
def test_what_else_is_no_xml_stays_none(body: bytes) -> None:
    assert not is_xml(body)
    with pytest.raises(Malformed):
        delivered(Message({}, body), Limits())


def test_what_stands_elsewhere_is_never_read(tmp_path: Path) -> None:
    (tmp_path / "there").write_text("secret")
    where = (tmp_path / "there").as_uri()
    outside = feed("a&there;b&nbsp;c", f'<!DOCTYPE rss SYSTEM "{where}" [<!ENTITY there SYSTEM "{where}">]>')

    assert first(delivered(Message({}, outside), Limits()))["title"] == "ab\u00a0c"


@given(
    st.lists(st.sampled_from(["caf&eacute;", "&nbsp;", "&amp;", "&lt;", "&#233;", "a", "&fjlig;", "&NotEqualTilde;", "\u6c34"]))
)
def test_the_words_stay_those_that_html_would_read(words: list[str]) -> None:
    text = "".join(words)

    read = ET.fromstring(spelt(f"<a>{text}</a>".encode())).text or ""  # noqa: S314  it is the test's own

    assert read == unescape(text)


@given(st.lists(st.sampled_from(["<![CDATA[", "]]>", "<!--", "-->", "<?", "?>", "&eacute;", "&amp;", "<a>", "</a>", "\x1b"])))
def test_whatever_comes_is_written_so_that_once_is_twice(pieces: list[str]) -> None:
    once = spelt("".join(pieces).encode())

    assert spelt(once) == once


@pytest.mark.parametrize(
    "endless", [b"<![CDATA[", b"<!--", b"<?", b"&", b"&a", b"<!ENTITY ", b"<!ENTITY" + b" " * 1000, b"&nGt;"]
)
def test_what_never_ends_takes_no_time(endless: bytes) -> None:
    began = process_time()

    spelt(endless * (1_000_000 // len(endless)) + b"&")

    assert process_time() - began < 5
