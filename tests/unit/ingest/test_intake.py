"""What waits is told once it can be, once it has waited long enough, and never in two ways."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from services.ingest.connectors.registry import HOOKS
from services.ingest.domain.interaction import ChannelId
from services.ingest.domain.reading import Delivery, Reading
from services.ingest.domain.source import Policy, State
from shared.errors import Unavailable
from shared.stream.errors import RecordTooLarge
from shared.stream.memory import MemoryLog
from shared.stream.record import Outgoing, Position
from tests.support.discourse import DISCOURSE, discourse, discourse_post, discourse_topic
from tests.support.ingest import Ear, Sent, acts
from tests.support.slack import SLACK, slack, slack_message, slack_reaction

ROOT, REPLY = "1772452800.000100", "1772452860.000200"
QUESTION = slack(slack_message("UASK", ROOT, "How?"))
ANSWER = slack(slack_message("UANS", REPLY, "So.", thread_ts=ROOT))
ACCEPTANCE = slack(slack_reaction("UASK", REPLY, "white_check_mark", "1772452900.000100", "UANS"))
GRACE = timedelta(seconds=61)
LONG = timedelta(days=8)
AT = "2026-03-02T12:00:00.000Z"


def read(sent: Sent) -> Reading:
    return HOOKS[sent.source.platform].read(sent.source, Delivery(sent.headers, sent.document))


def verbs(ear: Ear) -> list[str]:
    return [each["verb"]["id"].rsplit("/", 1)[1] for each in ear.statements()]


async def test_a_reply_without_its_root_waits_and_is_then_told_as_a_plain_reply() -> None:
    ear = Ear()

    await ear.hear(ANSWER)
    before = verbs(ear)
    ear.now += GRACE
    await ear.sweep(SLACK)

    assert (before, verbs(ear)) == ([], ["replied"])
    assert not ear.store.pending


async def test_what_was_told_without_its_root_stays_so_when_the_root_comes() -> None:
    ear = Ear()
    await ear.hear(ANSWER, ACCEPTANCE)
    ear.now += GRACE
    await ear.sweep(SLACK)

    await ear.hear(QUESTION, ANSWER, ACCEPTANCE)

    assert sorted(verbs(ear)) == ["asked", "reacted", "reacted", "replied", "replied"]
    assert len(ear.told()) == 3


async def test_a_root_that_comes_before_the_sweep_decides() -> None:
    ear = Ear()
    await ear.hear(ANSWER)
    await ear.hearing.take(SLACK, HOOKS[SLACK.platform].read(SLACK, Delivery({}, QUESTION.document)))
    ear.log.faults.outage = True
    with pytest.raises(Unavailable):
        await ear.tell()
    ear.log.faults.outage = False
    ear.now += GRACE

    await ear.sweep(SLACK)

    assert verbs(ear) == ["answered"]


async def test_an_outage_of_the_log_loses_nothing_that_waits() -> None:
    ear = Ear()
    await ear.hear(QUESTION)
    ear.log.faults.outage = True
    with pytest.raises(Unavailable):
        await ear.hear(ANSWER)
    ear.log.faults.outage = False

    await ear.hear(ANSWER)

    assert verbs(ear) == ["asked", "answered"]
    assert not ear.store.pending


class CountingLog(MemoryLog):
    """A log in memory that counts the appends of statements, and refuses a record that has *too_large* in it."""

    def __init__(self) -> None:
        super().__init__()
        self.appends: list[int] = []
        self.too_large = b"\x00"

    async def append(self, records: Sequence[Outgoing]) -> tuple[Position, ...]:
        self.appends.append(len(records))
        if any(self.too_large in record.value for record in records):
            raise RecordTooLarge("too large")
        return await super().append(records)


def said(number: int) -> Sent:
    return slack(slack_message("UASK", f"17724528{number:02}.000100", f"Said for the {number}th time"))


async def test_what_deliveries_of_the_same_moment_say_is_appended_at_once_and_so_is_what_they_tell() -> None:
    log = CountingLog()
    ear = Ear(log=log)
    await ear.hear()

    await asyncio.gather(*(ear.hear(said(number)) for number in range(16)))

    assert log.appends == [16, 16]
    assert len(ear.told()) == 16


async def test_what_the_log_refuses_of_one_delivery_refuses_no_neighbour() -> None:
    log = CountingLog()
    ear = Ear(log=log)
    await ear.hear()
    log.too_large = b"p1772452803000100"

    came = await asyncio.gather(*(ear.hear(said(number)) for number in range(6)), return_exceptions=True)

    assert [number for number, each in enumerate(came) if each is not None] == [3]
    assert isinstance(came[3], RecordTooLarge)
    assert len(ear.told()) == 5


async def test_an_outage_of_the_log_is_told_to_all_who_wait() -> None:
    ear = Ear()
    await ear.hear()
    ear.log.faults.outage = True

    came = await asyncio.gather(*(ear.hear(said(number)) for number in range(3)), return_exceptions=True)
    ear.log.faults.outage = False
    await ear.hear(*map(said, range(3)))

    assert [type(each) for each in came] == [Unavailable] * 3
    assert len(ear.told()) == 3


async def test_a_sweep_that_fails_tells_the_same_when_it_is_done_again() -> None:
    ear = Ear()
    await ear.hear(ANSWER)
    ear.now += GRACE
    ear.log.faults.outage = True
    with pytest.raises(Unavailable):
        await ear.sweep(SLACK)
    ear.log.faults.outage = False

    await ear.hear(QUESTION)
    await ear.sweep(SLACK)

    assert sorted(verbs(ear)) == ["asked", "replied"]


async def test_a_topic_whose_first_post_never_comes_is_told_by_its_title() -> None:
    ear = Ear()
    topic = discourse("topic", "topic_created", discourse_topic(11, 57, AT))
    await ear.hear(topic)
    ear.now += GRACE

    await ear.sweep(DISCOURSE)
    await ear.hear(discourse("post", "post_created", discourse_post(11, 57, 1, "It hangs.", AT)), topic)

    assert {*acts(ear.statements())} == {("11", "asked", "forum.acme.example/t/57")}
    assert len(ear.told()) == 1


async def test_who_takes_back_a_topic_takes_back_what_was_said_in_it_and_nothing_else() -> None:
    ear = Ear()
    topics = [discourse("post", "post_created", discourse_post(11, topic, 1, "It hangs.", AT)) for topic in (57, 58)]
    replies = [discourse("post", "post_created", discourse_post(12, topic, 2, "So.", AT)) for topic in (57, 58)]

    await ear.hear(*topics, *replies, discourse("topic", "topic_destroyed", discourse_topic(11, 57, AT, deleted_at=AT)))

    gone = {f"{DISCOURSE.workspace}/t/57", f"{DISCOURSE.workspace}/t/57/2"}
    assert {iri for each in ear.received() for iri in each.redacts} == gone


async def test_a_reply_that_is_heard_after_its_topic_went_is_redacted_as_it_comes() -> None:
    ear = Ear()
    topic = discourse("post", "post_created", discourse_post(11, 57, 1, "It hangs.", AT))
    gone = discourse("topic", "topic_destroyed", discourse_topic(11, 57, AT, deleted_at=AT))

    await ear.hear(topic, gone, discourse("post", "post_created", discourse_post(12, 57, 2, "So.", AT)))

    assert f"{DISCOURSE.workspace}/t/57/2" in {iri for each in ear.received() for iri in each.redacts}


async def test_what_is_said_in_a_topic_after_it_came_back_stays() -> None:
    ear, later = Ear(), "2026-03-02T12:30:00.000Z"
    topic = discourse("post", "post_created", discourse_post(11, 57, 1, "It hangs.", AT))
    gone = discourse("topic", "topic_destroyed", discourse_topic(11, 57, AT, deleted_at=AT))

    await ear.hear(topic, gone, discourse("post", "post_created", discourse_post(12, 57, 2, "So.", later)))

    assert {iri for each in ear.received() for iri in each.redacts} == {f"{DISCOURSE.workspace}/t/57"}


async def test_a_solution_whose_topic_is_never_known_is_given_up_after_long() -> None:
    ear = Ear()
    await ear.hear(discourse("solved", "accepted_solution", discourse_post(12, 57, 2, "So.", AT)))
    ear.now += GRACE
    await ear.sweep(DISCOURSE)
    waiting = len(ear.store.pending)
    ear.now += LONG

    await ear.sweep(DISCOURSE)

    assert (waiting, len(ear.store.pending), verbs(ear)) == (1, 0, [])


async def test_a_paused_source_tells_only_what_is_taken_back() -> None:
    ear = Ear()
    paused = replace(SLACK, state=State.PAUSED)
    deleted = {"type": "message", "subtype": "message_deleted", "channel": "C1", "channel_type": "channel",
               "deleted_ts": ROOT, "event_ts": REPLY, "previous_message": QUESTION.document["event"]}  # fmt: skip

    await ear.hear(Sent(paused, QUESTION.document), slack(deleted, paused))

    assert verbs(ear) == ["delete"]


async def test_a_delete_in_a_channel_that_is_no_longer_heard_is_told_of_what_was_heard() -> None:
    ear = Ear()
    narrowed = replace(SLACK, policy=Policy(channels=frozenset({ChannelId("C2")})))
    deleted = {"type": "message", "subtype": "message_deleted", "channel": "C1", "channel_type": "channel", "event_ts": REPLY}

    await ear.hear(QUESTION, slack({**deleted, "deleted_ts": ROOT}, narrowed), slack({**deleted, "deleted_ts": REPLY}, narrowed))

    assert acts(ear.statements())[1] == ("UASK", "delete", "acme.slack.com/archives/C1/p1772452800000100")
    assert len(ear.statements()) == 2


async def test_what_waits_in_a_channel_that_turns_out_private_is_not_told() -> None:
    ear = Ear()
    await ear.hear(ACCEPTANCE)
    ear.now += GRACE

    await ear.sweep(replace(SLACK, closed=frozenset({ChannelId("C1")})))

    assert (verbs(ear), ear.store.pending) == ([], {})


async def test_nor_when_what_it_waits_for_comes() -> None:
    ear = Ear()
    await ear.hear(ACCEPTANCE)

    await ear.take(replace(SLACK, closed=frozenset({ChannelId("C1")})), read(QUESTION))
    await ear.take(replace(SLACK, closed=frozenset({ChannelId("C1")})), read(ANSWER))

    assert (verbs(ear), ear.store.pending) == ([], {})


@pytest.mark.parametrize("reactor", ["UTHIRD", "UANS"])
async def test_only_the_asker_accepts(reactor: str) -> None:
    ear = Ear()

    await ear.hear(QUESTION, ANSWER, slack(slack_reaction(reactor, REPLY, "white_check_mark", "1772452900.000100")))

    assert verbs(ear) == ["asked", "answered", "reacted"]


async def test_an_acceptance_that_is_taken_back_is_told() -> None:
    ear = Ear()
    removed = slack_reaction("UASK", REPLY, "white_check_mark", "1772452950.000100", type="reaction_removed")

    await ear.hear(QUESTION, ANSWER, ACCEPTANCE, slack(removed))

    assert verbs(ear) == ["asked", "answered", "accept", "reject"]


async def test_the_asker_does_not_answer_their_own_question() -> None:
    ear = Ear()

    await ear.hear(QUESTION, slack(slack_message("UASK", REPLY, "Anybody?", thread_ts=ROOT)))

    assert verbs(ear) == ["asked", "replied"]
