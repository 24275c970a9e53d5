"""Who, whose and which course: what enrichment says of a conversation, on real PostgreSQL."""

from __future__ import annotations

import asyncio
import itertools
from functools import partial
from uuid import UUID

import msgspec
import pytest

from services.enrichment.domain.links import MOST_LINKS
from services.enrichment.domain.people import imported_learner
from services.enrichment.handler import interaction_of
from services.enrichment.imports import Kind
from shared.contracts import Enriched, Recorded, Status
from shared.postgres import Query, load_queries
from shared.xapi.vocabulary import TARGET_EXTENSION, ActivityType, Verb
from tests.integration.enrichment.conftest import House
from tests.support.conversation import COURSE, HOME, recorded, statement

ASK = statement("ask", "ada", Verb.ASKED, "m1", text=f"Who has done {COURSE}/lesson/3?", second=1)
ANSWER = statement("answer", "bob", Verb.ANSWERED, "m2", parent="m1", second=2)
ACCEPT = statement("accept", "ada", Verb.ACCEPTED, "m2", target="bob", second=3)
LIKE = statement("like", "cy", Verb.LIKED, "m2", target="bob", second=4)
SAID = [ASK, ANSWER, ACCEPT, LIKE]

PEOPLE = f"external_id,name,email,accounts\nHR-1,Ada,ada@acme.example,ada@{HOME}\nHR-2,Bob,,bob@{HOME}\n".encode()
COURSES = f"iri,title,urls,channels\n{COURSE},Python 101,https://lms.example/py|https://docs.example/py,C9@{HOME}\n".encode()
ENROLMENTS = f"external_id,course,from\nHR-1,{COURSE},2026-01-01\nHR-2,{COURSE},2026-06-01\n".encode()


async def prepare(house: House) -> None:
    for kind, content in ((Kind.PEOPLE, PEOPLE), (Kind.COURSES, COURSES), (Kind.ENROLMENTS, ENROLMENTS)):
        report = await house.importer.take(kind, content)
        assert not report.faults


def without_revision(known: dict[str, Enriched]) -> dict[str, Enriched]:
    return {name: msgspec.structs.replace(one, revision=0) for name, one in known.items()}


async def test_an_answer_has_its_askers_course_by_the_thread(house: House) -> None:
    await prepare(house)

    await house.hear(*(recorded(one, seq) for seq, one in enumerate(SAID, 1)))

    known = house.known()
    ask, answer = known[ASK["id"]], known[ANSWER["id"]]
    assert [(link.course, link.method, link.confidence) for link in ask.links] == [(COURSE, "url", 0.98)]
    assert [(link.course, link.method, link.confidence) for link in answer.links] == [(COURSE, "thread", 0.9702)]
    assert answer.links[0].evidence == f"url: {COURSE.removeprefix('https://')}"


async def test_it_knows_who_acted_and_whose_artefact_was_touched(house: House) -> None:
    await prepare(house)

    await house.hear(*(recorded(one, seq) for seq, one in enumerate(SAID, 1)))

    accept = house.known()[ACCEPT["id"]]
    assert accept.learner == str(imported_learner("HR-1"))
    assert accept.author == str(imported_learner("HR-2"))
    assert house.known()[ANSWER["id"]].author == str(imported_learner("HR-1"))


async def test_an_enrolment_counts_from_the_day_it_begins(house: House) -> None:
    await prepare(house)

    await house.hear(*(recorded(one, seq) for seq, one in enumerate(SAID, 1)))

    accept = house.known()[ACCEPT["id"]]
    assert accept.actor_grounded
    assert [(link.actor_enrolled, link.author_enrolled) for link in accept.links] == [(True, False)]


async def test_every_order_of_arrival_ends_in_the_same_knowledge(house: House) -> None:
    await prepare(house)
    endings: dict[tuple[int, ...], dict[str, Enriched]] = {}

    for order in itertools.permutations(range(len(SAID))):
        for at in order:
            await house.hear(recorded(SAID[at], at + 1))
        endings[order] = without_revision(house.known())
        await house.forget()

    assert len(endings) == 24
    assert all(ending == endings[0, 1, 2, 3] for ending in endings.values())


async def test_saying_it_again_says_nothing_new(house: House) -> None:
    await house.hear(*(recorded(one, seq) for seq, one in enumerate(SAID, 1)))
    before = len(house.said)

    await house.hear(*(recorded(one, seq) for seq, one in enumerate(SAID, 1)))

    assert len(house.said) == before


async def test_a_page_of_the_whole_record_is_read_without_the_rest_of_it(house: House) -> None:
    page = load_queries("services.enrichment")["after"]

    async with house.database.transaction() as transaction:
        await transaction.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off")
        plan = [row[0] for row in await transaction.fetch(f"EXPLAIN {page}", 1000, 200)]

    assert "Index Scan using interaction_seq" in plan[1]
    assert not any("Sort" in line for line in plan)


async def test_linking_anew_locks_what_hearing_locked_and_finds_it_without_all_the_anchors(house: House) -> None:
    messages = [recorded(one, seq) for seq, one in enumerate(SAID, 1)]
    await house.hear(*messages)
    statements = [UUID(message.id) for message in messages]

    found = await house.database.run(partial(house.store.artefacts_of, statements=statements))
    plan = await house.database.fetch(Query(f"EXPLAIN {load_queries('services.enrichment')['artefacts_of']}"), statements)

    told = [interaction_of(message).features for message in messages]
    assert found == {iri for one in told for iri in (one.object, *one.anchors) if iri}
    assert not any("interaction_anchor" in row[0] for row in plan)


async def test_a_late_parent_makes_newer_revisions_of_what_builds_on_it(house: House) -> None:
    await prepare(house)
    await house.hear(recorded(ANSWER, 1), recorded(ACCEPT, 2))
    early = house.known()

    await house.hear(recorded(ASK, 3))

    late = house.known()
    assert not early[ACCEPT["id"]].links
    assert late[ACCEPT["id"]].links
    assert late[ACCEPT["id"]].revision > early[ACCEPT["id"]].revision


async def test_parent_and_reply_committing_at_once_cannot_miss_each_other(house: House) -> None:
    await prepare(house)
    for turn in range(20):
        ask = statement(f"ask{turn}", "ada", Verb.ASKED, f"p{turn}", text=COURSE)
        reply = statement(f"reply{turn}", "bob", Verb.ANSWERED, f"r{turn}", parent=f"p{turn}")

        await asyncio.gather(house.hear(recorded(ask, 2 * turn)), house.hear(recorded(reply, 2 * turn + 1)))

        assert house.known()[reply["id"]].links, turn


async def test_voided_and_redacted_are_said_and_never_unsaid(house: House) -> None:
    await house.hear(recorded(ASK, 1), recorded(ANSWER, 2))
    await house.hear(recorded(ASK, 1, voided=True), recorded(ANSWER, 2, redacted_at="2026-03-03T00:00:00Z"))

    await house.hear(recorded(ASK, 1), recorded(ANSWER, 2))

    known = house.known()
    assert (known[ASK["id"]].status, known[ANSWER["id"]].status) == (Status.VOIDED, Status.REDACTED)


async def test_whoever_chose_first_in_a_poll_is_not_its_author(house: House) -> None:
    poll = {"id": ASK["object"]["id"], "definition": {"interactionType": "choice"}}
    chosen = {**statement("chosen", "bob", Verb.ANSWERED, "m1"), "object": poll}
    like = statement("like the poll", "cy", Verb.LIKED, "m1", second=5)

    await house.hear(recorded(chosen, 1), recorded(like, 2))
    before = house.known()[like["id"]].author
    await house.hear(recorded(ASK, 3))

    assert before is None
    assert {house.known()[one["id"]].author for one in (chosen, like)} == {house.known()[ASK["id"]].learner}


async def test_what_is_commented_on_without_a_parent_is_of_who_made_it_and_not_of_who_commented_first(house: House) -> None:
    video = {"id": ASK["object"]["id"], "definition": {"type": ActivityType.VIDEO}}
    names = ("bob", "cy")
    comments = [{**statement(f"{name} comments", name, Verb.COMMENTED, "m1", second=5), "object": video} for name in names]
    like = statement("like the video", "dan", Verb.LIKED, "m1", second=6)

    await house.hear(*(recorded(one, seq) for seq, one in enumerate((*comments, like), 1)))
    before = {one.author for one in house.known().values()}
    await house.hear(recorded(ASK, 4))

    known = house.known()
    assert before == {None}
    assert {known[one["id"]].author for one in (*comments, like)} == {known[ASK["id"]].learner}


async def test_a_comment_that_does_not_say_upon_what_is_of_who_wrote_it(house: House) -> None:
    comment = statement("comment", "bob", Verb.COMMENTED, "m2")
    like = statement("like the comment", "cy", Verb.LIKED, "m2", second=1)

    await house.hear(recorded(comment, 1), recorded(like, 2))

    known = house.known()
    assert known[like["id"]].author == known[comment["id"]].learner


async def test_a_circle_of_replies_ends(house: House) -> None:
    await prepare(house)
    one = statement("one", "ada", Verb.REPLIED, "a", parent="b", text=COURSE)
    other = statement("other", "bob", Verb.REPLIED, "b", parent="a")

    await house.hear(recorded(one, 1), recorded(other, 2))

    assert house.known()[other["id"]].links


async def test_a_poison_record_is_refused_and_its_neighbours_go_on(house: House) -> None:
    good = recorded(ASK, 1)
    garbage = Recorded("no-uuid", 2, "s", "r", "x", msgspec.Raw(b'{"verb":[]}'))

    decision = await house.decide(good, garbage)

    assert [rejection.record.offset for rejection in decision.rejections] == [1]
    assert len(decision.outgoing) == 1


async def test_a_channel_that_a_course_is_bound_to_links_what_is_said_there(house: House) -> None:
    await prepare(house)

    await house.hear(recorded(statement("chat", "ada", Verb.POSTED, "m7", channel="C9"), 1))

    (link,) = next(iter(house.known().values())).links
    assert (link.method, link.confidence) == ("channel", 0.95)


@pytest.mark.parametrize("when", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999Z"])
async def test_what_happened_at_the_beginning_or_the_end_of_time_stops_nobody(house: House, when: str) -> None:
    await prepare(house)

    await house.hear(recorded({**ASK, "timestamp": when}, 1), recorded(ANSWER, 2))

    assert house.known()[ASK["id"]].timestamp[:4] == when[:4]
    assert ANSWER["id"] in house.known()


async def test_an_author_who_is_named_by_no_hash_but_by_a_book_stops_nobody(house: House) -> None:
    await prepare(house)
    book = "".join(map(str, range(5_000)))
    named = {**LIKE, "context": {"extensions": {TARGET_EXTENSION: {"mbox_sha1sum": book}}}}

    await house.hear(recorded(named, 1), recorded(ANSWER, 2))

    assert {named["id"], ANSWER["id"]} <= house.known().keys()


async def test_a_statement_that_stands_in_more_threads_than_the_server_has_locks_stops_nobody(house: House) -> None:
    await prepare(house)
    threads = [{"id": f"{HOME}/{number}"} for number in range(50_000)]
    crowded = {**ASK, "context": {"contextActivities": {"grouping": threads}}}

    await house.hear(recorded(crowded, 1), recorded(ANSWER, 2))

    assert {crowded["id"], ANSWER["id"]} <= house.known().keys()


async def test_of_a_statement_that_names_very_many_courses_some_are_kept_and_inherited(house: House) -> None:
    await prepare(house)
    course = {"definition": {"type": ActivityType.COURSE}}
    crowded = {**ASK, "context": {"contextActivities": {"grouping": [{"id": f"{HOME}/{n}", **course} for n in range(2_000)]}}}

    await house.hear(recorded(crowded, 1), recorded(ANSWER, 2))

    assert [len(house.known()[one["id"]].links) for one in (crowded, ANSWER)] == [MOST_LINKS, MOST_LINKS]
