"""Exports say by whom something was deleted, what is hidden, and who is nobody."""

from __future__ import annotations

import pytest

from services.ingest.domain.interaction import ChannelId
from services.ingest.domain.reading import Reason
from services.ingest.domain.source import Platform, Policy
from services.ingest.filing.column_map import load
from services.ingest.filing.importing import Importer, Report
from services.ingest.filing.rows import Row
from shared.contracts import HEARD, RECEIVED
from tests.support.exports import NAMED, TEXT, YAMMER, source
from tests.support.ingest import Ear, acts

MESSAGE = {"id": "9001", "thread_id": "9001", "group_id": "500", "sender_id": "71", "sender_type": "User", "body": "Hello",
           "created_at": "2026-03-02T12:00:00.000Z", "message_type": "update", "in_private_group": "false"}  # fmt: skip
DELETED = {**MESSAGE, "deleted_at": "2026-03-02T12:30:00.000Z"}
POST = {"Id": "0D5000000000001AAA", "ParentId": "0F9000000000001AAA", "Type": "TextPost", "CreatedById": "005000000000011AAA",
        "CreatedDate": "2026-03-02T12:00:00.000Z", "Body": "Hello", "SystemModstamp": "2026-03-02T12:30:00.000Z"}  # fmt: skip
SAID = {"id": "174", "conversationid": "19:b0c1d2@thread.skype", "from": "8:live:ann", "messagetype": "RichText", "content": "Hi",
        "originalarrivaltime": "2025-03-03T11:06:40.001Z"}  # fmt: skip


async def taken(ear: Ear, platform: Platform, *rows: dict[str, str], policy: Policy = NAMED) -> Report:
    await ear.log.ensure((HEARD, RECEIVED))
    numbered = [Row(line, cells) for line, cells in enumerate(rows, start=2)]
    its = source(platform, policy)
    ear.sources[its.id] = its
    report = await Importer(ear.hearing).take(its, numbered, load(platform))
    await ear.tell()
    return report


@pytest.mark.parametrize(("by", "verb", "who"), [("71", "delete", "71"), ("73", "remove", "73"), ("", "delete", "71")])
async def test_who_deletes_a_message_of_viva_engage_is_told(by: str, verb: str, who: str) -> None:
    ear = Ear()

    await taken(ear, Platform.VIVA_ENGAGE, {**DELETED, "deleted_by_id": by}, policy=TEXT)

    assert acts(ear.statements()) == [(who, verb, "www.yammer.com/acme.example/messages/9001")]


async def test_what_a_bot_says_on_viva_engage_is_not_heard() -> None:
    ear = Ear()

    report = await taken(ear, Platform.VIVA_ENGAGE, MESSAGE, {**MESSAGE, "id": "9002", "sender_type": "Bot"}, policy=TEXT)

    assert (len(ear.statements()), report.ignored) == (1, {Reason.UNMAPPED: 1})


async def test_a_delete_is_honoured_though_its_community_is_heard_no_more() -> None:
    ear = Ear()

    await taken(ear, Platform.VIVA_ENGAGE, MESSAGE, policy=TEXT)
    report = await taken(ear, Platform.VIVA_ENGAGE, DELETED, policy=Policy(channels=frozenset({ChannelId("501")})))

    assert ear.received()[-1].redacts == (f"{YAMMER}/messages/9001",)
    assert (report.told, report.ignored) == ({}, {Reason.CHANNEL_NOT_ALLOWED: 1})


@pytest.mark.parametrize(
    ("platform", "before", "after"),
    [
        (Platform.SALESFORCE, {**POST, "Status": "Published"}, {**POST, "Status": "Isolated"}),
        (Platform.SKYPE, SAID, {**SAID, "content": "", "properties.deletetime": "1741000000001"}),
    ],
    ids=["salesforce", "skype"],
)
async def test_what_is_hidden_or_deleted_since_the_last_import_is_redacted_and_otherwise_never_heard(
    platform: Platform, before: dict[str, str], after: dict[str, str]
) -> None:
    ear, late = Ear(), Ear()

    await taken(ear, platform, before)
    await taken(ear, platform, after)
    await taken(late, platform, after)

    assert [each.rpartition("/")[2] for each in ear.received()[-1].redacts] == [before.get("Id") or before["id"]]
    assert late.statements() == []


async def test_who_is_anonymous_in_khoros_is_nobody() -> None:
    anonymous = {"type": "message", "id": "101", "depth": "0", "author.id": "-1", "board.id": "operations", "body": "Hi",
                 "post_time": "2026-03-02T04:00:00.000-08:00", "subject": "Hi", "topic.id": "101"}  # fmt: skip
    ear = Ear()

    await taken(ear, Platform.KHOROS, anonymous, {**anonymous, "id": "102", "author.id": "12"})

    assert [each["actor"]["account"]["name"] for each in ear.statements()] == ["12"]


async def test_an_id_that_a_spreadsheet_rounded_is_a_fault() -> None:
    ear = Ear()

    report = await taken(
        ear, Platform.VIVA_ENGAGE, {**MESSAGE, "id": "1,04345E+15"}, {**MESSAGE, "sender_id": "1.04345E+15"}, policy=TEXT
    )

    assert [(fault.line, "rounded" in fault.reason) for fault in report.faults] == [(2, True), (3, True)]
    assert ear.statements() == []
