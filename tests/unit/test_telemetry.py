"""What a service writes of what its libraries say."""

from __future__ import annotations

import io
import json
import logging
import os
from collections.abc import Iterator

import pytest
import structlog

from shared.settings import LogLevel
from shared.telemetry import QUIET_SECONDS, Repetitions, configure_logs


@pytest.fixture
def root() -> Iterator[None]:
    handlers, level = logging.root.handlers[:], logging.root.level
    yield
    logging.root.handlers[:] = handlers
    logging.root.setLevel(level)
    structlog.reset_defaults()


def said(logger: str, sentence: str, at: float) -> logging.LogRecord:
    record = logging.LogRecord(logger, logging.ERROR, "", 0, sentence, (), None)
    record.created = at
    return record


def test_a_sentence_of_the_library_is_written_once_in_a_while() -> None:
    repetitions = Repetitions("aiokafka")

    written = [repetitions.filter(said("aiokafka.conn", "no broker %s", 1000 + at)) for at in (0, 1, QUIET_SECONDS, 11)]

    assert written == [True, False, True, False]


def test_other_sentences_and_other_libraries_are_written_each_time() -> None:
    repetitions = Repetitions("aiokafka")

    others = [
        said("aiokafka.conn", "one", 0),
        said("aiokafka.conn", "other", 0),
        said("asyncio", "x", 0),
        said("asyncio", "x", 0),
    ]

    assert all(repetitions.filter(each) for each in others)


def test_a_broker_that_is_away_is_told_of_once_whichever_node_it_is(root: None) -> None:
    lines = io.StringIO()
    configure_logs("test", LogLevel.INFO, lines)

    for node in range(100):
        logging.getLogger("aiokafka").error("Unable connect to node with id %s", node)

    assert [json.loads(line)["event"] for line in lines.getvalue().splitlines()] == ["Unable connect to node with id 0"]


def test_a_full_disk_below_the_log_breaks_no_service(root: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shared.telemetry.STANDARD_ERROR", os.open("/dev/full", os.O_WRONLY))
    configure_logs("test", LogLevel.INFO)

    structlog.get_logger().warning("consumer waits")
