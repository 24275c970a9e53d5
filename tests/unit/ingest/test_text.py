"""Questions are seen, and text is what people wrote."""

from __future__ import annotations

from time import process_time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.ingest.domain.text import asks, from_html, from_mrkdwn

FRAGMENTS = [
    *("<", ">", "<!", "<![", "<![x[", "<!--", "-->", "<!-->", "<?", "</", "</a>", "<a ", "<a>", "<a href=https://a.example>"),
    *(
        "<script>",
        "</script>",
        "<pre>",
        "</pre>",
        "<code>",
        "<br",
        "<br>",
        "&",
        "&#",
        "&#xD800;",
        "&#99999999999999999999;",
        "&amp;",
    ),
    *('"', "'", "=", ";", "\0", "x"),
]
LONG = 100_000
PATIENCE = 2.0


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


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("one<br>two<br/>three<hr>four", "one\ntwo\nthree\nfour"),
        ("before<p>a block</p>after", "before\na block\nafter"),
        ("<p>a</p>\n \n<p>b</p>", "a\nb"),
        ("<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>", "a b\nc"),
        ("<style>p { }</style>a<script>b?</script>c", "ac"),
        ('<img class="emoji" alt=":smile:"><emoji alt="🙂"></emoji><img alt="a picture">', ":smile:🙂"),
    ],
)
def test_what_stood_apart_stands_apart_and_what_was_not_read_is_none(html: str, text: str) -> None:
    assert from_html(html) == text


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ('see <a href="https://a.example/b?x=1&amp;y=2">the <b>course</b></a>!', "see the course https://a.example/b?x=1&y=2!"),
        ('<a href="https://a.example/b/"><i>https://</i>a.example/b</a>', "https://a.example/b"),
        ('<a href="https://m.example/@bob" class="u-url mention">@bob</a>', "@bob"),
        ('<a class="hashtag" href="https://m.example/tags/x">#x</a>', "#x"),
        ('<a href="/here">here</a> <a href="mailto:a@b.org">mail</a> <a>nowhere</a></a>', "here mail nowhere"),
        ('<a href="https://a.example/?">what</a>', "what https://a.example/"),
        (
            '<a href="https://a.example/">one <a href="https://b.example/">two</a></a>',
            "one https://a.example/two https://b.example/",
        ),
    ],
)
def test_a_link_is_followed_by_its_address(html: str, text: str) -> None:
    assert from_html(html) == text


LEGACY = "<legacyquote>[1] Bea: </legacyquote>"


@pytest.mark.parametrize(
    ("html", "text"),
    [
        (f'<quote author="live:bea" authorname="Bea">{LEGACY}How do I <b>restart</b>?</quote>Drain it.', "Drain it."),
        ("<quote>How?<quote>Where?</quote>When?</quote>Drain it.", "Drain it."),
        ('Drain <quote><a href="https://a.example/">what?<code>x</quote>it &amp; stop <code>it</code>.', "Drain it & stop `it`."),
        ("never ended: <quote>Drain it.", "never ended: Drain it."),
        ("never begun</quote>: Drain it.", "never begun: Drain it."),
    ],
)
def test_what_somebody_else_said_is_no_word_of_who_quotes_it(html: str, text: str) -> None:
    assert from_html(html) == text
    assert not asks(text)


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("run <code>ls ?</code> now", "run `ls ?` now"),
        ("<pre><code>a ? b\n  c</code></pre>", "```a ? b\n  c```"),
        ("<codeblock><code>a<br>b ?? c</code></codeblock>", "```a\nb ?? c```"),
        ("<pre>a<pre>b</pre></pre></code>c", "```a\nb\n```\nc"),
    ],
)
def test_code_is_marked_and_asks_nothing(html: str, text: str) -> None:
    assert from_html(html) == text
    assert not asks(text)


@settings(max_examples=300)
@given(st.lists(st.sampled_from(FRAGMENTS), max_size=12).map("".join))
def test_whatever_stands_in_html_is_read_and_is_text_that_can_be_stored(html: str) -> None:
    assert from_html(html).encode() is not None


@pytest.mark.parametrize(
    "fragment",
    [
        *(*FRAGMENTS, "<!--x", '<a href="', "<a <", '="', "<p title='", " ", "&#9", "&a", "<pre>", "``"),
        *("<" + "a" * 3100 + ">", "<code></pre>", "<a href='https://a.example/'>a"),
    ],
)
def test_html_that_never_ends_takes_no_time(fragment: str) -> None:
    html = (fragment * LONG)[:LONG]

    began = process_time()
    from_html(html)

    assert process_time() - began < PATIENCE


def test_html_loses_its_tags_and_keeps_its_lines() -> None:
    assert from_html("<p>One &amp; <b>two</b></p>\n<ul><li>three</li></ul>") == "One & two\nthree"
