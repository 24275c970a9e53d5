"""What Confluence names and says, and what of it is not ours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import pytest

from services.ingest.connectors.confluence import CONFLUENCE as CONNECTOR
from services.ingest.connectors.confluence import VERIFY, sample
from services.ingest.connectors.confluence.events import read
from services.ingest.connectors.fields import Incomplete
from services.ingest.domain.asking import Answer, Circumstances
from services.ingest.domain.interaction import ChannelId, Interaction
from services.ingest.domain.reading import Delivery, Reading, Reason
from services.ingest.domain.source import Keeps, Policy, Source
from services.ingest.verifiers import Message, Verdict
from shared.xapi.model import Version
from shared.xapi.validation import validate
from tests.support.confluence import (
    ANSWER,
    BLOG,
    CONFLUENCE,
    FILE,
    HOME,
    PAGE,
    REMARK,
    SPACE,
    confluence,
    confluence_conversation,
    content,
    person,
)
from tests.support.ingest import NOW, SECRET, Ear, Sent, account_names, acts, answered
from tests.support.profile import faults
from tests.support.samples import samples, table

GOLDEN = Path(__file__).parent / "golden" / "confluence.json"
HERE = Circumstances(NOW, "https://symposia.example/hooks/confluence/pages")
SAMPLES = samples("confluence")
TABLE: Any = table("confluence")


def named(sent: Sent, source: Source = CONFLUENCE) -> Reading:
    return read(source, Delivery({}, sent.document))


def heard(sent: Sent, answer: Any = None, source: Source = CONFLUENCE) -> Reading:
    (lookup,) = named(sent, source).lookups
    return answered(source, lookup, sent.answer if answer is None else answer)


def said(reading: Reading) -> list[Interaction]:
    return [*reading.decided, *(each.interaction for each in reading.undecided)]


def with_policy(**policy: Any) -> Source:
    return replace(CONFLUENCE, policy=Policy(**policy))


async def test_a_conversation_becomes_the_golden_statements() -> None:
    ear = Ear()

    await ear.hear(*confluence_conversation())

    assert ear.statements() == orjson.loads(GOLDEN.read_bytes())
    for each in ear.statements():
        validate({name: value for name, value in each.items() if name != "authority"}, Version.V1_0_3)
        assert faults(each) == []


async def test_who_did_what_is_told() -> None:
    ear = Ear()

    await ear.hear(*confluence_conversation())

    page, view = "pages/viewpage.action?pageId=", "pages/viewpage.action?focusedCommentId="
    assert [(who, did, what.partition("/")[2]) for who, did, what in acts(ear.statements())] == [
        ("key-ann", "commented", f"{view}301"),
        ("key-ann", "create", f"{page}100"),
        ("key-ann", "delete", f"{view}301"),
        ("key-bea", "commented", f"{view}300"),
        ("key-bea", "create", f"{page}200"),
        ("key-bea", "edited", f"{view}300"),
        ("key-bea", "edited", f"{page}100"),
        ("key-bea", "remove", f"{page}100"),
        ("key-cy", "attach", "pages/viewattachments.action?attachmentId=400"),
        ("key-cy", "edited", f"{page}100"),
    ]


def test_a_comment_upon_a_comment_belongs_to_the_page() -> None:
    (interaction,) = said(heard(confluence("comment_created", 301, "ann", "12:25:01", ANSWER)))

    assert interaction.parent is not None
    assert interaction.root is not None
    assert (interaction.parent.native, interaction.root.native) == ("comment/300", "page/100")


def test_an_edit_says_who_made_it_when_and_whose_page_it_is() -> None:
    (interaction,) = said(heard(confluence("page_updated", 100, "cy", "12:40:00", PAGE)))

    assert (interaction.actor, interaction.author, interaction.revision) == ("key-cy", "key-ann", "2026-03-02T12:40:00.000Z")


def test_what_was_created_is_asked_for_once_and_what_was_changed_each_time() -> None:
    created = {named(confluence("page_created", 1, "ann", at)).lookups[0].key for at in ("12:00:00", "12:01:00")}
    updated = {named(confluence("page_updated", 1, "ann", at)).lookups[0].key for at in ("12:00:00", "12:01:00")}

    assert (len(created), len(updated)) == (1, 2)


@pytest.mark.parametrize(("keeps", "asked"), [(Keeps.TEXT, True), (Keeps.METADATA, False)])
def test_text_is_asked_for_only_where_it_is_kept(keeps: Keeps, asked: bool) -> None:  # noqa: FBT001  a table's column
    source = with_policy(keeps=keeps)
    (lookup,) = named(confluence("page_created", 100, "ann", "12:00:01"), source).lookups
    assert CONNECTOR.fetch is not None

    request = CONNECTOR.fetch.ask(source, lookup, HERE)

    assert request.url.startswith(f"{HOME}/rest/api/content/100?expand=version,space,ancestors,history,container")
    assert ("body.view" in request.url) is asked
    assert [each.text is not None for each in said(answered(source, lookup, PAGE))] == [asked]


def test_deletes_need_no_answer() -> None:
    for event in ("page_trashed", "page_removed", "blog_removed", "comment_removed", "attachment_removed"):
        reading = named(confluence(event, 100, "ann", "12:00:00"))

        assert (reading.lookups, len(reading.undecided)) == ((), 1)


@pytest.mark.parametrize("space", [{**SPACE, "type": "personal"}, {**SPACE, "key": "~ann"}])
def test_a_personal_space_is_private(space: Mapping[str, Any]) -> None:
    sent, hers = confluence("page_created", 100, "ann", "12:00:01"), {**PAGE, "space": space}

    assert heard(sent, hers).ignored == (Reason.PRIVATE_CHANNEL,)
    assert heard(sent, hers, with_policy(private=True)).ignored == ()
    assert heard(sent, hers, with_policy(channels=frozenset({ChannelId(space["key"])}))).ignored == ()


@pytest.mark.parametrize(("channel", "reasons"), [("OPS", ()), ("HR", (Reason.CHANNEL_NOT_ALLOWED,))])
def test_only_spaces_of_the_allow_list_are_heard(channel: str, reasons: tuple[Reason, ...]) -> None:
    source = with_policy(channels=frozenset({ChannelId(channel)}))

    assert heard(confluence("page_created", 100, "ann", "12:00:01"), PAGE, source).ignored == reasons


@pytest.mark.parametrize("excluded", ["key-ann", "ann", "Ann"])
@pytest.mark.parametrize("event", ["page_created", "page_updated"])
def test_an_excluded_account_is_named_by_key_or_user_name(event: str, excluded: str) -> None:
    source = with_policy(excluded=account_names(excluded))

    assert heard(confluence(event, 100, "ann", "12:00:01"), PAGE, source).ignored == (Reason.EXCLUDED_ACCOUNT,)


@pytest.mark.parametrize("user", [None, "key-out"])
async def test_what_nobody_who_is_heard_takes_back_is_redacted_and_told_of_its_author(user: str | None) -> None:
    source = with_policy(keeps=Keeps.TEXT, excluded=account_names("key-out"))
    removed = confluence("page_removed", 100, "cy", "12:51:00")
    sent = [
        confluence("page_created", 100, "ann", "12:00:01", PAGE),
        replace(removed, document={**removed.document, "userKey": user}),
    ]
    ear = Ear()

    await ear.hear(*(replace(each, source=source) for each in sent))

    assert [(who, verb) for who, verb, _ in acts(ear.statements())] == [("key-ann", "create"), ("key-ann", "delete")]
    assert [each.redacts for each in ear.received()][1]


def test_who_is_not_known_is_not_told() -> None:
    anonymous = {**PAGE, "history": {**PAGE["history"], "createdBy": {"type": "anonymous", "displayName": "Anonymous"}}}
    sent = confluence("page_created", 100, "ann", "12:00:01")

    assert heard(sent, anonymous).ignored == (Reason.ACTOR_UNKNOWN,)
    assert named(replace(sent, document={**sent.document, "userKey": None})).ignored == (Reason.ACTOR_UNKNOWN,)


@pytest.mark.parametrize(
    "event", ["space_created", "label_added", "user_created", "page_moved", "page_copied", "blog_moved", "x"]
)
def test_other_events_are_not_mapped(event: str) -> None:
    assert named(confluence(event, 1, "ann", "12:00:00")).ignored == (Reason.UNMAPPED,)


def test_several_files_may_come_at_once() -> None:
    sent = confluence("attachment_created", 400, "cy", "12:30:01")
    document = {**sent.document, "attachments": [{"id": "att1"}, {"id": "att2"}]}

    assert [each.reference["id"] for each in named(replace(sent, document=document)).lookups] == ["att1", "att2"]


@pytest.mark.parametrize(
    "change", [{"timestamp": None}, {"timestamp": -1}, {"page": None}, {"page": {"id": []}}, {"event": 7}, {"event": None}]
)
def test_a_delivery_that_lacks_what_it_needs_is_incomplete(change: Mapping[str, Any]) -> None:
    sent = confluence("page_created", 100, "ann", "12:00:01")

    with pytest.raises(Incomplete):
        named(replace(sent, document={**sent.document, **change}))


@pytest.mark.parametrize(
    ("event", "answer"),
    [
        ("page_created", {}),
        ("page_created", []),
        ("page_created", BLOG),
        ("page_created", {**PAGE, "id": "101"}),
        ("page_created", {**PAGE, "space": None}),
        ("page_created", {**PAGE, "history": {"createdDate": "then", "createdBy": person("key-ann")}}),
        ("comment_created", {**REMARK, "id": "100", "container": None}),
        ("attachment_created", {**FILE, "id": "100", "container": {"id": "7", "type": "space"}}),
    ],
)
def test_an_answer_that_lacks_what_is_needed_is_incomplete(event: str, answer: Any) -> None:
    with pytest.raises(Incomplete):
        heard(confluence(event, 100, "ann", "12:00:01"), answer)


def test_an_answer_that_is_no_json_is_incomplete() -> None:
    (lookup,) = named(confluence("page_created", 100, "ann", "12:00:01")).lookups
    assert CONNECTOR.fetch is not None

    with pytest.raises(Incomplete):
        CONNECTOR.fetch.read(CONFLUENCE, lookup, Answer(200, {}, b"<html>"))


def test_a_sample_is_genuine_and_a_test() -> None:
    tried = sample(SECRET, NOW)

    assert VERIFY(Message(tried.headers, tried.body), [SECRET], NOW) is Verdict.GENUINE
    assert read(CONFLUENCE, Delivery({}, orjson.loads(tried.body))).ignored == (Reason.HANDSHAKE,)


def test_what_is_signed_otherwise_is_refused() -> None:
    sent = confluence("page_created", 100, "ann", "12:00:01")
    headers = sent.signed()
    flipped = bytes([sent.body[0] ^ 1]) + sent.body[1:]

    def verdict(shown: Mapping[str, str], body: bytes, secret: bytes = SECRET) -> Verdict:
        return VERIFY(Message(shown, body), [secret], NOW)

    assert verdict(headers, sent.body) is Verdict.GENUINE
    assert verdict(headers, flipped) is verdict(headers, sent.body, b"another secret") is Verdict.FORGED
    assert verdict(headers, orjson.dumps(sent.document, option=orjson.OPT_INDENT_2)) is Verdict.FORGED
    assert verdict({}, sent.body) is Verdict.UNSIGNED


@pytest.mark.parametrize("name", SAMPLES)
def test_a_sample_is_what_the_table_says(name: str) -> None:
    reading = read(CONFLUENCE, Delivery({}, SAMPLES[name]))

    assert [dict(each.reference) for each in reading.lookups] == TABLE[name]
    for lookup in reading.lookups:
        kind = {"blog": "blogpost"}.get(lookup.reference["thing"], lookup.reference["thing"])
        there = content(kind, int(lookup.reference["id"]), "ann", "12:00:00", container={"id": "1", "type": "page"})
        assert len(said(answered(CONFLUENCE, lookup, there))) == 1


def test_the_table_names_no_sample_that_is_not_there() -> None:
    assert TABLE.keys() <= SAMPLES.keys()
