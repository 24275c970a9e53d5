"""What depends on what is not known yet: it waits, is given up, or means what its target and its thread's root say."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from services.ingest.domain.interaction import NOBODY, AccountName, Artefact, ArtefactType, Event, Interaction, Kind, NativeId
from services.ingest.domain.reading import Known, Reason, Rule, Undecided, withdrawal
from services.ingest.domain.settlement import WAITING_LONG, Patience, Thread, Waiting, decide, is_orphan, settle
from services.ingest.domain.source import SourceId
from shared.xapi.model import StatementId

EARLY, NOON, LATE = "2026-03-02T11:59:00Z", "2026-03-02T12:00:00Z", "2026-03-02T12:01:30Z"
ANN, BOB, CAT = AccountName("ann"), AccountName("bob"), AccountName("cat")


def artefact(name: str, iri: str = "") -> Artefact:
    return Artefact(NativeId(name), iri or f"https://forum.example/{name}", ArtefactType.FORUM_POST)


def known(name: str, author: AccountName | None = ANN, *, question: bool = False, spoken: bool = True, iri: str = "") -> Known:
    return Known(artefact(name, iri), NativeId("root"), author, question, EARLY, spoken)


def interaction(kind: Kind = Kind.REPLY, **changes: Any) -> Interaction:
    plain = Interaction(Event.CREATED, kind, artefact("reply"), BOB, NOON, None, parent=artefact("root"), root=artefact("root"))
    return replace(plain, **changes)


def undecided(rule: Rule, **changes: Any) -> Undecided:
    return Undecided(rule, NativeId("target"), interaction(**changes))


def meant(one: Undecided, target: Known | None = None, root: Known | None = None) -> Interaction:
    decided = decide(one, Thread(target, root), Patience.WAITING)
    assert isinstance(decided, Interaction)
    return decided


AS_IT_IS = interaction()
GIVEN_UP = {
    Rule.REPLY: AS_IT_IS,
    Rule.COMMENT: AS_IT_IS,
    Rule.ACCEPTING_REACTION: AS_IT_IS,
    Rule.BARE_TOPIC: AS_IT_IS,
    Rule.MOVED: AS_IT_IS,
    Rule.DELETION: AS_IT_IS,
    Rule.CHANGE: AS_IT_IS,
    Rule.LEAVING: AS_IT_IS,
    Rule.UPON_NAMED: AS_IT_IS,
    Rule.NOTICED: AS_IT_IS,
    Rule.PRESENCE: AS_IT_IS,
    Rule.SOLUTION: Reason.ACTOR_UNKNOWN,
    Rule.WITHDRAWAL: Reason.ACTOR_UNKNOWN,
    Rule.TAKEN_BACK: Reason.ACTOR_UNKNOWN,
    Rule.TOPIC_VOTE: Reason.INCOMPLETE,
    Rule.FORMER: Reason.TOLD_ALREADY,
}


@pytest.mark.parametrize("rule", sorted(GIVEN_UP))
def test_it_waits_for_what_is_not_known_and_is_given_up_in_the_end(rule: Rule) -> None:
    waiting = undecided(rule)

    assert decide(waiting, Thread(), Patience.WAITING) is None
    assert is_orphan(waiting, Thread())
    assert decide(waiting, Thread(), Patience.SPENT) == GIVEN_UP[rule]


def test_only_what_is_derived_waits_for_nothing() -> None:
    assert set(Rule) - set(GIVEN_UP) == {Rule.DERIVED}
    assert meant(undecided(Rule.DERIVED)) == AS_IT_IS
    assert not is_orphan(undecided(Rule.DERIVED), Thread())


def test_what_means_nothing_without_what_it_waits_for_waits_longest() -> None:
    nothing = {rule for rule, end in GIVEN_UP.items() if isinstance(end, Reason)}

    assert nothing - {Rule.FORMER} == WAITING_LONG


def test_what_was_told_without_its_root_is_told_so_for_ever() -> None:
    thread = Thread(root=known("root", question=True))
    waiting = Waiting(SourceId("forum"), StatementId("1"), undecided(Rule.REPLY), thread)

    first, orphan = (settle(each, Patience.WAITING) for each in (waiting, replace(waiting, orphan=True)))

    assert isinstance(first, Interaction)
    assert (first.kind, orphan) == (Kind.ANSWER, AS_IT_IS)


@pytest.mark.parametrize(
    ("root", "changes", "kind"),
    [
        (known("root", question=True), {}, Kind.ANSWER),
        (known("root"), {}, Kind.REPLY),
        (known("root", BOB, question=True), {}, Kind.REPLY),
        (known("root", question=True), {"root": None, "parent": None}, Kind.ANSWER),
        (known("elsewhere", question=True), {}, Kind.REPLY),
    ],
    ids=["a question", "no question", "one's own", "named by nothing else", "of another thread"],
)
def test_a_reply_to_somebody_elses_question_is_an_answer(root: Known, changes: dict[str, Any], kind: Kind) -> None:
    assert meant(undecided(Rule.REPLY, **changes), root=root).kind is kind


def test_a_reply_to_the_root_is_told_to_its_author_and_one_further_down_to_whom_it_names() -> None:
    further = undecided(Rule.REPLY, parent=artefact("reply 1"), author=CAT)

    assert meant(undecided(Rule.REPLY), root=known("root")).author == ANN
    assert meant(further, root=known("root")).author == CAT


def test_what_was_said_upon_a_newer_version_of_the_root_was_said_upon_the_root() -> None:
    version = known("version", iri="https://forum.example/root")
    upon = undecided(Rule.REPLY, parent=version.artefact, root=version.artefact)

    said = meant(upon, version, known("root"))

    assert (said.parent, said.root, said.author) == (artefact("root"), artefact("root"), ANN)


def test_what_was_said_elsewhere_or_below_stays_where_it_was_said() -> None:
    version, elsewhere = known("version", iri="https://forum.example/root"), known("version")
    further = undecided(Rule.REPLY, parent=artefact("reply 1"), root=version.artefact)
    upon = undecided(Rule.REPLY, parent=elsewhere.artefact, root=elsewhere.artefact)

    below, apart = meant(further, version, known("root")), meant(upon, elsewhere, known("root"))

    assert (below.parent, below.root) == (artefact("reply 1"), artefact("root"))
    assert (apart.parent, apart.root) == (elsewhere.artefact, elsewhere.artefact)


@pytest.mark.parametrize(
    ("root", "target", "kind"),
    [
        (known("root", BOB, question=True), known("reply"), Kind.ACCEPT),
        (known("root", BOB), known("reply"), Kind.REACT),
        (known("root", CAT, question=True), known("reply"), Kind.REACT),
        (known("root", BOB, question=True), known("root", BOB, question=True), Kind.REACT),
    ],
    ids=["the asker's", "no question", "somebody else's", "upon the question"],
)
def test_only_who_asked_accepts_and_only_a_reply(root: Known, target: Known, kind: Kind) -> None:
    reaction = undecided(Rule.ACCEPTING_REACTION, kind=Kind.REACT)

    assert meant(reaction, target, root).kind is kind


def test_an_acceptance_names_who_answered_and_is_taken_back_as_one() -> None:
    root, answer = known("root", BOB, question=True), known("reply", CAT)

    accepted = meant(undecided(Rule.ACCEPTING_REACTION, kind=Kind.REACT, parent=None, root=None), answer, root)
    unaccepted = meant(undecided(Rule.ACCEPTING_REACTION, kind=Kind.UNREACT), answer, root)

    assert (accepted.author, accepted.parent, accepted.root) == (CAT, root.artefact, root.artefact)
    assert unaccepted.kind is Kind.UNACCEPT


def test_what_was_moved_and_told_is_not_told_again_and_was_taken_back_as_what_it_was() -> None:
    former = undecided(Rule.FORMER, kind=Kind.DELETE)
    before, now = known("before"), known("now")

    assert decide(undecided(Rule.MOVED), Thread(root=before), Patience.SPENT) is Reason.TOLD_ALREADY
    assert decide(former, Thread(now, now), Patience.SPENT) is Reason.TOLD_ALREADY
    assert decide(former, Thread(now), Patience.WAITING) is None
    assert decide(former, Thread(root=before), Patience.WAITING) is None
    assert meant(former, now, before) == replace(former.interaction, artefact=before.artefact)
    assert meant(undecided(Rule.FORMER, actor=NOBODY), now, before).actor == ANN
    assert decide(undecided(Rule.FORMER, actor=NOBODY), Thread(now, known("before", None)), Patience.WAITING) is Reason.BOT


def test_a_topic_whose_first_post_came_is_not_told_by_its_title() -> None:
    assert decide(undecided(Rule.BARE_TOPIC), Thread(known("root")), Patience.SPENT) is Reason.TOLD_ALREADY
    assert decide(undecided(Rule.BARE_TOPIC), Thread(known("root", spoken=False)), Patience.SPENT) == AS_IT_IS


@pytest.mark.parametrize("rule", [Rule.WITHDRAWAL, Rule.TAKEN_BACK])
def test_what_a_bot_made_is_taken_back_by_nobody(rule: Rule) -> None:
    assert decide(undecided(rule), Thread(known("reply", None)), Patience.WAITING) is Reason.BOT


def test_what_is_taken_back_without_a_word_was_by_its_author_and_when_it_was_made() -> None:
    gone = meant(withdrawal(artefact("reply"), ""), known("reply"))

    assert (gone.kind, gone.actor, gone.happened) == (Kind.DELETE, ANN, EARLY)
    assert meant(withdrawal(artefact("reply"), LATE), known("reply")).happened == LATE


@pytest.mark.parametrize("actor", [ANN, NOBODY])
@pytest.mark.parametrize("rule", [Rule.WITHDRAWAL, Rule.TAKEN_BACK])
def test_who_removes_an_own_message_deletes_it(rule: Rule, actor: AccountName) -> None:
    kind = Kind.REMOVE if rule is Rule.WITHDRAWAL else Kind.DELETE

    gone = meant(undecided(rule, kind=kind, actor=actor, author=None), known("reply"))

    assert (gone.kind, gone.actor, gone.author) == (Kind.DELETE, ANN, None)


@pytest.mark.parametrize("rule", [Rule.WITHDRAWAL, Rule.TAKEN_BACK, Rule.DELETION])
def test_who_takes_back_what_another_wrote_removes_it(rule: Rule) -> None:
    gone = meant(undecided(rule, kind=Kind.REMOVE if rule is Rule.WITHDRAWAL else Kind.DELETE), known("reply"))

    assert (gone.kind, gone.actor, gone.author) == (Kind.REMOVE, BOB, ANN)


def test_a_reaction_that_is_taken_back_is_one_no_more() -> None:
    reaction = replace(known("reaction", CAT, spoken=False), artefact=artefact("reaction", "https://forum.example/m"))

    gone = meant(undecided(Rule.TAKEN_BACK, kind=Kind.DELETE), reaction)

    assert (gone.event, gone.kind, gone.actor) == (Event.REACTION_REMOVED, Kind.UNREACT, CAT)
    assert gone.artefact == artefact("root", "https://forum.example/m")


def test_a_version_that_is_not_of_the_messages_author_never_was_one() -> None:
    version, message = (known(name, author, iri="https://forum.example/m") for name, author in (("v", CAT), ("m", ANN)))

    assert decide(undecided(Rule.TAKEN_BACK), Thread(version, message), Patience.WAITING) is Reason.FORGED
    assert meant(undecided(Rule.TAKEN_BACK), version, replace(message, author=CAT)).author == CAT
    assert meant(undecided(Rule.TAKEN_BACK), version, known("elsewhere")).author == CAT
    assert meant(undecided(Rule.TAKEN_BACK), replace(version, spoken=False), message).kind is Kind.UNREACT


@pytest.mark.parametrize(("author", "expected"), [(BOB, AS_IT_IS), (None, AS_IT_IS), (ANN, Reason.FORGED)])
def test_what_another_than_its_author_changes_changes_nothing(author: AccountName | None, expected: Interaction | Reason) -> None:
    assert decide(undecided(Rule.CHANGE), Thread(known("reply", author)), Patience.WAITING) == expected


@pytest.mark.parametrize("author", [BOB, None])
def test_who_deletes_what_is_theirs_or_nobodys_deletes_it(author: AccountName | None) -> None:
    assert meant(undecided(Rule.DELETION, kind=Kind.DELETE), known("reply", author)).kind is Kind.DELETE


def test_an_act_upon_what_nobody_is_named_to_have_written_may_be_its_authors() -> None:
    assert meant(undecided(Rule.UPON_NAMED), known("reply")) == AS_IT_IS
    assert decide(undecided(Rule.UPON_NAMED), Thread(known("reply", None)), Patience.SPENT) is Reason.ACTOR_UNKNOWN


def test_the_topic_says_who_accepted_and_when_it_was_voted_for() -> None:
    vote = meant(undecided(Rule.TOPIC_VOTE), root=known("root"))

    assert meant(undecided(Rule.SOLUTION, actor=NOBODY), root=known("root")).actor == ANN
    assert decide(undecided(Rule.SOLUTION), Thread(root=known("root", None)), Patience.WAITING) is Reason.ACTOR_UNKNOWN
    assert (vote.happened, vote.author) == (EARLY, ANN)
    assert decide(undecided(Rule.TOPIC_VOTE), Thread(root=known("root", spoken=False)), Patience.WAITING) is None


@pytest.mark.parametrize(("left", "seconds"), [(NOON, 60), (EARLY, 0), ("2026-03-02T11:58:00Z", None)])
def test_who_leaves_was_there_since_they_joined_unless_that_was_later(left: str, seconds: int | None) -> None:
    said = meant(undecided(Rule.LEAVING, actor=NOBODY, happened=left), known("session"))

    assert (said.actor, said.seconds) == (ANN, seconds)


def test_a_guest_leaves_as_nobody() -> None:
    guest, nobody = undecided(Rule.LEAVING, actor=NOBODY), Thread(known("session", None))

    assert decide(guest, nobody, Patience.WAITING) is Reason.ACTOR_UNKNOWN
    assert decide(guest, Thread(), Patience.SPENT) is Reason.ACTOR_UNKNOWN
    assert decide(undecided(Rule.PRESENCE), nobody, Patience.WAITING) is Reason.ACTOR_UNKNOWN
    assert meant(undecided(Rule.PRESENCE), known("session")).actor == ANN


def test_what_has_no_time_happened_when_it_was_first_noticed() -> None:
    assert meant(undecided(Rule.NOTICED), known("noticed")).happened == EARLY


def test_a_comment_is_upon_what_its_address_turns_out_to_name() -> None:
    comment = undecided(Rule.COMMENT, kind=Kind.COMMENT)
    further = undecided(Rule.COMMENT, kind=Kind.COMMENT, root=artefact("page"))

    said, below, own = (
        meant(comment, root=known("post")),
        meant(further, root=known("post")),
        meant(comment, root=known("post", BOB)),
    )

    assert (said.parent, said.root, said.author) == (artefact("post"), artefact("post"), ANN)
    assert (below.parent, below.root, own.author) == (artefact("post"), artefact("page"), None)
