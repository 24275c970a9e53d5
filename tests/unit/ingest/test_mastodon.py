"""What Mastodon's webhooks and timelines mean, and what of them is not ours."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import orjson
import pytest

from services.ingest.connectors.fields import Incomplete
from services.ingest.connectors.mastodon import MASTODON as CONNECTOR
from services.ingest.connectors.mastodon.events import read
from services.ingest.domain.asking import Answer, Circumstances, Cursor, Page
from services.ingest.domain.interaction import ArtefactType, ChannelId, Kind
from services.ingest.domain.reading import Delivery, Reading, Reason
from services.ingest.domain.source import Keeps, Policy
from tests.support.ingest import NOW, Ear, Sent, account_names, acts
from tests.support.mastodon import (
    ANSWER,
    ASKED,
    FILE,
    MASTODON,
    POLL,
    TAGS,
    account,
    created,
    mastodon_conversation,
    reply,
    status,
    updated,
)

TIMELINE = CONNECTOR.polls["timeline"]
CIRCUMSTANCES = Circumstances(NOW, "https://symposia.example/hooks/mastodon/toots")


def heard(sent: Sent, policy: Policy = MASTODON.policy) -> Reading:
    return read(replace(sent.source, policy=policy), Delivery(sent.headers, sent.document))


def page(*statuses: Any, cursor: Cursor | None = None) -> Page:
    return TIMELINE.read(MASTODON, cursor or {}, Answer(200, {}, orjson.dumps(statuses)))


IGNORED: list[tuple[Sent, Reason]] = [
    (Sent(MASTODON, {"event": "account.created", "object": {"email": "a@b.example", "ip": "10.0.0.1"}}), Reason.UNMAPPED),
    (Sent(MASTODON, {"event": "report.created", "object": {}}), Reason.UNMAPPED),
    (Sent(MASTODON, {}), Reason.UNMAPPED),
    (created({**ASKED, "visibility": "direct"}), Reason.DIRECT_MESSAGE),
    (created({**ASKED, "visibility": "private"}), Reason.PRIVATE_CHANNEL),
    (created({**ASKED, "visibility": "limited"}), Reason.PRIVATE_CHANNEL),
    (created({**ASKED, "visibility": None}), Reason.PRIVATE_CHANNEL),
    (created({**ASKED, "account": account(9, bot=True)}), Reason.BOT),
    (created(status(104, 13, "", "12:03:00", reblog={**ANSWER, "visibility": "private"})), Reason.PRIVATE_CHANNEL),
    (updated(ASKED), Reason.UNCHANGED),
    (updated({**ASKED, "visibility": "direct", "edited_at": "2026-03-02T12:06:00Z"}), Reason.DIRECT_MESSAGE),
]


@pytest.mark.parametrize(("sent", "reason"), IGNORED)
def test_what_is_not_ours_is_ignored_with_its_reason(sent: Sent, reason: Reason) -> None:
    reading = heard(sent)

    assert reading.ignored == (reason,)
    assert not reading.decided
    assert not reading.undecided


@pytest.mark.parametrize("excluded", ["11", "user11"])
def test_an_excluded_account_is_named_by_id_or_by_name(excluded: str) -> None:
    policy = Policy(excluded=account_names(excluded))

    assert heard(created(ASKED), policy).ignored == (Reason.EXCLUDED_ACCOUNT,)
    assert [each.interaction.author for each in heard(created(ANSWER), Policy(excluded=account_names("11"))).undecided] == [None]


@pytest.mark.parametrize("named", ["kafka", "#Kafka"])
def test_an_allow_list_names_hashtags_and_the_first_is_the_place(named: str) -> None:
    policy = Policy(channels=frozenset({ChannelId(named)}), keeps=Keeps.TEXT)

    (asked,) = heard(created({**ASKED, "tags": [*TAGS, {"name": "ops"}]}), policy).decided

    assert asked.place is not None
    assert (asked.place.id, asked.tags) == ("kafka", ("ops",))
    assert heard(created(ANSWER), policy).ignored == (Reason.CHANNEL_NOT_ALLOWED,)


def test_text_and_hashtags_are_kept_only_if_the_policy_says_so() -> None:
    silent = Policy(keeps=Keeps.METADATA)

    assert [(each.text, each.tags) for each in heard(created(ASKED)).decided] == [
        ("How do I restart the #Kafka broker?", ("kafka",)),
    ]
    assert [(each.text, each.tags) for each in heard(created(ASKED), silent).decided] == [(None, ())]
    polled = heard(created(status(106, 12, "Which?", "12:05:00", poll=POLL)), silent).decided[0]
    assert [(each.id, each.text) for each in polled.choices] == [("0", None), ("1", None)]


def test_the_text_of_a_direct_message_is_never_kept() -> None:
    direct = {**ASKED, "visibility": "direct"}

    assert [each.text for each in heard(created(direct), Policy(direct=True, keeps=Keeps.TEXT)).decided] == [None]


def test_a_reply_mentions_attaches_and_names_whom_it_answers() -> None:
    reading = heard(created(ANSWER))

    assert [each.kind for each in reading.decided] == [Kind.MENTION, Kind.ATTACH]
    assert [(each.interaction.kind, each.interaction.author) for each in reading.undecided] == [(Kind.REPLY, "11")]
    assert reading.decided[1].artefact.iri == FILE["url"]


def test_a_status_with_a_poll_is_one() -> None:
    (interaction,) = heard(created(status(106, 12, "Which day?", "12:05:00", poll=POLL))).decided

    assert (interaction.kind, interaction.artefact.type) == (Kind.OPEN_POLL, ArtefactType.POLL)


def test_a_quotation_shares_what_it_quotes() -> None:
    quoting = status(105, 13, "Worth a read.", "12:04:00", quote={"state": "accepted", "quoted_status": ANSWER})
    hidden = {**quoting, "quote": {"state": "pending", "quoted_status": None}}

    assert [(each.kind, each.artefact.native, each.author) for each in heard(created(quoting)).decided] == [
        (Kind.POST, "105", None),
        (Kind.SHARE, "102", "12"),
    ]
    assert [each.kind for each in heard(created(hidden)).decided] == [Kind.POST]


def test_a_timeline_is_asked_for_from_where_it_was_left() -> None:
    first, next_ = TIMELINE.ask(MASTODON, {}, CIRCUMSTANCES), TIMELINE.ask(MASTODON, {"newest": "102"}, CIRCUMSTANCES)

    assert first is not None
    assert next_ is not None
    assert first.url == "https://social.acme.example/api/v1/timelines/tag/kafka?limit=40&local=true"
    assert next_.url == "https://social.acme.example/api/v1/timelines/tag/kafka?limit=40&min_id=102&local=true"
    assert TIMELINE.ask(replace(MASTODON, options={}), {}, CIRCUMSTANCES) is None


def test_a_page_is_read_from_its_oldest_status_on() -> None:
    read_page = page(ANSWER, ASKED)

    assert [each.kind for each in read_page.reading.decided] == [Kind.ASK, Kind.MENTION, Kind.ATTACH]
    assert (read_page.cursor, read_page.more) == ({"newest": "102"}, False)


def test_pages_are_turned_only_where_the_beginning_was_read() -> None:
    full = [{**ASKED, "id": str(200 - number)} for number in range(40)]

    assert not page(*full).more
    assert page(*full, cursor={"newest": "100"}).more
    assert not page(*full, cursor={"newest": "200"}).more


def test_nothing_new_moves_nothing() -> None:
    assert page(cursor={"newest": "102"}).cursor == {"newest": "102"}
    assert TIMELINE.read(MASTODON, {"newest": "102"}, Answer(304)).cursor == {"newest": "102"}


def test_one_status_that_cannot_be_read_stops_none_of_the_others() -> None:
    read_page = page(ANSWER, {}, None, {**ASKED, "created_at": "yesterday"}, ASKED)

    assert [each.kind for each in read_page.reading.decided] == [Kind.ASK, Kind.MENTION, Kind.ATTACH]
    assert read_page.reading.ignored.count(Reason.INCOMPLETE) == 1
    assert len(read_page.reading.ignored) == 3


def test_what_was_edited_before_we_asked_is_told_as_made_and_as_edited() -> None:
    edited = page({**ASKED, "edited_at": "2026-03-02T12:06:00Z"})

    assert [(each.kind, each.revision) for each in edited.reading.decided] == [
        (Kind.ASK, ""),
        (Kind.EDIT, "2026-03-02T12:06:00.000Z"),
    ]


@pytest.mark.parametrize("body", [b"", b"{}", b"[{}]", b'{"error":"This action is not allowed"}', b"<html>"])
def test_an_answer_that_is_no_timeline_is_incomplete(body: bytes) -> None:
    with pytest.raises(Incomplete):
        TIMELINE.read(MASTODON, {}, Answer(200, {}, body))


@pytest.mark.parametrize("change", [{"id": None}, {"id": "a b"}, {"account": None}, {"created_at": None}])
def test_what_lacks_what_it_needs_is_incomplete(change: dict[str, Any]) -> None:
    with pytest.raises(Incomplete):
        heard(created({**ASKED, **change}))


async def test_webhook_and_timeline_tell_the_same() -> None:
    by_webhook, by_timeline = Ear(), Ear()
    thanks = reply(103, 11, "Thanks!", "12:02:00.000", ANSWER)

    await by_webhook.hear(*map(created, (ASKED, ANSWER, thanks)))
    await by_timeline.hear()
    await by_timeline.take(MASTODON, page(thanks, ANSWER, ASKED).reading)

    assert by_webhook.told() == by_timeline.told()


async def test_a_conversation_is_told_whole() -> None:
    ear = Ear()

    await ear.hear(*mastodon_conversation())

    assert [(actor, verb, thing.rpartition("/")[2]) for actor, verb, thing in acts(ear.statements())] == [
        ("11", "asked", "101"),
        ("11", "mentioned", "12"),
        ("11", "replied", "103"),
        ("12", "answered", "102"),
        ("12", "asked", "106"),
        ("12", "attach", "7.png"),
        ("12", "edited", "102"),
        ("12", "mentioned", "11"),
        ("13", "posted", "105"),
        ("13", "share", "102"),
        ("13", "share", "102"),
    ]
