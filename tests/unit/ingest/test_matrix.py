"""What a homeserver's transactions mean, and what of them is not ours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from services.ingest.connectors.matrix.events import read
from services.ingest.connectors.matrix.transactions import transaction as parsed
from services.ingest.domain.emoji import is_accepting, spelt
from services.ingest.domain.interaction import ArtefactType, ChannelId, Kind
from services.ingest.domain.reading import Delivery, Reading, Reason, Rule
from services.ingest.domain.source import DEFAULT_ACCEPTING, Keeps, Policy
from services.ingest.verifiers import Message
from shared.xapi.guard import Limits
from tests.support.ingest import Ear, account_names, acts, as_json
from tests.support.matrix import (
    ASKED,
    HELP,
    MATRIX,
    event,
    matrix_conversation,
    membership,
    message,
    poll,
    reaction,
    relation,
    reply_to,
    transaction,
    vote,
)


def heard(*events: Any, policy: Policy = MATRIX.policy, closed: tuple[str, ...] = ()) -> Reading:
    source = replace(MATRIX, policy=policy, closed=frozenset(map(ChannelId, closed)))
    return read(source, Delivery({}, transaction(*events).document))


IGNORED: list[tuple[Any, Reason]] = [
    ({**ASKED, "content": {}}, Reason.GONE),
    ({**ASKED, "unsigned": {"redacted_because": {}}}, Reason.GONE),
    (message("m", "ann", "hi", "12:00:00", msgtype="m.notice"), Reason.BOT),
    (message("m", "ann", "here", "12:00:00", msgtype="m.location"), Reason.UNMAPPED),
    (message("m", "ann", "", "12:00:00", msgtype="m.key.verification.request"), Reason.UNMAPPED),
    (event("m", "m.room.encrypted", "ann", {"algorithm": "m.megolm.v1.aes-sha2"}, "12:00:00"), Reason.ENCRYPTED),
    (event("m", "m.room.topic", "ann", {"topic": "?"}, "12:00:00"), Reason.UNMAPPED),
    (event("m", "m.reaction", "ann", {}, "12:00:00"), Reason.GONE),
    (event("m", "m.poll.start", "ann", {}, "12:00:00"), Reason.GONE),
    (event("m", "m.poll.response", "ann", {"m.selections": []}, "12:00:00"), Reason.UNMAPPED),
    (event("m", "m.poll.end", "ann", relation("m.reference", "p1"), "12:00:00"), Reason.UNMAPPED),
    (membership("m", "ann", "join", "12:00:00", before="join"), Reason.UNCHANGED),
    (membership("m", "ann", "invite", "12:00:00", by="bea"), Reason.UNMAPPED),
    (membership("m", "ann", "leave", "12:00:00", before="invite"), Reason.UNMAPPED),
    ({**ASKED, "room_id": "!other:acme.example"}, Reason.CHANNEL_NOT_ALLOWED),
    ({**ASKED, "room_id": "help"}, Reason.INCOMPLETE),
    ({**ASKED, "event_id": "m m"}, Reason.INCOMPLETE),
    ({**ASKED, "sender": "ann"}, Reason.INCOMPLETE),
    ({**ASKED, "origin_server_ts": 10**18}, Reason.INCOMPLETE),
    ({**ASKED, "origin_server_ts": -1}, Reason.INCOMPLETE),
    (reaction("m", "ann", "ask", "x" * 61, "12:00:00"), Reason.INCOMPLETE),
    (message("m", "ann", "* x", "12:00:00", **relation("m.replace", "ask")), Reason.INCOMPLETE),
    (None, Reason.INCOMPLETE),
    ([], Reason.INCOMPLETE),
]


@pytest.mark.parametrize(("sent", "reason"), IGNORED)
def test_what_is_not_ours_is_ignored_with_its_reason(sent: Any, reason: Reason) -> None:
    reading = heard(sent)

    assert reading.ignored == (reason,)
    assert not reading.decided
    assert not reading.undecided


def test_one_event_that_cannot_be_read_stops_none_of_the_others() -> None:
    reading = heard({"type": "m.room.message"}, ASKED, {**ASKED, "sender": 7}, message("n", "bea", "Well.", "12:01:00"))

    assert [each.kind for each in reading.decided] == [Kind.ASK, Kind.POST]
    assert reading.ignored == (Reason.INCOMPLETE, Reason.INCOMPLETE)


def test_a_room_is_heard_only_where_it_is_allowed_since_no_event_says_who_may_read_it() -> None:
    assert heard(ASKED).decided
    assert heard(ASKED, policy=Policy()).ignored == (Reason.PRIVATE_CHANNEL,)
    assert heard(ASKED, policy=Policy(private=True)).ignored == (Reason.PRIVATE_CHANNEL,)
    assert heard(ASKED, policy=Policy(private=True, direct=True)).decided


@pytest.mark.parametrize(
    "sent",
    [
        event("j", "m.room.join_rules", "ann", {"join_rule": "invite"}, "12:00:00", state_key=""),
        event("j", "m.room.member", "ann", {"membership": "invite", "is_direct": True}, "12:00:00", state_key="@b:acme.example"),
    ],
    ids=["a room by invitation", "a direct chat"],
)
def test_a_room_that_shows_to_be_private_is_closed(sent: Mapping[str, Any]) -> None:
    assert heard(sent).closed == (HELP,)
    assert heard(ASKED, closed=(HELP,)).ignored == (Reason.PRIVATE_CHANNEL,)


def test_a_room_that_everybody_may_join_is_not_closed() -> None:
    assert heard(event("j", "m.room.join_rules", "ann", {"join_rule": "public"}, "12:00:00")).closed == ()


def test_excluded_accounts_are_not_heard() -> None:
    policy = replace(MATRIX.policy, excluded=account_names("@ann:acme.example"))

    assert heard(ASKED, policy=policy).ignored == (Reason.EXCLUDED_ACCOUNT,)
    assert heard(membership("m", "ann", "leave", "12:00:00", by="mod"), policy=policy).ignored == (Reason.EXCLUDED_ACCOUNT,)


def test_text_is_kept_only_if_the_policy_says_so() -> None:
    silent = replace(MATRIX.policy, keeps=Keeps.METADATA)

    assert heard(ASKED).decided[0].text == "How?"
    assert [each.text for each in heard(ASKED, policy=silent).decided] == [None]
    assert {each.text for each in heard(poll("p", "ann", "12:00:00"), policy=silent).decided[0].choices} == {None}


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("> <@ann:x> How?\n> Really?\n\nDrain it.", "Drain it."),
        ("> <@ann:x> How?", ""),
        ("> * <@ann:x> wonders\n\nDrain it.", "Drain it."),
        ("> what I found myself\n\nDrain it.", "> what I found myself\n\nDrain it."),
        ("Drain it.\n> not a quotation", "Drain it.\n> not a quotation"),
    ],
)
def test_a_reply_has_no_word_of_what_it_replies_to(body: str, text: str) -> None:
    (undecided,) = heard(message("m", "bea", body, "12:01:00", **reply_to("ask"))).undecided

    assert undecided.interaction.text == (text or None)


def test_a_message_of_a_thread_replies_to_its_root_unless_it_replies_within_it() -> None:
    shown = {"m.in_reply_to": {"event_id": "$last"}}
    falling = relation("m.thread", "ask", is_falling_back=True, **shown)
    within = relation("m.thread", "ask", is_falling_back=False, **shown)

    reading = heard(message("m", "bea", "Yes.", "12:01:00", **falling), message("n", "bea", "Yes.", "12:02:00", **within))

    parents = [(each.interaction.parent, each.interaction.root) for each in reading.undecided]
    assert [(parent and parent.native, root and root.native) for parent, root in parents] == [("$ask", "$ask"), ("$last", "$ask")]


def test_every_message_of_a_room_for_questions_asks_unless_it_replies() -> None:
    policy = replace(MATRIX.policy, question_channels=frozenset({ChannelId(HELP)}))
    begun, replied = message("m", "ann", "Help, please", "12:00:00"), message("n", "bea", "So.", "12:01:00", **reply_to("m"))

    reading = heard(begun, replied, policy=policy)

    assert [each.kind for each in reading.decided] == [Kind.ASK]
    assert [each.interaction.kind for each in reading.undecided] == [Kind.REPLY]


async def test_a_reply_to_an_answer_is_no_answer_itself() -> None:
    ear = Ear()
    answer = message("answer", "bea", "Drain it.", "12:01:00", **reply_to("ask"))

    await ear.hear(transaction(ASKED, answer, message("why", "cy", "Why?", "12:02:00", **reply_to("answer"))))

    assert [verb for _, verb, _ in acts(ear.statements())] == ["asked", "answered", "replied"]


def test_a_file_is_attached_to_its_message_which_says_only_its_caption() -> None:
    bare = message("f", "bea", "a.pdf", "12:00:00", msgtype="m.file", url="mxc://acme.example/a")
    captioned = message("f", "bea", "Read this?", "12:00:00", msgtype="m.image", filename="a.png", url="mxc://acme.example/a")

    assert [(each.kind, each.text) for each in heard(bare).decided] == [(Kind.POST, None), (Kind.ATTACH, None)]
    assert [(each.kind, each.text) for each in heard(captioned).decided] == [(Kind.ASK, "Read this?"), (Kind.ATTACH, None)]
    assert heard(bare).decided[1].artefact.iri == "mxc://acme.example/a"


@pytest.mark.parametrize("url", ["", "no address", "x" * 600, None])
def test_a_file_without_an_address_is_not_told(url: Any) -> None:
    sent = message("f", "bea", "a.pdf", "12:00:00", msgtype="m.file", url=url)

    assert [each.kind for each in heard(sent).decided] == [Kind.POST]


@pytest.mark.parametrize(
    ("key", "written", "accepts"),
    [
        ("✅", "U+2705", True),
        ("✔️", "U+2714", True),
        ("👍🏽", "U+1F44D", False),
        ("👨‍👩", "U+1F468 U+200D U+1F469", False),
        (":white_check_mark:", ":white_check_mark:", True),
        ("ship it", ":ship_it:", False),
        ("mxc://acme.example/e", ":mxc://acme.example/e:", False),
        ("::", ":unknown:", False),
        ("\ufe0f", ":unknown:", False),
    ],
)
def test_a_reaction_is_written_as_its_code_points(key: str, written: str, *, accepts: bool) -> None:
    assert (spelt(key), is_accepting(key, DEFAULT_ACCEPTING)) == (written, accepts)


def test_an_accepting_reaction_waits_for_what_is_known_of_the_thread() -> None:
    assert [each.rule for each in heard(reaction("r", "ann", "answer", "✅", "12:05:00")).undecided] == [Rule.ACCEPTING_REACTION]


def test_a_choice_is_named_as_its_client_named_it_or_by_a_hash() -> None:
    opened, voted = heard(poll("p", "ann", "12:00:00"), vote("v", "bea", "p", "on friday", "12:01:00")).decided

    assert [(each.id, each.text) for each in opened.choices] == [("mon", "Monday"), ("5514ae9d3a71", "Friday")]
    assert voted.chosen == (opened.choices[1].id,)
    assert voted.artefact.type is ArtefactType.POLL


@pytest.mark.parametrize(
    ("now", "before", "by", "kind"),
    [
        ("join", "", "", Kind.JOIN),
        ("leave", "join", "", Kind.LEAVE),
        ("ban", "join", "mod", Kind.LEAVE),
        ("leave", "", "", Kind.LEAVE),
    ],
)
def test_who_joins_or_leaves_is_told_whoever_did_it(now: str, before: str, by: str, kind: Kind) -> None:
    (interaction,) = heard(membership("m", "cy", now, "12:00:00", before=before, by=by)).decided

    assert (interaction.kind, interaction.actor, interaction.artefact.native) == (kind, "@cy:acme.example", HELP)


def test_the_slash_of_an_event_id_is_no_path() -> None:
    (interaction,) = heard({**ASKED, "event_id": "$a/b+c="}).decided

    assert interaction.artefact.iri == "https://matrix.to/#/!help:acme.example/$a%2Fb%2Bc%3D"


def test_an_event_that_is_too_deep_or_too_wide_is_dropped_alone() -> None:
    deep = b'{"type": "m.room.message", "content": ' + b"[" * 70 + b"]" * 70 + b"}"
    body = b'{"events": [' + deep + b"," + as_json(ASKED) + b', {"a": [1, 2, 3, 4]}], "ephemeral": [' + deep + b"]}"

    document = parsed(Message({}, body), Limits(nodes=40))

    assert document == {"events": [None, ASKED, {"a": [1, 2, 3, 4]}]}


async def test_a_conversation_is_told_whole() -> None:
    ear = Ear()

    await ear.hear(*matrix_conversation())

    told = [(actor.partition(":")[0], verb, thing.rpartition("/")[2]) for actor, verb, thing in acts(ear.statements())]
    assert told == [
        ("@ann", "accept", "$answer"),
        ("@ann", "asked", "$ask"),
        ("@ann", "delete", "$thanks"),
        ("@ann", "replied", "$thanks"),
        ("@bea", "answered", "$answer"),
        ("@bea", "asked", "$p1"),
        ("@bea", "asked", "$p2"),
        ("@bea", "attach", "FHyPlCeYUSFF"),
        ("@bea", "edited", "$answer"),
        ("@bea", "posted", "$file"),
        ("@cy", "answered", "$p1"),
        ("@cy", "answered", "$p2"),
        ("@cy", "answered", "$threaded"),
        ("@cy", "join", "!help:acme.example"),
        ("@cy", "leave", "!help:acme.example"),
        ("@cy", "reacted", "$answer"),
        ("@cy", "reacted", "$ask"),
        ("@cy", "unreacted", "$answer"),
        ("@mod", "remove", "$threaded"),
    ]
