"""Where a platform deletes with a comment what was said below it, and tells of nothing else, that is redacted, too."""

from __future__ import annotations

from itertools import permutations

import pytest

from tests.support.confluence import FILE, HOME, confluence, content, upon
from tests.support.facebook import ANSWER, ASKED, DEEPER, delivery, seconds, value
from tests.support.ingest import Ear, Sent
from tests.support.openedx import OPENEDX, began, forum, responded, sent

COMMENTS = f"{OPENEDX.workspace}/api/discussion/v1/comments"
BELOW = {"discussion": {"id": "a1"}, "response": {"id": "b1"}}
THREAD = sent(began(11, "12:00:00", "a1", "How do I restart the broker?"))
RESPONSE = sent(responded(12, "12:05:00", "b1", "a1", "Drain it first."))
COMMENT = sent(forum("comment.created", 11, "12:06:00", "b2", **BELOW, body="Thanks!"))
OTHER = sent(responded(13, "12:07:00", "b3", "a1", "Pull the plug."))
GONE = sent(forum("response.deleted", 12, "12:20:00", "b1", own_content=True, content_type="Response", body="Drain it first."))


def removed(comment: str, verb: str = "remove", at: str = "12:09:00") -> Sent:
    """Return that a comment upon a post of a page was removed, or hidden."""
    gone = {"item": "comment", "verb": verb, "comment_id": comment, "post_id": "900_1", "created_time": seconds(at)}
    return delivery(gone, at=at)


def redacted(ear: Ear) -> set[str]:
    return {iri for each in ear.received() for iri in each.redacts}


@pytest.mark.parametrize("order", list(permutations((THREAD, RESPONSE, COMMENT, OTHER, GONE))))
async def test_a_response_takes_its_comments_along_in_whichever_order_that_is_heard(order: tuple[Sent, ...]) -> None:
    ear = Ear()

    await ear.hear(*order, *order[:2])

    assert redacted(ear) == {f"{COMMENTS}/b1", f"{COMMENTS}/b2"}


@pytest.mark.parametrize("anonymous", ["anonymous", "anonymous_to_peers"])
async def test_a_response_that_is_anonymous_takes_its_comments_along(anonymous: str) -> None:
    ear = Ear()
    hidden = sent(responded(12, "12:05:00", "b1", "a1", "Drain it first.", **{anonymous: True}))

    await ear.hear(THREAD, hidden, COMMENT, OTHER, GONE)

    assert redacted(ear) == {f"{COMMENTS}/b2"}


ADDED = [delivery(each) for each in (ASKED, ANSWER, DEEPER)]


@pytest.mark.parametrize("verb", ["remove", "hide"])
@pytest.mark.parametrize("order", list(permutations(range(4))))
async def test_a_comment_upon_a_page_takes_the_replies_to_it_along_in_whichever_order_that_is_heard(
    order: tuple[int, ...], verb: str
) -> None:
    ear, script = Ear(), [*ADDED, removed("1_2", verb)]
    other = delivery(value("comment", "add", 13, "12:03:00", comment_id="1_9", parent_id="900_1", message="Why?"))

    await ear.hear(*(script[at] for at in order), other, script[order[0]])

    assert redacted(ear) == {"https://www.facebook.com/1_2", "https://www.facebook.com/1_3"}


@pytest.mark.parametrize("order", list(permutations(range(3))))
async def test_a_comment_takes_along_what_is_further_below(order: tuple[int, ...]) -> None:
    ear = Ear()
    deepest = delivery(value("comment", "add", 13, "12:04:00", comment_id="1_4", parent_id="1_3", message="You too."))
    script = [ADDED[2], deepest, removed("1_2")]

    await ear.hear(*ADDED[:2], *(script[at] for at in order))

    assert redacted(ear) == {f"https://www.facebook.com/1_{name}" for name in (2, 3, 4)}


@pytest.mark.parametrize("order", list(permutations(range(2))))
async def test_a_reply_that_was_heard_only_when_it_was_edited_goes_with_what_it_is_upon(order: tuple[int, ...]) -> None:
    ear = Ear()
    script = [delivery({**DEEPER, "verb": "edited", "message": "Thanks a lot!"}, at="12:08:00"), removed("1_2")]

    await ear.hear(*ADDED[:2], *(script[at] for at in order))

    assert redacted(ear) == {"https://www.facebook.com/1_2", "https://www.facebook.com/1_3"}


async def test_what_is_replied_to_a_comment_after_it_was_hidden_stays() -> None:
    ear, later = Ear(), value("comment", "add", 11, "12:30:00", comment_id="1_3", parent_id="1_2", message="Thanks!")

    await ear.hear(*ADDED[:2], removed("1_2", "hide"), delivery(later, at="12:30:00"), removed("1_2", "hide"))

    assert redacted(ear) == {"https://www.facebook.com/1_2"}


@pytest.mark.parametrize("order", list(permutations(range(3))))
async def test_a_page_of_confluence_takes_along_what_is_said_upon_its_files(order: tuple[int, ...]) -> None:
    ear, remark = Ear(), content("comment", 303, "bea", "12:35:00", **upon("attachment", 400))
    script = [
        confluence("attachment_created", 400, "cy", "12:30:01", FILE),
        confluence("comment_created", 303, "bea", "12:35:01", remark),
        confluence("page_trashed", 100, "bea", "12:51:00"),
    ]

    await ear.hear(*(script[at] for at in order))

    file = f"{HOME}/pages/viewattachments.action?attachmentId=400"
    assert redacted(ear) == {file, f"{HOME}/pages/viewpage.action?focusedCommentId=303"}
