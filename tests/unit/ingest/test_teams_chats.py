"""Chats of Teams: whether they are heard, and what it means to quote there."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from services.ingest.connectors.teams.messages import read_message
from services.ingest.domain.interaction import Kind
from services.ingest.domain.reading import Reason
from services.ingest.domain.source import Keeps, Policy
from tests.support.ingest import Ear
from tests.support.polls import hear
from tests.support.teams import CHANNEL, CHAT, TEAMS, message, message_id, notified, teams
from tests.unit.ingest.test_teams import ASKED, IN_CHAT, REPLY, delivered


def test_chats_are_off_and_their_text_is_never_kept() -> None:
    sent, chat = teams(notified("created", IN_CHAT)), {**ASKED, "chatId": CHAT, "channelIdentity": None}
    direct = replace(TEAMS, policy=Policy(direct=True, keeps=Keeps.TEXT))

    (interaction,) = read_message(direct, chat, IN_CHAT).decided

    assert delivered(sent, Policy()).ignored == (Reason.DIRECT_MESSAGE,)
    assert delivered(sent, direct.policy).lookups
    assert read_message(TEAMS, chat, IN_CHAT).ignored == (Reason.DIRECT_MESSAGE,)
    assert (interaction.text, interaction.artefact.native) == (None, f"{CHAT}/{ASKED['id']}")


def quoting(quoted: str, clock: str = "11:32:00.000") -> dict[str, Any]:
    """Return a message of the chat that quotes another, as Graph shows it."""
    content = f'{{"messageId":"{quoted}","messagePreview":"How do I"}}'
    attached = [{"id": "5"}, {"id": quoted, "contentType": "messageReference", "content": content}]
    return {**message(2, clock, "Drain it."), "chatId": CHAT, "channelIdentity": None, "attachments": attached}


async def test_who_quotes_a_message_in_a_chat_replies_to_it() -> None:
    ear, direct = Ear(), replace(TEAMS, policy=Policy(direct=True))
    asked = {**ASKED, "chatId": CHAT, "channelIdentity": None}

    await hear(ear, direct, read_message(direct, quoting(asked["id"])), read_message(direct, asked))

    verbs = {each["object"]["id"].partition("?")[0].rpartition("/")[2]: each["verb"]["id"] for each in ear.statements()}
    assert {each.rpartition("/")[2] for each in verbs.values()} == {"asked", "answered"}
    assert verbs[message_id("11:32:00.000")].endswith("answered")


@pytest.mark.parametrize("quoted", ["soon", message_id("11:32:00.000")])
def test_a_message_that_quotes_none_but_itself_replies_to_nothing(quoted: str) -> None:
    direct = replace(TEAMS, policy=Policy(direct=True))

    (interaction,) = read_message(direct, quoting(quoted)).decided

    assert (interaction.kind, interaction.root) == (Kind.POST, None)


def test_a_quote_within_a_channel_begins_no_thread_of_its_own() -> None:
    shown = {**REPLY, "attachments": quoting(message_id("11:30:00.000"))["attachments"]}

    (undecided,) = read_message(TEAMS, shown).undecided

    assert undecided.target == f"{CHANNEL}/{ASKED['id']}"
