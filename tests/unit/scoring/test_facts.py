from __future__ import annotations

from datetime import UTC, datetime

import msgspec
import pytest

from services.scoring.domain.act import Act, Unreadable, key_of, read_act
from services.scoring.domain.facts import Fact, facts, receipt
from services.scoring.domain.rules import RULES, VERSION, Dimension, Receives, definition, rule_of
from services.scoring.domain.week import week_of
from shared.contracts import Enriched, Status
from shared.xapi.vocabulary import ActivityType, Verb
from tests.support.community import artefact, enriched, learner, link, statement_id


def act(verb: str, **said: object) -> Act:
    return read_act(enriched(1, verb, **said))


def only(found: tuple[Fact, ...]) -> Fact:
    (fact,) = found
    return fact


@pytest.mark.parametrize(
    ("moment", "week"),
    [
        (datetime(1970, 1, 5, tzinfo=UTC), 0),
        (datetime(1970, 1, 4, 23, 59, 59, 999999, tzinfo=UTC), -1),
        (datetime(1970, 1, 11, 23, 59, 59, tzinfo=UTC), 0),
        (datetime(2026, 3, 2, tzinfo=UTC), 2930),
        (datetime(1, 1, 1, tzinfo=UTC), -102738),
    ],
)
def test_weeks_begin_on_monday_in_utc(moment: datetime, week: int) -> None:
    assert week_of(moment) == week


@pytest.mark.parametrize(
    ("confidence", "actor", "author", "kappa"),
    [(1.0, True, True, 1_000_000), (1.0, True, False, 700_000), (0.9, False, True, 630_000), (0.85, False, False, 255_000)],
)
def test_kappa_is_confidence_times_who_is_enrolled(confidence: float, actor: bool, author: bool, kappa: int) -> None:  # noqa: FBT001
    like = act(Verb.LIKED, object=artefact(1), author=learner(2), links=(link(confidence, actor=actor, author=author),))

    fact = only(facts(like))

    assert (fact.kappa, fact.grounded) == (kappa, kappa // 2)


def test_who_contributes_is_actor_and_beneficiary() -> None:
    question = act(Verb.ASKED, object=artefact(1), links=(link(actor=True, author=False),))

    fact = only(facts(question))

    assert (fact.kappa, fact.beneficiary, fact.actor, fact.counted) == (1_000_000, fact.actor, fact.beneficiary, False)


def test_the_best_link_counts_and_of_equals_the_first_by_name() -> None:
    links = (link(0.5, course="https://e.org/a"), link(0.9, course="https://e.org/c"), link(0.9, course="https://e.org/b"))

    straight, turned = (
        only(facts(act(Verb.LIKED, object=artefact(1), author=learner(2), links=order))) for order in (links, links[::-1])
    )

    assert straight == turned
    assert straight.course == "https://e.org/b"


def test_what_is_linked_to_no_course_is_informal_only() -> None:
    like = act(Verb.LIKED, object=artefact(1), author=learner(2), links=())

    fact = only(facts(like))

    assert (fact.weight, fact.kappa, fact.grounded, fact.course, fact.method, fact.evidence) == (500_000, 0, 0, None, None, None)


def test_acts_upon_ones_own_artefacts_are_evidence_of_nothing() -> None:
    own = [
        act(Verb.LIKED, object=artefact(1), author=learner(1), links=(link(),)),
        act(Verb.REPLIED, object=artefact(2), parent=artefact(1), author=learner(1), links=(link(),)),
    ]

    assert [facts(each) for each in own] == [(), ()]


def test_an_answer_gives_the_asker_no_reception_and_shows_that_the_question_was_read() -> None:
    answer = act(Verb.ANSWERED, object=artefact(2), parent=artefact(1), author=learner(2), links=(link(),))

    received = receipt(answer)

    assert [fact.dimension for fact in facts(answer)] == [Dimension.CONTRIBUTION]
    assert received is not None
    assert received.artefact == read(artefact(1))


def read(iri: str) -> object:
    received = receipt(act(Verb.VIEWED, object=iri))
    assert received is not None
    return received.artefact


@pytest.mark.parametrize("status", [Status.VOIDED, Status.REDACTED])
def test_what_was_taken_back_is_evidence_of_nothing(status: Status) -> None:
    gone = act(Verb.REPLIED, status=status, object=artefact(2), parent=artefact(1), author=learner(2), links=(link(),))

    assert (facts(gone), receipt(gone)) == ((), None)


@pytest.mark.parametrize("missing", [{"learner": None}, {"object": None}, {"author": None}])
def test_what_nobody_knows_gives_no_reception(missing: dict[str, None]) -> None:
    like = enriched(1, Verb.LIKED, object=artefact(1), author=learner(2), links=(link(),))

    assert facts(read_act(msgspec.structs.replace(like, **missing))) == ()


@pytest.mark.parametrize("missing", [{"learner": None}, {"object": None}])
def test_of_an_act_of_nobody_or_upon_nothing_there_is_no_receipt(missing: dict[str, None]) -> None:
    view = msgspec.structs.replace(enriched(1, Verb.VIEWED, object=artefact(1)), **missing)

    assert receipt(read_act(view)) is None


def test_who_posts_what_is_no_activity_contributes_nothing() -> None:
    assert facts(act(Verb.POSTED, object=None, links=(link(),))) == ()


@pytest.mark.parametrize(
    "wrong",
    [
        {"revision": -1},
        {"revision": 2**63},
        {"id": "1"},
        {"timestamp": "yesterday"},
        {"learner": "ann"},
        {"author": "ann"},
        {"copy_of": "1"},
        {"upon_copy_of": "1"},
        {"links": (link(1.000001),)},
        {"links": (link(-0.000001),)},
    ],
)
def test_a_message_that_names_nothing_that_could_be_counted_is_unreadable(wrong: dict[str, object]) -> None:
    like = enriched(1, Verb.LIKED, object=artefact(1), author=learner(2))

    with pytest.raises(Unreadable):
        read_act(msgspec.structs.replace(like, **wrong))


def test_the_keys_of_artefacts_stand_for_ever_and_any_text_has_one() -> None:
    """A change of these leaves every artefact without those who received it."""
    assert str(key_of(artefact(1))) == "61d58298-7f3f-7c28-8536-a6114a055e53"
    assert len({key_of(artefact(1)), key_of(artefact(2)), key_of("\ud800")}) == 3


def test_a_reply_to_nothing_that_is_named_is_upon_what_it_made() -> None:
    reply = act(Verb.REPLIED, object=artefact(2), parent=None, author=learner(2))

    reception, contribution = facts(reply)

    assert (reception.object, contribution.object) == (artefact(2), artefact(2))


@pytest.mark.parametrize(("confidence", "kappa"), [(0.0, 0), (1.0, 1_000_000)])
def test_a_link_may_be_of_no_confidence_or_of_all(confidence: float, kappa: int) -> None:
    assert only(facts(act(Verb.LIKED, object=artefact(1), author=learner(2), links=(link(confidence),)))).kappa == kappa


def test_it_says_who_its_people_were_before_they_were_known() -> None:
    both = act(Verb.LIKED, author=learner(2), learner_before=learner(8), author_before=learner(9))

    assert {(str(was), str(now)) for was, now in both.identified} == {(learner(8), learner(1)), (learner(9), learner(2))}
    assert act(Verb.LIKED, author=learner(2)).identified == frozenset()
    assert act(Verb.LIKED, learner=None, learner_before=learner(8), author_before=learner(9)).identified == frozenset()


def test_revisions_reach_from_nothing_to_the_last_number_of_a_column() -> None:
    like = enriched(1, Verb.LIKED, object=artefact(1))

    ends = [read_act(msgspec.structs.replace(like, revision=revision)).revision for revision in (0, 2**63 - 1)]

    assert ends == [0, 2**63 - 1]


@pytest.mark.parametrize(
    ("alias", "verb"),
    [
        ("http://activitystrea.ms/schema/1.0/like", Verb.LIKED),
        ("http://activitystrea.ms/favorite", Verb.LIKED),
        ("http://activitystrea.ms/schema/1.0/share", Verb.SHARED),
        ("http://activitystrea.ms/schema/1.0/accept", Verb.ACCEPTED),
    ],
)
def test_both_spellings_of_activity_streams_are_one_verb(alias: str, verb: Verb) -> None:
    assert rule_of(alias, None) == rule_of(verb, None) is not None


def test_a_choice_in_a_quiz_only_says_that_the_item_was_seen() -> None:
    rule = rule_of(Verb.ANSWERED, ActivityType.INTERACTION)

    assert rule is not None
    assert (rule.receives, rule.reception, rule.contribution) == (Receives.OBJECT, 0, 0)


def test_what_is_said_of_an_item_of_a_quiz_counts_as_what_is_said_of_anything_else() -> None:
    assert rule_of(Verb.COMMENTED, ActivityType.INTERACTION) == rule_of(Verb.COMMENTED, None) is not None


def test_verbs_outside_the_table_are_evidence_of_nothing() -> None:
    assert rule_of("https://example.org/verbs/pondered", None) is None


def test_the_version_names_every_weight() -> None:
    assert VERSION.startswith("2-")
    assert all(f'"{verb}"' in definition() for verb in RULES)


def test_these_rules_keep_their_name() -> None:
    """Under another name no installation starts before it has replayed its record: the changelog then says so."""
    assert VERSION == "2-ce1c7348165d"


def test_a_copied_text_contributes_nothing_and_its_fact_says_whose_it_was() -> None:
    copied = act(Verb.POSTED, object=artefact(1), links=(link(),), copy_of=statement_id(9))

    fact = only(facts(copied))

    assert (fact.weight, fact.grounded, fact.kappa, str(fact.copy_of)) == (0, 0, 1_000_000, statement_id(9))


def test_what_is_made_of_a_copy_is_worth_as_much_to_who_wrote_the_text() -> None:
    like = act(Verb.LIKED, object=artefact(1), author=learner(2), links=(link(),), upon_copy_of=statement_id(9))

    fact = only(facts(like))

    assert (fact.weight, str(fact.beneficiary), str(fact.copy_of)) == (500_000, learner(2), statement_id(9))


def test_a_copied_reply_is_still_a_reception_of_what_it_replies_to() -> None:
    reply = act(Verb.REPLIED, object=artefact(2), parent=artefact(1), author=learner(2), copy_of=statement_id(9))

    reception, contribution = facts(reply)

    assert (reception.weight, reception.copy_of) == (600_000, None)
    assert (contribution.weight, str(contribution.copy_of)) == (0, statement_id(9))


def test_enriched_messages_of_the_future_are_read() -> None:
    assert read_act(msgspec.json.decode(b'{"news": 1,' + msgspec.json.encode(enriched(1, Verb.LIKED))[1:], type=Enriched))


def test_what_its_own_actor_undid_is_evidence_of_nothing() -> None:
    like = act(Verb.LIKED, object=artefact(1), author=learner(2), links=(link(),), taken_back=True)

    assert (facts(like), receipt(like)) == ((), None)
