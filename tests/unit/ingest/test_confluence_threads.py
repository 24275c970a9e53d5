"""Confluence shows no comment and no file of a page that is in the trash, and tells of none of them: they go with it."""

from __future__ import annotations

from itertools import permutations

import pytest

from tests.support.confluence import ANSWER, BLOG, FILE, HOME, PAGE, REMARK, confluence, content, upon
from tests.support.ingest import Ear, Sent

MADE = confluence("page_created", 100, "ann", "12:00:01", PAGE)
REMARKED = confluence("comment_created", 300, "bea", "12:20:01", REMARK)
ANSWERED = confluence("comment_created", 301, "ann", "12:25:01", ANSWER)
CHANGED = confluence("comment_updated", 300, "bea", "12:41:00", REMARK)
TRASHED = confluence("page_trashed", 100, "bea", "12:51:00")
ADDRESSES = {
    f"{HOME}/pages/viewpage.action?pageId=100",
    *(f"{HOME}/pages/viewpage.action?focusedCommentId={name}" for name in (300, 301)),
}


def redacted(ear: Ear) -> set[str]:
    return {iri for each in ear.received() for iri in each.redacts}


@pytest.mark.parametrize("order", list(permutations((MADE, REMARKED, ANSWERED, TRASHED))))
async def test_a_page_that_is_trashed_takes_its_comments_along_in_whichever_order_that_is_heard(order: tuple[Sent, ...]) -> None:
    ear = Ear()

    await ear.hear(*order, *order)

    assert redacted(ear) == ADDRESSES


async def test_a_post_that_is_trashed_takes_its_comments_along_and_no_others() -> None:
    ear = Ear()
    remarked = confluence(
        "comment_created", 302, "ann", "12:20:01", content("comment", 302, "ann", "12:20:00", **upon("blogpost", 200))
    )

    await ear.hear(confluence("blog_created", 200, "bea", "12:10:01", BLOG), remarked, MADE, REMARKED)
    await ear.hear(confluence("blog_trashed", 200, "bea", "12:50:00"))

    pages = f"{HOME}/pages/viewpage.action"
    assert redacted(ear) == {f"{pages}?pageId=200", f"{pages}?focusedCommentId=302"}


@pytest.mark.parametrize("order", list(permutations((CHANGED, TRASHED))))
async def test_a_comment_that_was_heard_only_when_it_was_changed_goes_too(order: tuple[Sent, ...]) -> None:
    ear = Ear()

    await ear.hear(*order)

    assert f"{HOME}/pages/viewpage.action?focusedCommentId=300" in redacted(ear)


async def test_a_file_goes_with_its_page_and_the_comments_upon_it_with_the_file() -> None:
    ear = Ear()
    remarked = content("comment", 303, "bea", "12:35:00", **upon("attachment", 400))

    await ear.hear(confluence("attachment_created", 400, "cy", "12:30:01", FILE))
    await ear.hear(confluence("comment_created", 303, "bea", "12:35:01", remarked))
    await ear.hear(confluence("attachment_removed", 400, "cy", "12:40:00"), TRASHED)

    assert f"{HOME}/pages/viewattachments.action?attachmentId=400" in redacted(ear)
    assert f"{HOME}/pages/viewpage.action?focusedCommentId=303" in redacted(ear)


@pytest.mark.parametrize("order", list(permutations((TRASHED, confluence("page_restored", 100, "bea", "12:52:00", PAGE)))))
async def test_what_is_said_upon_a_page_after_it_was_restored_stays(order: tuple[Sent, ...]) -> None:
    ear = Ear()
    later = content("comment", 304, "cy", "12:55:00", **upon("page", 100))

    await ear.hear(MADE, REMARKED, *order, confluence("comment_created", 304, "cy", "12:55:01", later), TRASHED)

    assert redacted(ear) == ADDRESSES - {f"{HOME}/pages/viewpage.action?focusedCommentId=301"}
