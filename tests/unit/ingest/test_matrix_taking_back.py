"""What people of a homeserver take back: messages, whichever version of them, and reactions."""

from __future__ import annotations

from dataclasses import replace

import pytest

from services.ingest.domain.interaction import ChannelId
from services.ingest.domain.source import Policy
from tests.support.ingest import Ear, acts
from tests.support.matrix import (
    ASKED,
    MATRIX,
    edit,
    message,
    reaction,
    redaction,
    transaction,
)


@pytest.mark.parametrize("target", ["answer", "e1"])
async def test_a_redaction_redacts_the_message_whichever_version_is_taken_back(target: str) -> None:
    ear = Ear()
    said = message("answer", "bea", "Drain it.", "12:01:00")

    await ear.hear(
        transaction(said, edit("e1", "answer", "bea", "Drain it!", "12:06:00"), redaction("x", "bea", target, "12:09:00"))
    )

    assert [each.redacts for each in ear.received() if each.redacts] == [
        ("https://matrix.to/#/!help:acme.example/$answer",),
    ]


@pytest.mark.parametrize(("by", "verb"), [("bea", "delete"), ("mod", "remove")])
async def test_a_message_is_deleted_by_its_author_or_removed_by_another(by: str, verb: str) -> None:
    ear = Ear()

    await ear.hear(transaction(redaction("x", by, "ask", "12:09:00"), {**ASKED, "sender": "@bea:acme.example"}))

    assert (f"@{by}:acme.example", verb, "matrix.to/#/!help:acme.example/$ask") in acts(ear.statements())


async def test_a_redaction_is_heard_where_nothing_else_is_and_names_nobody_new() -> None:
    ear = Ear()
    elsewhere = replace(MATRIX, policy=Policy(channels=frozenset({ChannelId("!other:acme.example")})))

    await ear.hear(transaction(ASKED), transaction(redaction("x", "mod", "ask", "12:09:00"), source=elsewhere))

    assert acts(ear.statements())[1][:2] == ("@ann:acme.example", "delete")


async def test_a_redaction_of_what_was_never_heard_tells_nothing() -> None:
    ear = Ear()

    await ear.hear(transaction(redaction("x", "ann", "never", "12:09:00")))

    assert ear.statements() == []


async def test_a_reaction_that_is_taken_back_is_one_of_whoever_reacted() -> None:
    ear = Ear()

    await ear.hear(transaction(ASKED, reaction("r", "cy", "ask", "👍", "12:05:00"), redaction("x", "mod", "r", "12:09:00")))

    *_, taken_back = ear.statements()
    assert acts([taken_back]) == [("@cy:acme.example", "unreacted", "matrix.to/#/!help:acme.example/$ask")]
