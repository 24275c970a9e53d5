"""Posts of X that were deleted or edited since."""

from __future__ import annotations

import pytest

from tests.support.ingest import Ear, acts
from tests.support.profile import faults
from tests.support.x import ASKED, delivery, reply, tweet
from tests.unit.ingest.test_x import SECOND, activity, heard


async def test_a_post_that_was_deleted_is_told_only_if_it_had_been_heard() -> None:
    ear = Ear()
    gone = {"status": {"id": ASKED["id_str"], "user_id": "11"}, "timestamp_ms": "1772453280000"}
    unheard = {"status": {"id": "1234567890123456789", "user_id": "99"}, "timestamp_ms": "1772453280000"}

    await ear.hear(delivery(tweet_delete_events=[gone, unheard]), delivery(tweet_create_events=[ASKED]))

    assert [(actor, verb) for actor, verb, _ in acts(ear.statements())] == [("11", "asked"), ("11", "delete")]
    assert [each.redacts for each in ear.received() if each.redacts] == [(f"https://x.com/i/status/{ASKED['id_str']}",)]


async def test_a_post_that_was_edited_is_no_second_post_and_goes_by_the_name_of_any_version() -> None:
    edited = {**tweet(11, "How do I restart a broker?", "12:09:00"), "edit_history": {"initial_tweet_id": ASKED["id_str"]}}
    gone = {"status": {"id": edited["id_str"], "user_id": "11"}, "timestamp_ms": "1772453400000"}
    ear = Ear()

    await ear.hear(
        delivery(tweet_create_events=[ASKED]), delivery(tweet_create_events=[edited]), delivery(tweet_delete_events=[gone])
    )

    asked = f"x.com/i/status/{ASKED['id_str']}"
    assert acts(ear.statements()) == [("11", verb, asked) for verb in ("asked", "delete", "edited")]
    assert [each.redacts for each in ear.received() if each.redacts] == [(f"https://{asked}",)]


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
async def test_who_replies_to_a_newer_version_of_a_question_answers_the_question(order: tuple[int, ...]) -> None:
    edited = {**tweet(11, "How do I restart a broker?", "12:09:00"), "edit_history": {"initial_tweet_id": ASKED["id_str"]}}
    said = [ASKED, edited, reply(12, "Drain it first.", "12:10:00", edited)]
    ear = Ear()

    await ear.hear(*(delivery(tweet_create_events=[said[each]]) for each in order))

    (answer,) = [each for each in ear.statements() if each["verb"]["id"].endswith("/answered")]
    assert [each["id"] for each in answer["context"]["contextActivities"]["parent"]] == [
        f"https://x.com/i/status/{ASKED['id_str']}"
    ]
    assert faults(answer) == []


def test_both_versions_of_the_interface_tell_the_same_edit() -> None:
    first, second = ASKED["id_str"], tweet(11, "How do I?", "12:09:00")
    older = heard(delivery(tweet_create_events=[{**second, "edit_history": {"initial_tweet_id": first, "edit_tweet_ids": []}}]))

    newer = {"id": second["id_str"], "author_id": "11", "text": "How do I?", "edit_history_tweet_ids": [first, second["id_str"]]}

    assert heard(activity("post.create", newer)) == older


@pytest.mark.parametrize(
    ("more", "happened"), [({"timestamp_ms": "1772453280000"}, "2026-03-02T12:08:00.000Z"), ({}, "2026-03-02T12:00:00.000Z")]
)
async def test_the_activity_api_names_what_is_deleted_and_tells_no_time_of_it(more: dict[str, str], happened: str) -> None:
    author = {"data": {"id": "11", "protected": False}}
    gone = activity("post.delete", {"id": SECOND["id"], "author_id": "11"}, includes={"users": [author]}, **more)
    ear = Ear()

    await ear.hear(activity("post.create", SECOND), gone)

    assert [each.redacts for each in ear.received() if each.redacts] == [(f"https://x.com/i/status/{SECOND['id']}",)]
    assert [each["timestamp"] for each in ear.statements() if each["verb"]["id"].endswith("/delete")] == [happened]
