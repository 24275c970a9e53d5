"""Exports of platforms, read by the shipped column maps and by maps of one's own."""

from __future__ import annotations

from dataclasses import replace

import orjson
import pytest

from services.ingest.domain.interaction import AccountName, ChannelId, Kind
from services.ingest.domain.reading import Reason
from services.ingest.domain.source import Keeps, Platform, Policy, State
from services.ingest.filing.column_map import BadMap, load
from services.ingest.filing.importing import Importer
from services.ingest.filing.rows import read_csv
from shared.contracts import HEARD, RECEIVED
from shared.xapi.model import Version
from shared.xapi.validation import validate
from tests.support.exports import CLOSED, EXPORTS, NAMED, TEXT, YAMMER, imported, source
from tests.support.ingest import Ear, acts
from tests.support.profile import faults


async def test_a_viva_engage_export_is_told() -> None:
    ear = Ear()

    report = await imported(ear, Platform.VIVA_ENGAGE, "viva_engage_messages.csv")

    messages = "www.yammer.com/acme.example/messages/"
    assert acts(ear.statements()) == [
        ("71", "asked", f"{messages}9001"),
        ("71", "replied", f"{messages}9003"),
        ("72", "answered", f"{messages}9002"),
        ("72", "posted", f"{messages}9004"),
        ("73", "delete", f"{messages}9005"),
    ]
    assert report.ignored == {Reason.DIRECT_MESSAGE: 1, Reason.PRIVATE_CHANNEL: 1, Reason.UNMAPPED: 1}
    assert [fault.line for fault in report.faults] == [11, 12]
    assert [each.redacts for each in ear.received() if each.redacts] == [(f"{YAMMER}/messages/9005",)]


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        ("linkedin_shares.csv", {Kind.POST: 1, Kind.ASK: 1, Kind.SHARE: 1}),
        ("linkedin_comments.csv", {Kind.COMMENT: 2}),
        ("linkedin_reactions.csv", {Kind.LIKE: 1, Kind.REACT: 1}),
    ],
)
async def test_a_linkedin_export_is_told_of_the_member_whose_it_is(file: str, expected: dict[Kind, int]) -> None:
    ear = Ear()

    report = await imported(ear, Platform.LINKEDIN, file, actor="ada")

    assert report.told == expected
    assert report.faults == []
    assert {each["actor"]["account"]["name"] for each in ear.statements()} == {"ada"}


async def test_a_skype_export_is_told_of_the_chats_that_are_named() -> None:
    ear = Ear()

    report = await imported(ear, Platform.SKYPE, "skype_messages.json", policy=NAMED)

    chat = "web.skype.com/conversations/19%3Ab0c1d2%40thread.skype/messages"
    assert acts(ear.statements()) == [
        ("8:live:ann", "asked", f"{chat}/1741000000001"),
        ("8:live:bea", "posted", f"{chat}/1741000060002"),
    ]
    assert [each["result"]["response"] for each in ear.statements()] == [
        "How do I restart the broker?",
        "Drain it first & then stop it.",
    ]
    assert report.ignored == {Reason.UNMAPPED: 2, Reason.DIRECT_MESSAGE: 1}
    assert [fault.line for fault in report.faults] == [6]


async def test_a_khoros_export_is_told_with_its_answers_and_solutions() -> None:
    ear = Ear()

    report = await imported(ear, Platform.KHOROS, "khoros_messages.json", policy=NAMED)
    kudos = await imported(ear, Platform.KHOROS, "khoros_kudos.json", policy=NAMED)

    messages = "community.acme.example/messages"
    assert acts(ear.statements()) == [
        ("11", "accept", f"{messages}/102"),
        ("11", "asked", f"{messages}/101"),
        ("11", "replied", f"{messages}/103"),
        ("12", "answered", f"{messages}/102"),
        ("12", "create", f"{messages}/105"),
        ("12", "posted", f"{messages}/104"),
        ("13", "commented", f"{messages}/106"),
        ("13", "like", f"{messages}/102"),
    ]
    assert (report.ignored, kudos.ignored) == ({Reason.CHANNEL_NOT_ALLOWED: 1}, {Reason.CHANNEL_NOT_ALLOWED: 1})
    assert [fault.line for fault in report.faults] == [8]


async def test_a_salesforce_export_is_told_file_by_file_in_any_order() -> None:
    ear = Ear()
    files = ("CollaborationGroupMember", "FeedComment", "FeedItem", "FeedLike")

    reports = [await imported(ear, Platform.SALESFORCE, f"salesforce_{each}.csv", policy=NAMED) for each in files]

    site, member = "acme.my.site.com", "0050000000000{}AAA".format
    assert acts(ear.statements()) == [
        (member(11), "accept", f"{site}/0D7000000000001AAA"),
        (member(11), "asked", f"{site}/0D5000000000001AAA"),
        (member(11), "replied", f"{site}/0D7000000000002AAA"),
        (member(12), "answered", f"{site}/0D7000000000001AAA"),
        (member(12), "edited", f"{site}/0D5000000000002AAA"),
        (member(12), "join", f"{site}/0F9000000000001AAA"),
        (member(12), "posted", f"{site}/0D5000000000002AAA"),
        (member(13), "delete", f"{site}/0D5000000000003AAA"),
        (member(13), "delete", f"{site}/0D7000000000003AAA"),
    ]
    assert [dict(each.ignored) for each in reports] == [
        {},
        {},
        {Reason.CHANNEL_NOT_ALLOWED: 1, Reason.UNMAPPED: 1},
        {Reason.CHANNEL_NOT_ALLOWED: 2},
    ]
    assert [fault.line for fault in reports[2].faults] == [7]


async def test_likes_name_no_group_and_are_heard_where_private_ones_are() -> None:
    report = await imported(Ear(), Platform.SALESFORCE, "salesforce_FeedLike.csv", policy=EVERYTHING)

    assert report.told == {Kind.LIKE: 2}


FILES = [
    (Platform.VIVA_ENGAGE, "viva_engage_messages.csv"),
    (Platform.LINKEDIN, "linkedin_shares.csv"),
    (Platform.LINKEDIN, "linkedin_comments.csv"),
    (Platform.LINKEDIN, "linkedin_reactions.csv"),
    (Platform.SKYPE, "skype_messages.json"),
    (Platform.KHOROS, "khoros_messages.json"),
    (Platform.KHOROS, "khoros_kudos.json"),
    (Platform.SALESFORCE, "salesforce_FeedItem.csv"),
    (Platform.SALESFORCE, "salesforce_FeedComment.csv"),
    (Platform.SALESFORCE, "salesforce_FeedLike.csv"),
    (Platform.SALESFORCE, "salesforce_CollaborationGroupMember.csv"),
]
EVERYTHING = Policy(keeps=Keeps.TEXT, private=True, direct=True)


@pytest.mark.parametrize(("platform", "file"), [each for each in FILES if each[0] in CLOSED], ids=str)
async def test_where_nobody_says_who_may_see_it_nothing_is_heard_unless_it_is_named(platform: Platform, file: str) -> None:
    report = await imported(Ear(), platform, file)

    assert report.told == {}
    assert report.ignored[Reason.PRIVATE_CHANNEL] > 0


@pytest.mark.parametrize(("platform", "file"), FILES)
async def test_every_statement_is_valid_and_follows_the_profile(platform: Platform, file: str) -> None:
    ear = Ear()

    await imported(ear, platform, file, actor="ada", policy=EVERYTHING)

    assert ear.statements()
    validate(ear.statements(), Version.V1_0_3)
    assert [fault for statement in ear.statements() for fault in faults(statement)] == []


@pytest.mark.parametrize(("platform", "file"), FILES)
async def test_a_file_twice_is_the_same_statements(platform: Platform, file: str) -> None:
    ear = Ear()

    await imported(ear, platform, file, actor="ada", policy=EVERYTHING)
    once = ear.told()
    await imported(ear, platform, file, actor="ada", policy=EVERYTHING)

    assert ear.told() == once


async def test_a_dry_run_says_what_would_come_of_a_file_and_tells_nothing() -> None:
    ear = Ear()
    told = await imported(ear, Platform.VIVA_ENGAGE, "viva_engage_messages.csv")
    with (EXPORTS / "viva_engage_messages.csv").open(encoding="utf-8", newline="") as lines:
        dry = await Importer().take(source(Platform.VIVA_ENGAGE), read_csv(lines), load("viva-engage"))

    assert (dry.rows, dry.ignored, dry.faults) == (told.rows, told.ignored, told.faults)


@pytest.mark.parametrize(
    ("policy", "reason"),
    [
        (Policy(excluded=frozenset({AccountName("72")})), Reason.EXCLUDED_ACCOUNT),
        (Policy(channels=frozenset({ChannelId("500")})), Reason.CHANNEL_NOT_ALLOWED),
    ],
)
async def test_a_source_hears_of_a_file_what_it_hears_of_a_webhook(policy: Policy, reason: Reason) -> None:
    ear = Ear()

    report = await imported(ear, Platform.VIVA_ENGAGE, "viva_engage_messages.csv", policy=policy)

    assert report.ignored[reason] > 0
    assert b"broker" not in orjson.dumps(ear.statements())


async def test_of_a_paused_source_a_file_tells_what_was_taken_back_and_says_so() -> None:
    paused = replace(source(Platform.VIVA_ENGAGE), state=State.PAUSED)
    with (EXPORTS / "viva_engage_messages.csv").open(encoding="utf-8", newline="") as lines:
        report = await Importer().take(paused, read_csv(lines), load("viva-engage"))

    assert report.told == {Kind.DELETE: 1}
    assert report.ignored[Reason.PAUSED] == 4


async def test_a_file_of_other_columns_is_refused() -> None:
    with pytest.raises(BadMap, match="right file"):
        await imported(Ear(), Platform.LINKEDIN, "viva_engage_messages.csv")


@pytest.mark.parametrize(
    ("platform", "file"), [(Platform.SALESFORCE, "salesforce_FeedItem.csv"), (Platform.VIVA_ENGAGE, "viva_engage_messages.csv")]
)
async def test_a_header_in_capitals_is_the_same_header(platform: Platform, file: str) -> None:
    lines = (EXPORTS / file).read_text(encoding="utf-8").splitlines(keepends=True)
    told, loud, its = Ear(), Ear(), source(platform, NAMED if platform in CLOSED else TEXT)
    for ear, header in ((told, lines[0]), (loud, lines[0].upper())):
        ear.sources[its.id] = its
        await ear.log.ensure((HEARD, RECEIVED))
        await Importer(ear.hearing).take(its, read_csv([header, *lines[1:]]), load(platform))
        await ear.tell()

    assert told.told()
    assert loud.told() == told.told()
