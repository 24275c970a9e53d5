"""What people of a homeserver edit, which only its author may, and whom they mention."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest

from services.ingest.connectors.matrix.events import read
from services.ingest.domain.interaction import ArtefactType, Interaction, Kind
from services.ingest.domain.reading import Delivery, Rule
from tests.support.ingest import Ear, account_names, acts
from tests.support.matrix import (
    ASKED,
    MATRIX,
    edit,
    event,
    message,
    poll,
    redaction,
    relation,
    reply_to,
    stable_poll,
    transaction,
)
from tests.support.profile import faults

GRACE = timedelta(seconds=61)
EDITED = edit("e1", "ask", "ann", "How, please?", "12:06:00")
FORGED = edit("e2", "ask", "mallory", "Never mind.", "12:07:00")


def edits(ear: Ear) -> list[tuple[str, str, str]]:
    return [each for each in acts(ear.statements()) if each[1] == "edited"]


def mentioned(*events: Any, excluded: tuple[str, ...] = ()) -> list[Interaction]:
    source = replace(MATRIX, policy=replace(MATRIX.policy, excluded=account_names(*excluded)))
    return [each for each in read(source, Delivery({}, transaction(*events).document)).decided if each.kind is Kind.MENTION]


def test_an_edit_says_what_is_said_now_and_waits_for_what_it_edits() -> None:
    (undecided,) = read(MATRIX, Delivery({}, transaction(EDITED).document)).undecided

    interaction = undecided.interaction
    assert (undecided.rule, undecided.target) == (Rule.CHANGE, "$ask")
    assert (interaction.kind, interaction.artefact.native, interaction.revision) == (Kind.EDIT, "$ask", "$e1")
    assert interaction.text == "How, please?"


@pytest.mark.parametrize("order", list(permutations((ASKED, EDITED, FORGED))))
async def test_what_another_sends_as_an_edit_changes_nothing(order: tuple[Any, ...]) -> None:
    ear = Ear()

    await ear.hear(*(transaction(each) for each in order))

    assert edits(ear) == [("@ann:acme.example", "edited", "matrix.to/#/!help:acme.example/$ask")]


async def test_an_edit_of_what_was_never_heard_is_told_once_nothing_more_is_expected() -> None:
    ear = Ear()
    await ear.hear(transaction(EDITED))
    before = edits(ear)

    ear.now += GRACE
    await ear.sweep(MATRIX)

    assert (before, edits(ear)) == ([], [("@ann:acme.example", "edited", "matrix.to/#/!help:acme.example/$ask")])


async def test_who_takes_back_what_was_no_edit_deletes_nothing() -> None:
    ear = Ear()

    await ear.hear(transaction(ASKED, FORGED, redaction("x", "mallory", "e2", "12:09:00")))

    assert [each.redacts for each in ear.received() if each.redacts] == []
    assert [verb for _, verb, _ in acts(ear.statements())] == ["asked"]


@pytest.mark.parametrize("opened", [poll("p", "bea", "12:07:00"), stable_poll("p", "bea", "12:07:00")])
async def test_a_poll_that_is_edited_is_not_opened_again(opened: dict[str, Any]) -> None:
    ear = Ear()
    changed = event("e", opened["type"], "bea", {"m.new_content": opened["content"], **relation("m.replace", "p")}, "12:08:00")

    await ear.hear(transaction(opened, changed))

    *_, edited = ear.statements()
    assert [verb for _, verb, _ in acts(ear.statements())] == ["asked", "edited"]
    assert (edited["object"]["id"], edited["result"]["response"]) == ("https://matrix.to/#/!help:acme.example/$p", "Which day?")
    assert faults(edited) == []


def test_whom_a_message_mentions_is_told_but_for_who_says_it() -> None:
    people = ["@bea:acme.example", "@ann:acme.example", "@bea:acme.example", "@bot:acme.example", "bea", 7]
    said = message("m", "ann", "Bea, how?", "12:00:00", **{"m.mentions": {"user_ids": people, "room": True}})

    (mention,) = mentioned(said, excluded=("@bot:acme.example",))

    assert (mention.person, mention.artefact.type, mention.text) == ("@bea:acme.example", ArtefactType.CHAT_MESSAGE, None)


@pytest.mark.parametrize("wrong", [None, [], {"user_ids": "@bea:acme.example"}, {"user_ids": {}}, {}])
def test_mentions_of_another_shape_are_none(wrong: Any) -> None:
    assert mentioned(message("m", "ann", "How?", "12:00:00", **{"m.mentions": wrong})) == []


def test_a_reply_mentions_whom_its_text_links_to_and_not_whom_it_answers() -> None:
    quoted = '<mx-reply><a href="https://matrix.to/#/@ann:acme.example">Ann</a></mx-reply>'
    html = f'{quoted}Ask <a href="https://matrix.to/#/@cy:acme.example">Cy</a>, <a href="https://matrix.to/#/%40di%3Aacme.example">Di</a>.'
    named = {"m.mentions": {"user_ids": [f"@{each}:acme.example" for each in ("ann", "cy", "di", "d")]}}
    said = message("m", "bea", "Ask Cy, Di.", "12:01:00", formatted_body=html, **named, **reply_to("ask"))

    assert [each.person for each in mentioned(said)] == ["@cy:acme.example", "@di:acme.example"]
