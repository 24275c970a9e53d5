"""Questions are seen, and text is what people wrote."""

from __future__ import annotations

import pytest

from services.ingest.domain.text import asks, from_html, from_mrkdwn


@pytest.mark.parametrize(
    "text", ["How?", "oh ?", "なぜ\uff1f", "لماذا؟", "see https://a.example/a?", "(<https://a.example/x>?)", "what?!"]
)
def test_a_question_mark_asks(text: str) -> None:
    assert asks(text)


@pytest.mark.parametrize(
    "text",
    ["", "Done.", "see https://a.example/search?q=1 there", "run `ls ?` now", "```a ? b : c```", "<https://a.example/?x=1|doc>"],
)
def test_a_question_mark_in_code_or_an_address_asks_nothing(text: str) -> None:
    assert not asks(text)


@pytest.mark.parametrize(
    ("mrkdwn", "text"),
    [
        ("a &lt;b&gt; &amp; c", "a <b> & c"),
        ("see <https://a.example/x?y=1&amp;z=2>", "see https://a.example/x?y=1&z=2"),
        ("see <https://a.example|the docs>", "see the docs https://a.example"),
        ("<@U123> in <#C1|general> and <#C2>", "@U123 in #general and #C2"),
        ("<!here> <!subteam^S1|@team> <!date^1>", "@here @team @date"),
        ("2 < 3", "2 < 3"),
    ],
)
def test_mrkdwn_is_written_out(mrkdwn: str, text: str) -> None:
    assert from_mrkdwn(mrkdwn) == text


def test_html_loses_its_tags_and_keeps_its_lines() -> None:
    assert from_html("<p>One &amp; <b>two</b></p>\n<ul><li>three</li></ul>") == "One & two\nthree"
