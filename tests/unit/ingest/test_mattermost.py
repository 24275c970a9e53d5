"""What Mattermost's deliveries mean, and what of them is not ours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from services.ingest.connectors.fields import Incomplete
from services.ingest.connectors.mattermost import VERIFY
from services.ingest.connectors.mattermost.events import read
from services.ingest.connectors.registry import HOOKS
from services.ingest.domain.interaction import ChannelId, Kind
from services.ingest.domain.reading import Delivery, Reading, Reason, Rule
from services.ingest.domain.source import Keeps, Platform, Policy
from services.ingest.verifiers import Message, Verdict
from shared.xapi.guard import Limits, Malformed
from tests.support.ingest import NOW, SECRET, Ear, Sent, account_names, acts, as_json
from tests.support.mattermost import (
    HELP,
    MATTERMOST,
    by_form,
    by_json,
    event,
    mattermost_conversation,
    millis,
    named,
    outgoing,
    post,
    posted,
    reaction,
)

OPEN = Policy(keeps=Keeps.TEXT)
ASKED = post("ask", "ann", "How?", "12:00:00")


def heard(sent: Sent, policy: Policy = MATTERMOST.policy) -> Reading:
    return read(replace(sent.source, policy=policy), Delivery(sent.headers, sent.document))


IGNORED = [
    (posted({**ASKED, "type": "system_header_change"}), Reason.SYSTEM_MESSAGE),
    (posted({**ASKED, "type": "custom_calls"}), Reason.SYSTEM_MESSAGE),
    (posted({**ASKED, "props": {"from_bot": "true"}}), Reason.BOT),
    (posted({**ASKED, "props": {"from_webhook": "true"}}), Reason.BOT),
    (posted(ASKED, kind="D"), Reason.DIRECT_MESSAGE),
    (posted(ASKED, kind="G"), Reason.DIRECT_MESSAGE),
    (posted(ASKED, kind="P"), Reason.PRIVATE_CHANNEL),
    (posted(ASKED, kind="something new"), Reason.PRIVATE_CHANNEL),
    (posted({**ASKED, "channel_id": named("other")}), Reason.CHANNEL_NOT_ALLOWED),
    (event("post_edited", "post", ASKED), Reason.UNCHANGED),
    (event("post_edited", "post", {**ASKED, "type": "system_ephemeral", "edit_at": 1}), Reason.SYSTEM_MESSAGE),
    (event("typing", "post", ASKED), Reason.UNMAPPED),
    (by_json({"event": "hello", "data": {}}), Reason.HANDSHAKE),
    (by_json({"event": ["posted"]}), Reason.UNMAPPED),
    (by_json({}), Reason.UNMAPPED),
]


@pytest.mark.parametrize(("sent", "reason"), IGNORED)
def test_what_is_not_ours_is_ignored_with_its_reason(sent: Sent, reason: Reason) -> None:
    reading = heard(sent)

    assert reading.ignored == (reason,)
    assert not reading.decided
    assert not reading.undecided


def test_an_event_that_does_not_name_its_channels_kind_is_heard_only_where_the_channel_is_allowed() -> None:
    liked = event("reaction_added", "reaction", reaction("ask", "cy", "+1", "12:05:00"))

    assert heard(liked).decided
    assert heard(liked, OPEN).ignored == (Reason.PRIVATE_CHANNEL,)
    assert heard(liked, Policy(private=True)).ignored == (Reason.PRIVATE_CHANNEL,)
    assert heard(
        replace(liked, document={**liked.document, "data": {**liked.document["data"], "channel_type": "O"}}), OPEN
    ).decided


@pytest.mark.parametrize("excluded", [named("ann"), "ann"])
def test_an_excluded_account_is_named_by_id_or_user_name(excluded: str) -> None:
    policy = Policy(excluded=account_names(excluded))

    assert heard(by_json(outgoing("first", "ann", "Hm?", "12:12:00")), policy).ignored == (Reason.EXCLUDED_ACCOUNT,)


def test_text_is_kept_only_if_the_policy_says_so_and_never_that_of_a_direct_message() -> None:
    tagged = {**ASKED, "hashtags": "#kafka"}

    def kept(kind: str, policy: Policy) -> tuple[str | None, tuple[str, ...]]:
        (interaction,) = heard(posted(tagged, kind=kind), policy).decided
        return interaction.text, interaction.tags

    assert kept("O", OPEN) == ("How?", ("kafka",))
    assert kept("O", Policy()) == (None, ())
    assert kept("D", Policy(direct=True, keeps=Keeps.TEXT)) == (None, ())


@pytest.mark.parametrize(
    ("message", "questions", "kind"),
    [("How?", (), Kind.ASK), ("So.", (), Kind.POST), ("Help me, please", (HELP,), Kind.ASK)],
)
def test_a_threads_root_asks_by_its_question_mark_or_by_its_channel(message: str, questions: tuple[str, ...], kind: Kind) -> None:
    policy = Policy(question_channels=frozenset(map(ChannelId, questions)))

    assert [each.kind for each in heard(posted({**ASKED, "message": message}), policy).decided] == [kind]


def test_a_reply_waits_for_the_root_of_its_thread() -> None:
    (undecided,) = heard(posted(post("answer", "bea", "So?", "12:01:00", root_id=named("ask")))).undecided

    assert (undecided.rule, undecided.target, undecided.interaction.kind) == (Rule.REPLY, named("ask"), Kind.REPLY)


def test_files_are_attached_to_the_post() -> None:
    (said, one, two) = heard(by_json(outgoing("first", "ann", "See", "12:12:00", file_ids=f"{named('a')},{named('b')}"))).decided

    assert [each.kind for each in (said, one, two)] == [Kind.POST, Kind.ATTACH, Kind.ATTACH]
    assert one.artefact.iri == f"https://chat.acme.example/api/v4/files/{named('a')}"
    assert two.parent == said.artefact


def test_a_form_and_json_tell_the_same() -> None:
    hook, form = HOOKS[Platform.MATTERMOST], by_form("first", "ann", "Wie geht's? & so", "12:12:00")
    written = by_json(outgoing("first", "ann", "Wie geht's? & so", "12:12:00"))

    parsed = hook.parse(Message(form.headers, form.body), Limits())

    assert parsed == form.document
    assert heard(form).decided == heard(written).decided


@pytest.mark.parametrize("body", [b"token=\xff", b"&".join(b"a%d=1" % at for at in range(300))])
def test_a_form_that_is_none_is_malformed(body: bytes) -> None:
    with pytest.raises(Malformed):
        HOOKS[Platform.MATTERMOST].parse(Message(by_form("a", "b", "c", "12:00:00").headers, body), Limits())


def test_the_token_stands_in_the_body_or_in_the_header() -> None:
    form, forwarded = by_form("first", "ann", "Hm?", "12:12:00"), posted(ASKED)
    bearer = {"authorization": f"Bearer {SECRET.decode()}"}

    assert VERIFY(Message({}, form.body), [SECRET], NOW) is Verdict.GENUINE
    assert VERIFY(Message(bearer, forwarded.body), [SECRET], NOW) is Verdict.GENUINE
    assert VERIFY(Message(bearer, form.body), [b"another"], NOW) is Verdict.FORGED
    assert VERIFY(Message({}, forwarded.body), [SECRET], NOW) is Verdict.UNSIGNED
    forged = as_json({**by_json(outgoing("first", "ann", "Hm?", "12:12:00")).document, "token": "x"})
    assert VERIFY(Message(bearer, forged), [SECRET], NOW) is Verdict.FORGED


@pytest.mark.parametrize(
    ("deleted_by", "kind", "actor", "author"),
    [
        (None, Kind.DELETE, "ann", None),
        ("ann", Kind.DELETE, "ann", None),
        ("moderator", Kind.REMOVE, "moderator", "ann"),
    ],
)
def test_a_post_is_deleted_by_its_author_or_removed_by_another(
    deleted_by: str | None, kind: Kind, actor: str, author: str | None
) -> None:
    data = {"delete_by": named(deleted_by)} if deleted_by else {}

    (interaction,) = heard(event("post_deleted", "post", {**ASKED, "delete_at": millis("12:07:00")}, **data)).decided

    assert (interaction.kind, interaction.actor, interaction.happened) == (kind, named(actor), "2026-03-02T12:07:00.000Z")
    assert interaction.author == (named(author) if author else None)


def test_the_delete_of_what_the_system_said_waits_for_what_nobody_said() -> None:
    joined = {**ASKED, "type": "system_join_channel", "delete_at": millis("12:07:00")}

    reading = heard(event("post_deleted", "post", joined))

    assert not reading.decided
    assert [each.rule for each in reading.undecided] == [Rule.WITHDRAWAL]


def test_a_channel_that_was_made_private_is_closed_to_what_does_not_say_so() -> None:
    closed = heard(posted(ASKED, kind="P")).closed
    source = replace(MATTERMOST, closed=frozenset(closed))
    edited = event("post_edited", "post", {**ASKED, "edit_at": millis("12:02:00")})
    liked = event("reaction_added", "reaction", reaction("ask", "cy", "+1", "12:05:00"))

    assert closed == (HELP,)
    assert [heard(replace(each, source=source)).ignored for each in (edited, liked)] == [(Reason.PRIVATE_CHANNEL,)] * 2
    assert heard(replace(posted(ASKED), source=source)).decided
    assert heard(posted(ASKED, kind="D")).closed == ()


async def test_a_channel_that_was_made_public_again_is_told_where_posts_say_so() -> None:
    source, ear = replace(MATTERMOST, closed=frozenset({ChannelId(HELP)})), Ear()
    said_before = post("older", "bob", "Hello.", "11:00:00")

    await ear.hear(*(replace(posted(each), source=source) for each in (said_before, ASKED)))

    assert len(ear.statements()) == 2


def test_a_delete_is_heard_where_nothing_else_is_and_names_nobody() -> None:
    (undecided,) = heard(event("post_deleted", "post", ASKED, channel_type="D")).undecided

    assert (undecided.rule, undecided.interaction.place) == (Rule.WITHDRAWAL, None)


async def test_a_conversation_tells_who_answers_accepts_joins_and_leaves() -> None:
    ear = Ear()

    await ear.hear(*mattermost_conversation())

    told = [(actor.rstrip("z"), verb) for actor, verb, _ in acts(ear.statements())]
    assert told == [
        ("ann", "accept"),
        ("ann", "asked"),
        ("ann", "asked"),
        ("ann", "attach"),
        ("ann", "attach"),
        ("ann", "attach"),
        ("ann", "delete"),
        ("ann", "replied"),
        ("bea", "answered"),
        ("bea", "edited"),
        ("bea", "posted"),
        ("cy", "join"),
        ("cy", "leave"),
        ("cy", "reacted"),
        ("cy", "reacted"),
        ("cy", "unreacted"),
        ("dan", "join"),
        ("moderator", "remove"),
    ]


@pytest.mark.parametrize(
    "change",
    [
        {"id": ""},
        {"user_id": "ann\x00"},
        {"create_at": 0},
        {"create_at": "yesterday"},
        {"create_at": 10**15},
        {"channel_id": None},
    ],
)
def test_what_lacks_what_it_needs_is_incomplete(change: Mapping[str, Any]) -> None:
    with pytest.raises(Incomplete):
        heard(posted({**ASKED, **change}), OPEN)


@pytest.mark.parametrize("inner", ["", "{", "[]", "NaN", None, 7, "[" * 5000])
def test_what_is_no_json_within_json_is_incomplete(inner: object) -> None:
    with pytest.raises(Incomplete):
        heard(by_json({"event": "posted", "data": {"post": inner, "channel_type": "O"}}))


def test_an_emoji_with_an_endless_name_is_incomplete() -> None:
    with pytest.raises(Incomplete):
        heard(event("reaction_added", "reaction", reaction("ask", "cy", "x" * 65, "12:05:00")))
