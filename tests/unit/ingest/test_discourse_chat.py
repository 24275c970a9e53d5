"""What the chat of Discourse means."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from services.ingest.connectors.discourse.events import read
from services.ingest.domain.interaction import ChannelId, Kind
from services.ingest.domain.mapping import statement_of
from services.ingest.domain.reading import Delivery, Reading, Reason, Rule
from services.ingest.domain.source import Keeps, Policy
from tests.support.asides import discourse_chat
from tests.support.discourse import DISCOURSE
from tests.support.profile import faults
from tests.unit.ingest.test_discourse import LATER


def chatted(event: str, said: str = "It hangs.", policy: Policy | None = None, **more: Any) -> Reading:
    sent = discourse_chat(f"chat_message_{event}", 11, 31, said, **more)
    return read(replace(DISCOURSE, policy=policy) if policy else DISCOURSE, Delivery(sent.headers, sent.document))


DIRECT: dict[str, Any] = {"channel": {"id": 4, "chatable_type": "DirectMessage", "chatable_id": 8}}
SAID = "https://forum.acme.example/chat/c/-/3/31"


@pytest.mark.parametrize(("said", "kind"), [("Who knows?", Kind.ASK), ("I do.", Kind.POST)])
def test_a_message_of_the_chat_asks_or_posts(said: str, kind: Kind) -> None:
    (interaction,) = chatted("created", said).decided

    assert (interaction.kind, interaction.artefact.iri, interaction.text) == (kind, SAID, said)
    assert faults(statement_of(interaction, DISCOURSE)) == []


def test_a_reply_in_the_chat_waits_for_what_it_replies_to() -> None:
    (undecided,) = chatted("created", in_reply_to={"id": 30}).undecided

    assert (undecided.rule, undecided.target) == (Rule.REPLY, "chat/30")


def test_the_chat_tells_whom_a_message_mentions() -> None:
    people = [{"id": 11, "username": "user11"}, {"id": 13, "username": "user13"}, {"id": -2, "username": "discobot"}]

    _, *mentions = chatted("created", mentioned_users=people).decided

    assert [(each.kind, each.person) for each in mentions] == [(Kind.MENTION, "13")]
    assert [faults(statement_of(each, DISCOURSE)) for each in mentions] == [[]]


def test_two_edits_of_a_message_of_the_chat_are_two_and_one_that_comes_again_is_one() -> None:
    revisions = [chatted("edited", said).decided[0].revision for said in ("It hung.", "It hung!", "It hung.")]

    assert len(set(revisions)) == 2
    assert revisions[0] == revisions[2]


def test_a_message_of_the_chat_is_trashed_by_its_author_or_removed_by_another_and_restored() -> None:
    (deleted,) = chatted("trashed", deleted_at=LATER, deleted_by_id=11).decided
    (removed,) = chatted("trashed", deleted_at=LATER, deleted_by_id=2).decided
    (restored,) = chatted("restored").decided

    assert [(each.kind, each.actor) for each in (deleted, removed, restored)] == [
        (Kind.DELETE, "11"), (Kind.REMOVE, "2"), (Kind.RESTORE, "11")
    ]  # fmt: skip
    assert [faults(statement_of(each, DISCOURSE)) for each in (deleted, removed, restored)] == [[], [], []]


def test_a_direct_message_of_the_chat_is_not_heard_and_its_text_is_never_kept() -> None:
    assert chatted("created", **DIRECT).ignored == (Reason.DIRECT_MESSAGE,)
    assert chatted("created", policy=Policy(direct=True, keeps=Keeps.TEXT), **DIRECT).decided[0].text is None
    assert [each.rule for each in chatted("trashed", deleted_at=LATER, **DIRECT).undecided] == [Rule.WITHDRAWAL]


@pytest.mark.parametrize(("allowed", "heard_it"), [("5", True), ("chat/3", True), ("6", False)])
def test_the_chat_of_a_category_is_allowed_by_either(allowed: str, heard_it: bool) -> None:  # noqa: FBT001  a table's column
    reading = chatted("created", policy=Policy(channels=frozenset({ChannelId(allowed)})))

    assert bool(reading.decided) is heard_it
    assert reading.ignored == (() if heard_it else (Reason.CHANNEL_NOT_ALLOWED,))


def test_what_a_webhook_says_in_the_chat_is_a_bots() -> None:
    assert chatted("created", chat_webhook_event={"username": "ci"}).ignored == (Reason.BOT,)


def test_the_chat_of_a_category_that_not_everybody_may_read_is_private_and_says_so_of_the_category() -> None:
    restricted: dict[str, Any] = {"channel": {"chatable": {"id": 5, "name": "Staff", "read_restricted": True}}}

    private = chatted("created", **restricted)

    assert (private.ignored, private.closed, private.known) == ((Reason.PRIVATE_CHANNEL,), (ChannelId("5"),), ())
    assert chatted("created", policy=Policy(private=True), **restricted).decided
    assert chatted("created", channel={"chatable": {"id": 5, "name": "Help", "read_restricted": False}}).decided


def test_what_is_trashed_of_somebody_who_is_gone_is_redacted_if_it_was_heard() -> None:
    sent = discourse_chat("chat_message_trashed", 11, 31, "It hangs.", deleted_at=LATER, deleted_by_id=-1)
    sent.document["chat_message"]["message"]["user"] = {"id": None, "username": "deleted"}

    (undecided,) = read(DISCOURSE, Delivery(sent.headers, sent.document)).undecided

    assert (undecided.rule, undecided.target, undecided.interaction.actor) == (Rule.WITHDRAWAL, "chat/31", "")
