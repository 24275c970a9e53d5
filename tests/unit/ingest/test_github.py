"""What GitHub's deliveries mean, and what of them is not ours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

import orjson
import pytest

from services.ingest.connectors.fields import Incomplete
from services.ingest.connectors.github.events import read
from services.ingest.connectors.registry import HOOKS
from services.ingest.domain.interaction import ChannelId, Kind
from services.ingest.domain.reading import Delivery, Reading, Reason, Rule
from services.ingest.domain.source import Keeps, Platform, Policy
from services.ingest.verifiers import Message
from shared.xapi.guard import Limits, Malformed
from tests.support.github import (
    GITHUB,
    QUESTIONS,
    REPOSITORY,
    comment,
    delivery_id,
    edit,
    github,
    github_conversation,
    person,
    topic,
)
from tests.support.ingest import Ear, Sent, account_names, acts

DOCUMENTED = "72d3162e-cc78-11e3-81ab-4c9367dc0958"
"""The delivery's id in GitHub's documentation."""


def heard(sent: Sent, policy: Policy | None = None) -> Reading:
    source = replace(sent.source, policy=policy) if policy else sent.source
    return read(source, Delivery(sent.headers, sent.document))


ASKED = topic(4, 11, "How do I restart the broker?", "12:00:00", category=QUESTIONS)
ANSWER = comment(41, 12, "Drain it first.", "12:05:00", parent_id=None)
BOT = {"id": 99, "login": "helper[bot]", "type": "Bot"}
OPENED = github("issues", "opened", 11, "12:00:01", issue=topic(5, 11, "Wrong", "12:00:00"))


def answered(**more: Any) -> Sent:
    return github("discussion_comment", "created", 12, "12:05:01", discussion=ASKED, comment={**ANSWER, **more})


@pytest.mark.parametrize(
    ("title", "category", "kind"),
    [
        ("How?", QUESTIONS, Kind.ASK),
        ("Help with brokers", QUESTIONS, Kind.ASK),
        ("How?", {**QUESTIONS, "is_answerable": False}, Kind.ASK),
        ("Look what I made", {**QUESTIONS, "is_answerable": False}, Kind.POST),
    ],
)
def test_a_discussion_asks_by_its_category_or_by_its_title(title: str, category: Mapping[str, Any], kind: Kind) -> None:
    sent = github("discussion", "created", 11, "12:00:01", discussion=topic(4, 11, title, "12:00:00", category=category))

    assert [each.kind for each in heard(sent).decided] == [kind]


@pytest.mark.parametrize("named", ["501", "acme/handbook", "Acme/Handbook"])
def test_every_issue_of_a_repository_for_questions_asks(named: str) -> None:
    policy = Policy(question_channels=frozenset({ChannelId(named)}))

    assert [each.kind for each in heard(OPENED, policy).decided] == [Kind.ASK]


@pytest.mark.parametrize(
    ("change", "kind"),
    [({}, Kind.ANSWER), ({"user": person(11)}, Kind.REPLY), ({"parent_id": 40}, Kind.REPLY)],
    ids=["somebody else's comment", "the asker's own", "a reply to a comment"],
)
def test_a_comment_answers_somebody_elses_question(change: Mapping[str, Any], kind: Kind) -> None:
    (interaction,) = heard(answered(**change)).decided

    assert interaction.kind is kind
    assert interaction.author == (None if "parent_id" in change else "11")


def test_a_question_of_a_bot_has_no_answers() -> None:
    sent = github("discussion_comment", "created", 12, "12:05:01", discussion={**ASKED, "user": BOT}, comment=ANSWER)

    (interaction,) = heard(sent).decided
    assert (interaction.kind, interaction.author) == (Kind.REPLY, None)


@pytest.mark.parametrize("excluded", ["12", "user12", "User12"])
def test_an_excluded_account_is_named_by_id_or_login(excluded: str) -> None:
    reading = heard(answered(), Policy(excluded=account_names(excluded)))

    assert reading.ignored == (Reason.EXCLUDED_ACCOUNT,)
    assert [known.author for known in reading.known] == [None]


def test_bots_are_not_heard() -> None:
    assert heard(answered(user=BOT)).ignored == (Reason.BOT,)
    assert heard(answered(user={**BOT, "type": "User"})).ignored == (Reason.BOT,)


@pytest.mark.parametrize("repository", [{"private": True}, {"private": True, "visibility": "private"}, {"private": None}])
def test_a_private_repository_is_not_heard(repository: Mapping[str, Any]) -> None:
    bare = {name: value for name, value in REPOSITORY.items() if name != "visibility"}
    sent = replace(OPENED, document={**OPENED.document, "repository": {**bare, **repository}})

    assert heard(sent).ignored == (Reason.PRIVATE_CHANNEL,)


def test_a_repository_that_the_whole_enterprise_sees_is_not_private() -> None:
    internal = {**REPOSITORY, "private": True, "visibility": "internal"}

    assert heard(replace(OPENED, document={**OPENED.document, "repository": internal})).decided


@pytest.mark.parametrize(("named", "reasons"), [("501", ()), ("ACME/handbook", ()), ("acme/x", (Reason.CHANNEL_NOT_ALLOWED,))])
def test_only_repositories_of_the_allow_list_are_heard(named: str, reasons: tuple[Reason, ...]) -> None:
    assert heard(OPENED, Policy(channels=frozenset({ChannelId(named)}))).ignored == reasons


def test_text_is_kept_only_if_the_policy_says_so() -> None:
    assert heard(OPENED, Policy(keeps=Keeps.METADATA)).decided[0].text is None
    assert heard(OPENED).decided[0].text == "Wrong Really."


@pytest.mark.parametrize(
    ("sender", "kind", "actor", "author"),
    [(person(12), Kind.DELETE, "12", None), (person(14), Kind.REMOVE, "14", "12"), (BOT, Kind.DELETE, "12", None)],
    ids=["its author", "a maintainer", "a bot"],
)
def test_a_comment_is_deleted_by_its_author_or_removed_by_another(
    sender: Mapping[str, Any], kind: Kind, actor: str, author: str | None
) -> None:
    sent = github("discussion_comment", "deleted", 12, "12:14:00", discussion=ASKED, comment=ANSWER)

    (interaction,) = heard(replace(sent, document={**sent.document, "sender": sender})).decided

    assert (interaction.kind, interaction.actor, interaction.author) == (kind, actor, author)
    assert interaction.happened == "2026-03-02T12:14:00.000000Z"


@pytest.mark.parametrize("change", [{"repository": {**REPOSITORY, "private": True}}, {"comment": {**ANSWER, "user": None}}])
def test_a_delete_is_heard_where_nothing_else_is_once_it_is_known_what_was_said(change: Mapping[str, Any]) -> None:
    sent = github("discussion_comment", "deleted", 12, "12:14:00", discussion=ASKED, comment=ANSWER)

    (undecided,) = heard(replace(sent, document={**sent.document, **change})).undecided

    assert undecided.rule is Rule.WITHDRAWAL


async def test_a_maintainer_is_told_of_also_where_the_repository_is_heard_no_more() -> None:
    sent = github("discussion_comment", "deleted", 14, "12:14:00", discussion=ASKED, comment=ANSWER)
    ear, hidden = Ear(), {**REPOSITORY, "private": True}

    await ear.hear(answered(), replace(sent, document={**sent.document, "repository": hidden}))

    assert ("14", "remove", "github.com/acme/handbook/discussions/4#discussioncomment-41") in acts(ear.statements())


def test_an_edit_by_another_names_the_author() -> None:
    better = edit(ANSWER, "12:06:00", body="Drain it.")

    (interaction,) = heard(github("discussion_comment", "edited", 14, "12:06:01", discussion=ASKED, **better)).decided

    assert (interaction.actor, interaction.author, interaction.text) == ("14", "12", "Drain it.")


def test_several_pages_of_a_wiki_are_told_at_once() -> None:
    page = {"page_name": "Wie geht es?", "title": "Wie geht es?", "action": "created", "sha": "a" * 40}
    sent = github("gollum", "", 12, "12:40:00", pages=[page, {**page, "action": "edited"}, {**page, "action": "burnt"}])

    reading = heard(sent)

    assert [(each.kind, each.artefact.title) for each in reading.decided] == [(Kind.CREATE, "Wie geht es?"), (Kind.EDIT, None)]
    assert reading.decided[0].artefact.iri == "https://github.com/acme/handbook/wiki/Wie%20geht%20es%3F"
    assert reading.ignored == (Reason.UNMAPPED,)


def test_a_comment_on_a_pull_request_belongs_to_it() -> None:
    issue = {**topic(6, 11, "Mend it", "12:00:00"), "pull_request": {"url": "https://api.github.com/x"}}

    (interaction,) = heard(github("issue_comment", "created", 12, "12:01:00", issue=issue, comment=ANSWER)).decided

    assert interaction.root is not None
    assert (interaction.root.native, interaction.root.iri) == ("501/issues/6", "https://github.com/acme/handbook/pull/6")


def test_who_joins_is_told_at_the_time_that_the_deliverys_id_is_made_of() -> None:
    sent = github("member", "added", 11, "12:46:00", member=person(14))

    (interaction,) = heard(sent).decided

    assert interaction.happened == "2026-03-02T12:46:00.000000Z"
    for other in ("", "no id", "0e37b5a5-3a7d-4a53-8dd5-5d6f3f8e7a11", "00000000-0000-1000-8000-000000000000"):
        with pytest.raises(Incomplete):
            heard(replace(sent, headers={"x-github-delivery": other}))


def test_a_star_is_taken_back_when_its_repository_changed_where_the_deliverys_id_is_of_another_kind() -> None:
    sent = github("star", "deleted", 11, "12:46:00", starred_at=None)

    (interaction,) = heard(replace(sent, headers={"x-github-delivery": "0e37b5a5-3a7d-4a53-8dd5-5d6f3f8e7a11"})).decided

    assert (interaction.kind, interaction.happened) == (Kind.UNBOOKMARK, "2026-03-02T12:00:00.000Z")


def test_an_id_of_a_delivery_is_as_github_makes_it() -> None:
    assert delivery_id("2014-04-25T12:52:24.582507Z")[:18] == DOCUMENTED[:18]


def test_the_page_of_an_organisation_may_be_given_as_the_workspace() -> None:
    source = replace(GITHUB, workspace="https://github.acme.example/acme")

    assert heard(replace(OPENED, source=source)).decided[0].artefact.iri == "https://github.acme.example/acme/handbook/issues/5"


@pytest.mark.parametrize(
    "change",
    [
        {"issue": {**topic(5, 11, "Wrong", "12:00:00"), "user": None}},
        {"issue": {**topic(5, 11, "Wrong", "12:00:00"), "created_at": "yesterday"}},
        {"issue": topic(0, 11, "Wrong", "12:00:00")},
        {"issue": topic(5, 2**70, "Wrong", "12:00:00")},
        {"repository": {**REPOSITORY, "full_name": "acme/hand book"}},
        {"repository": {**REPOSITORY, "id": None}},
    ],
)
def test_what_lacks_what_it_needs_is_incomplete(change: Mapping[str, Any]) -> None:
    with pytest.raises(Incomplete):
        heard(replace(OPENED, document={**OPENED.document, **change}))


@pytest.mark.parametrize("name", ["p" * 300, "a\x00b", ""])
def test_a_page_without_a_name_is_incomplete(name: str) -> None:
    page = {"page_name": name, "title": "T", "action": "created", "sha": "a" * 40}

    with pytest.raises(Incomplete):
        heard(github("gollum", "", 12, "12:40:00", pages=[page]))


async def test_a_conversation_refers_only_to_what_is_told() -> None:
    ear = Ear()

    await ear.hear(*github_conversation())

    told = {each["id"]: each for each in ear.statements()}
    unheard = {each["context"].get("statement", {}).get("id"): each["object"]["id"] for each in told.values()}
    assert [unheard[each] for each in unheard.keys() - told.keys() if each] == ["https://github.com/acme/handbook/wiki/Home"]


def test_a_form_holds_the_same_as_json() -> None:
    document = {"zen": "Ä & b=1", "hook_id": 1}
    kind = {"content-type": "application/x-www-form-urlencoded; charset=utf-8"}
    body = urlencode({"payload": orjson.dumps(document).decode()}).encode()

    parse = HOOKS[Platform.GITHUB].parse

    assert parse(Message(kind, body), Limits()) == document
    assert parse(Message({"content-type": "application/json"}, orjson.dumps(document)), Limits()) == document


@pytest.mark.parametrize("body", [b"", b"a=1", b"payload=", b"payload=%7B", b"payload=%5B%5D", b"\xff"])
def test_a_form_without_json_is_malformed(body: bytes) -> None:
    with pytest.raises(Malformed):
        HOOKS[Platform.GITHUB].parse(Message({"content-type": "application/x-www-form-urlencoded"}, body), Limits())


def test_who_changes_what_a_review_says_is_told() -> None:
    review = {"id": 61, "user": person(13), "body": "Well said!", "submitted_at": "2026-03-02T12:31:00Z", "state": "commented"}
    changes, change = {"body": {"from": "Well said."}}, topic(6, 12, "Mend the runbook", "12:30:00")
    sent = github("pull_request_review", "edited", 13, "12:40:00", pull_request=change, review=review, changes=changes)

    (edited,) = heard(sent).decided

    assert (edited.kind, edited.actor, edited.happened) == (Kind.EDIT, "13", "2026-03-02T12:40:00.000000Z")
    assert edited.artefact.iri == "https://github.com/acme/handbook/pull/6#pullrequestreview-61"
