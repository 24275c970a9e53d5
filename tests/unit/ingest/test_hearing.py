"""What is heard goes into the log at once, whole, and in parts where one record could not hold it; it is told as it was heard."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingest.connectors.registry import HOOKS
from services.ingest.domain.interaction import ChannelId
from services.ingest.domain.reading import Delivery, Lookup, Reading, Reason, joined
from services.ingest.domain.source import State
from services.ingest.hearing import LARGE, Taken, in_parts
from services.ingest.intake import Intake
from shared.contracts import HEARD, NOTICED, RECEIVED, Heard, Topic, encode
from shared.errors import Unavailable
from shared.stream import Outgoing
from tests.support.ingest import NOW, Ear, Sent
from tests.support.platforms import CONVERSATIONS
from tests.support.slack import SLACK, slack, slack_message

ROOT = "1772452800.000100"
QUESTION = slack(slack_message("UASK", ROOT, "How?"))
ANSWER = slack(slack_message("UANS", "1772452860.000200", "So.", thread_ts=ROOT))


def read(sent: Sent) -> Reading:
    return HOOKS[sent.source.platform].read(sent.source, Delivery(sent.headers, sent.document))


READINGS = [read(sent) for script in CONVERSATIONS.values() for sent in script]


def records(ear: Ear, topic: Topic) -> list[bytes]:
    return [each.value for partition, found in ear.log.records.items() if partition.topic == topic.name for each in found]


async def listening() -> Ear:
    ear = Ear()
    await ear.hear()
    return ear


@pytest.mark.parametrize("reading", READINGS)
def test_what_every_platform_says_is_read_from_the_log_as_it_was_heard(reading: Reading) -> None:
    found = [msgspec.json.decode(each, type=Reading) for each in in_parts(reading)]

    assert found == ([reading] if reading != Reading() else [])


@given(st.lists(st.sampled_from(READINGS), min_size=1, max_size=40), st.integers(min_value=1, max_value=200_000))
def test_what_is_too_large_for_a_record_is_heard_in_parts_and_nothing_is_lost(readings: list[Reading], length: int) -> None:
    readings = [_longer(each, length) for each in readings]
    whole = joined(readings)

    parts = [*in_parts(whole)]

    one_by_one = all(len(each) <= LARGE or _items(msgspec.json.decode(each, type=Reading)) == 1 for each in parts)
    assert one_by_one
    found = [msgspec.json.decode(each, type=Reading) for each in parts]
    assert (joined(found) if found else Reading()) == whole


def _longer(reading: Reading, length: int) -> Reading:
    """Return *reading* with a text of *length* in what is decided."""
    decided = tuple(msgspec.structs.replace(each, text="x" * length) for each in reading.decided)
    return msgspec.structs.replace(reading, decided=decided)


def _items(reading: Reading) -> int:
    return sum(len(getattr(reading, name)) for name in reading.__struct_fields__)


async def test_what_is_heard_is_in_the_log_before_anything_is_told() -> None:
    ear = await listening()

    taken = await ear.hearing.take(SLACK, read(QUESTION))

    assert taken == Taken(heard=1)
    assert (len(records(ear, HEARD)), records(ear, RECEIVED)) == (1, [])
    assert not ear.store.known


async def test_what_is_not_ours_is_in_no_log() -> None:
    ear = await listening()
    private = slack(slack_message("U1", ROOT, "Psst", channel="D1", channel_type="im"))

    taken = await ear.hearing.take(SLACK, read(private))

    assert taken.ignored == (Reason.DIRECT_MESSAGE,)
    assert records(ear, HEARD) == []


async def test_what_is_named_by_id_is_to_be_asked_for_and_not_told() -> None:
    ear = await listening()

    taken = await ear.hearing.take(SLACK, Reading(lookups=(Lookup("a", {"path": "/a"}),)))

    assert taken == Taken(lookups=1)
    assert (len(records(ear, NOTICED)), records(ear, HEARD)) == (1, [])


async def test_what_was_heard_before_a_pause_is_told_and_what_is_said_in_it_is_not() -> None:
    ear = await listening()
    await ear.hearing.take(SLACK, read(QUESTION))
    await ear.take(replace(SLACK, state=State.PAUSED), read(ANSWER))

    assert [each["verb"]["id"].rsplit("/", 1)[1] for each in ear.statements()] == ["asked"]


async def test_it_was_received_when_the_door_heard_it_however_late_it_is_told() -> None:
    ear = await listening()
    ear.sources[SLACK.id] = SLACK
    await ear.hearing.take(SLACK, read(QUESTION))
    ear.now = NOW.replace(year=2027)
    await ear.tell()

    assert [each.received_at for each in ear.received()] == ["2026-03-02T12:00:00.000000Z"]


async def test_what_happened_where_we_learnt_since_that_it_is_private_is_not_told() -> None:
    ear = await listening()
    await ear.hearing.take(SLACK, read(QUESTION))
    ear.sources[SLACK.id] = replace(SLACK, closed=frozenset({ChannelId("C1")}))
    await ear.tell()

    assert ear.statements() == []


async def test_what_closes_a_channel_is_told_before_what_was_said_in_it() -> None:
    ear = await listening()
    ear.sources[SLACK.id] = SLACK
    closed = slack(slack_message("U1", ROOT, "Psst", channel="C1", channel_type="group"))
    await asyncio.gather(ear.hearing.take(SLACK, read(QUESTION)), ear.hearing.take(SLACK, read(closed)))
    await ear.tell()

    assert ear.statements() == []


async def test_what_is_heard_to_be_private_in_a_pause_is_private_after_it() -> None:
    ear = await listening()
    closed = slack(slack_message("U1", ROOT, "Psst", channel="C1", channel_type="group"))
    taken = await ear.take(replace(SLACK, state=State.PAUSED), read(closed))

    assert taken == Taken(ignored=(Reason.PRIVATE_CHANNEL,))
    assert ear.store.closed == {(SLACK.id, "C1")}


async def test_what_a_source_said_that_was_removed_since_is_told_to_nobody() -> None:
    ear = await listening()
    await ear.hearing.take(SLACK, read(QUESTION))
    await ear.tell()

    assert (ear.statements(), ear.rejected) == ([], [])


@pytest.mark.parametrize("value", [b"nothing", b"{}", b'{"source":"acme","heardAt":"","reading":[]}', b"\xff"])
async def test_what_cannot_be_read_is_rejected_and_its_neighbours_are_told(value: bytes) -> None:
    ear = await listening()
    await ear.log.append([Outgoing(HEARD, value, SLACK.id.encode())])

    await ear.hear(QUESTION)

    assert len(ear.statements()) == 1
    [rejected] = ear.rejected
    assert rejected.reason.startswith("not what was heard: ")


async def test_what_meets_a_bug_of_ours_is_rejected_by_its_place_alone_and_its_neighbours_are_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ear, take = await listening(), Intake.take

    async def broken(intake: Intake, source: Any, reading: Reading, *arguments: Any) -> Any:
        if reading.undecided:
            raise KeyError(reading.undecided[0].interaction.text)
        return await take(intake, source, reading, *arguments)

    monkeypatch.setattr(Intake, "take", broken)
    await ear.hear(QUESTION, ANSWER)

    assert len(ear.statements()) == 1
    [rejected] = ear.rejected
    assert "KeyError at " in rejected.reason
    assert "So." not in rejected.reason


async def test_an_outage_while_it_is_told_is_everybodys_and_all_is_told_after_it() -> None:
    ear = await listening()
    ear.sources[SLACK.id] = SLACK
    for sent in (QUESTION, ANSWER):
        await ear.hearing.take(SLACK, read(sent))
    ear.log.faults.outage = True
    with pytest.raises(Unavailable):
        await ear.tell()
    ear.log.faults.outage = False
    await ear.tell()

    assert len(ear.told()) == 2
    assert ear.rejected == []


async def test_a_message_of_another_version_is_read_as_far_as_it_is_known() -> None:
    ear = await listening()
    ear.sources[SLACK.id] = SLACK
    [reading] = in_parts(read(QUESTION))
    newer = encode(Heard(SLACK.id, "2026-03-02T12:00:00.000000Z", msgspec.Raw(reading)))[:-1] + b',"more":1}'
    await ear.log.append([Outgoing(HEARD, newer, SLACK.id.encode())])
    await ear.tell()

    assert len(ear.statements()) == 1
