"""What is taken back, hidden or moved in Discourse, and what is recovered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import orjson
import pytest

from services.ingest.domain.interaction import ChannelId, Kind
from services.ingest.domain.reading import Reason
from tests.support.discourse import DISCOURSE, discourse, discourse_topic
from tests.support.ingest import Ear
from tests.unit.ingest.test_discourse import AT, LATER, heard, of_source, post


@pytest.mark.parametrize(
    ("deleted_by", "actor", "kind"),
    [
        (None, "11", Kind.DELETE),
        ({"id": 11, "username": "user11"}, "11", Kind.DELETE),
        ({"id": 2, "username": "moderator"}, "2", Kind.REMOVE),
        ({"id": -1, "username": "system"}, "11", Kind.DELETE),
    ],
)
def test_a_post_is_deleted_by_its_author_or_removed_by_another(
    deleted_by: Mapping[str, Any] | None, actor: str, kind: Kind
) -> None:
    destroyed = post(2, deleted_at=LATER, deleted_by=deleted_by)

    (interaction,) = heard("post", "post_destroyed", destroyed).decided

    assert (interaction.actor, interaction.kind, interaction.happened) == (actor, kind, LATER)


@pytest.mark.parametrize(("key", "event"), [("post", "post_recovered"), ("topic", "topic_recovered")])
def test_what_is_recovered_is_told(key: str, event: str) -> None:
    subject = post(2) if key == "post" else discourse_topic(11, 57, AT)

    assert [each.kind for each in heard(key, event, subject).decided] == [Kind.RESTORE]


@pytest.mark.parametrize(
    ("recovered", "happened"),
    [(post(2, version=3, updated_at=LATER), LATER), (post(2), AT)],
    ids=["by its author, which changes it", "by the staff, which leaves no time"],
)
async def test_what_is_recovered_is_told_at_the_latest_time_that_every_delivery_of_it_names(
    recovered: Mapping[str, Any], happened: str
) -> None:
    made, gone = discourse("post", "post_created", post(2)), discourse("post", "post_destroyed", post(2, deleted_at=LATER))
    back = discourse("post", "post_recovered", recovered)
    retried = replace(back, headers={**back.headers, "x-discourse-event-id": "8"})
    tellings = []

    for order in ((made, gone, back, retried), (retried, gone, made), (back, made, gone, back)):
        ear = Ear()
        await ear.hear(*order)
        tellings.append(ear.told())

    assert all(each == tellings[0] for each in tellings)
    restored = [orjson.loads(body) for _, body in tellings[0]]
    assert [each["timestamp"] for each in restored if each["verb"]["id"].endswith("edited")] == [happened]


@pytest.mark.parametrize(
    ("key", "event", "subject"),
    [
        ("post", "post_destroyed", post(user_id=None, username=None, deleted_at=LATER)),
        ("topic", "topic_destroyed", discourse_topic(11, 57, AT, user_id=None, created_by=None, deleted_at=LATER)),
    ],
)
async def test_what_is_destroyed_of_somebody_who_is_gone_is_told_of_who_is_known_to_have_written_it(
    key: str, event: str, subject: Mapping[str, Any]
) -> None:
    ear = Ear()

    await ear.hear(discourse("post", "post_created", post()), discourse(key, event, subject))

    deleted = ear.statements()[-1]
    assert (deleted["verb"]["id"].rpartition("/")[2], deleted["actor"]["account"]["name"]) == ("delete", "11")
    assert ear.received()[-1].redacts == (f"{DISCOURSE.workspace}/t/57",)


async def test_what_its_author_deleted_is_deleted_once_though_discourse_puts_it_away_a_day_later() -> None:
    stub = post(2, "(post deleted by author)", user_deleted=True, version=2, updated_at=LATER)
    put_away = {**stub, "deleted_at": "2026-03-03T12:31:00.000Z", "deleted_by": {"id": -1, "username": "system"}}
    ear = Ear()

    await ear.hear(*(discourse("post", "post_destroyed", each) for each in (stub, put_away)))

    assert len(ear.told()) == 1
    assert ear.statements()[0]["timestamp"] == LATER
    assert heard("post", "post_edited", stub).ignored == (Reason.TOLD_ALREADY,)


@pytest.mark.parametrize(
    ("key", "event", "subject", "reason"),
    [
        ("topic", "topic_edited", discourse_topic(11, 57, AT, category_id=9), Reason.PRIVATE_CHANNEL),
        ("post", "post_edited", post(category_id=9, version=2, updated_at=LATER), Reason.PRIVATE_CHANNEL),
        ("topic", "topic_edited", discourse_topic(11, 57, AT, archetype="private_message"), Reason.DIRECT_MESSAGE),
        ("post", "post_edited", post(hidden=True, version=2, updated_at=LATER), Reason.GONE),
    ],
)
async def test_what_is_moved_out_of_sight_or_hidden_is_redacted_if_it_was_heard(
    key: str, event: str, subject: Mapping[str, Any], reason: Reason
) -> None:
    source, ear = replace(DISCOURSE, closed=frozenset({ChannelId("9")})), Ear()
    unheard = of_source(source, key, event, subject)

    await ear.hear(discourse("post", "post_created", post(), source), discourse(key, event, subject, source))

    assert ear.received()[-1].redacts == (f"{DISCOURSE.workspace}/t/57",)
    assert "response" not in ear.statements()[-1].get("result", {})
    assert (unheard.ignored, unheard.decided) == ((reason,), ())


def test_a_post_that_is_hidden_from_the_beginning_is_not_heard() -> None:
    assert heard("post", "post_created", post(hidden=True)).ignored == (Reason.GONE,)
