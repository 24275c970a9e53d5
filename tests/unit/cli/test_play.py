from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import orjson
import pytest

from services.demo import lms, slack
from services.demo.cast import content, load_cast
from services.demo.performance import STAGED, load_programme
from services.demo.play import Act, Message, Misread, Scene, read_play
from services.demo.stage import SOURCES, source_of
from services.ingest.connectors.registry import HOOKS
from services.ingest.domain.reading import Delivery, Reading, Reason
from services.ingest.domain.source import Platform, Source, SourceId
from services.ingest.verifiers import Message as Arrived
from services.ingest.verifiers import Verdict
from shared.xapi.model import Version
from shared.xapi.validation import validate

NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)
SECRET = b"0123456789abcdef"
PLAY = """
# A comment.
[#python 2 Tue 09:30] ada: Why?
  +5m bob: Because.
    +1h ada *tada
      +2m ada: Thanks: really!
  +1d bob *edit: Because, said again.
"""


def test_a_thread_is_read_line_by_line() -> None:
    ask, answer, react, thanks, edit = read_play(PLAY)

    assert isinstance(ask, Message)
    assert isinstance(answer, Message)
    assert isinstance(thanks, Message)
    assert ask.at == timedelta(weeks=1, days=1, hours=9, minutes=30)
    assert (answer.replies_to, answer.root, answer.at - ask.at) == (ask, ask, timedelta(minutes=5))
    assert react == Act(answer.at + timedelta(hours=1), "ada", "tada", answer)
    assert (thanks.replies_to, thanks.said, thanks.number) == (answer, "Thanks: really!", 3)
    assert (edit.target, edit.said) == (thanks, "Because, said again.") if isinstance(edit, Act) else False


def test_a_line_outside_the_grammar_is_named() -> None:
    with pytest.raises(Misread, match="line 2"):
        read_play("[#python 1 Mon 09:00] ada: Hi\n + bob says hello")


def test_the_community_is_as_large_as_it_says() -> None:
    programme = load_programme()
    scenes = programme.scenes
    cast = load_cast()

    assert len({scene.who for scene in scenes if cast[scene.who].external_id}) >= 30
    assert len(scenes) >= 300
    assert timedelta(weeks=5) < programme.length < timedelta(weeks=6)
    assert scenes_of(programme.plays[Platform.SLACK], "delete")
    assert scenes_of(programme.plays[Platform.DISCOURSE], "solved")
    assert scenes_of(programme.plays[Platform.DISCOURSE], "vote")


def scenes_of(scenes: Sequence[Scene], doing: str) -> list[Scene]:
    return [scene for scene in scenes if isinstance(scene, Act) and scene.doing == doing]


def read_all(platform: Platform, shift: timedelta = timedelta()) -> list[Reading]:
    """Read what the demo delivers with the connector of *platform*, its signatures verified."""
    programme, cast, hook = load_programme(), load_cast(), HOOKS[platform]
    named, workspace, policy = SOURCES[source_of(platform)]
    source = Source(SourceId("demo"), named, workspace, (SECRET,), policy)
    readings = []
    for delivery in STAGED[platform](programme.plays[platform], cast, shift):
        headers = delivery.signed(SECRET, NOW)
        assert hook.verify(Arrived(headers, delivery.body), (SECRET,), NOW) is Verdict.GENUINE
        readings.append(hook.read(source, Delivery(headers, orjson.loads(delivery.body))))
    return readings


@pytest.mark.parametrize("platform", STAGED)
def test_every_scene_is_a_delivery_that_the_connector_reads(platform: Platform) -> None:
    readings = read_all(platform)

    told = [reading for reading in readings if reading.decided or reading.undecided]
    ignored = {reason for reading in readings for reason in reading.ignored}
    assert len(told) >= len(readings) * 0.8
    assert not ignored & {Reason.INCOMPLETE, Reason.ACTOR_UNKNOWN}


def test_slack_plays_what_the_source_must_not_hear() -> None:
    ignored = {reason for reading in read_all(Platform.SLACK) for reason in reading.ignored}

    assert {Reason.CHANNEL_NOT_ALLOWED, Reason.PRIVATE_CHANNEL, Reason.DIRECT_MESSAGE, Reason.EXCLUDED_ACCOUNT} <= ignored


@pytest.mark.parametrize("platform", STAGED)
def test_a_play_set_at_another_time_is_another_play(platform: Platform) -> None:
    first, later = (read_all(platform, shift) for shift in (timedelta(), timedelta(days=3)))

    def natives(readings: list[Reading]) -> set[str]:
        return {known.artefact.native for reading in readings for known in reading.known}

    assert natives(first)
    assert natives(first).isdisjoint(natives(later))


def test_what_the_lms_says_is_valid_xapi() -> None:
    said = list(lms.statements(load_cast(), timedelta()))

    assert len(said) == len(content("lms.csv").splitlines()) - 1
    for statement in said:
        validate(statement, Version.V1_0_3)


def test_slack_text_is_escaped_and_its_addresses_bracketed() -> None:
    assert slack.mrkdwn("a < b & see https://x.example/y.") == "a &lt; b &amp; see <https://x.example/y>."
