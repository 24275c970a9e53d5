"""What people of Zoom's Team Chat take back: their own messages, those of others, whole channels."""

from __future__ import annotations

from services.ingest.domain.interaction import ChannelId, Kind
from services.ingest.domain.reading import Reason, Rule
from services.ingest.domain.source import Policy
from tests.support.ingest import Ear
from tests.support.zoom import CHANNEL, QUESTION, chat, heard, zoom

REMOVED = chat("team_chat.channel_message_deleted", "ann", "12:06:00", message_id="M-1")


def test_a_delete_tells_who_took_it_back_and_else_waits_for_its_author() -> None:
    (deleted,) = heard(REMOVED).undecided
    (abroad,) = heard(chat("team_chat.channel_message_deleted", "", "12:06:00", message_id="M-1")).undecided
    (elsewhere,) = heard(REMOVED, Policy(channels=frozenset({ChannelId("other")}))).undecided

    assert (deleted.rule, deleted.interaction.kind, deleted.interaction.actor) == (Rule.DELETION, Kind.DELETE, "ann")
    assert [(each.rule, each.interaction.actor, each.interaction.place) for each in (abroad, elsewhere)] == [
        (Rule.WITHDRAWAL, "", None)
    ] * 2


async def test_a_delete_redacts_what_was_said() -> None:
    ear = Ear()

    await ear.hear(QUESTION, REMOVED)

    assert [each.redacts for each in ear.received() if each.redacts] == [
        (f"https://acme.zoom.us/chat/channels/{CHANNEL}/messages/M-1",)
    ]


async def test_who_looks_after_a_channel_removes_what_another_said() -> None:
    ear = Ear()

    await ear.hear(QUESTION, chat("team_chat.channel_message_deleted", "owner", "12:06:00", message_id="M-1"))

    (removed,) = [each for each in ear.statements() if each["actor"]["account"]["name"] == "owner"]
    assert removed["verb"]["id"] == "http://activitystrea.ms/remove"
    assert removed["context"]["extensions"]["http://id.tincanapi.com/extension/target"]["account"]["name"] == "ann"


async def test_what_was_said_in_a_channel_goes_with_it() -> None:
    ear = Ear()
    deleted = zoom("chat_channel.deleted", "12:30:00", {"id": CHANNEL, "name": "Kafka", "type": 3}, operator_id="owner")

    await ear.hear(QUESTION, deleted)

    assert [each.redacts for each in ear.received() if each.redacts] == [
        (f"https://acme.zoom.us/chat/channels/{CHANNEL}/messages/M-1",)
    ]
    assert heard(deleted).ignored == (Reason.GONE,)
