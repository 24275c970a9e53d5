"""A log that cannot be written, or that nobody reads, neither breaks nor holds who says something."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from shared.lines import Lines


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    ends = os.pipe()
    yield ends
    for end in ends:
        os.close(end)


def fill(descriptor: int) -> None:
    os.set_blocking(descriptor, False)
    with suppress(BlockingIOError):
        while True:
            os.write(descriptor, bytes(1 << 16))
    os.set_blocking(descriptor, True)


def read(descriptor: int) -> list[Any]:
    return [json.loads(line) for line in os.read(descriptor, 1 << 20).splitlines()]


def test_lines_are_written_in_their_order(pipe: tuple[int, int]) -> None:
    lines = Lines(pipe[1])

    for number in range(100):
        lines.write(f"{number}\n")
    lines.close()

    assert read(pipe[0]) == list(range(100))


def test_a_full_disk_breaks_nobody_who_says_something(tmp_path: Path) -> None:
    full = os.open("/dev/full", os.O_WRONLY)
    lines = Lines(full)

    lines.write("1\n")
    lines.close()

    os.close(full)


def test_what_could_not_be_written_is_told_once_something_can_be(pipe: tuple[int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    written = os.write
    answers = iter((OSError(28, "No space left on device"), 1, OSError(28, "No space left on device"), None))

    def write(descriptor: int, octets: bytes) -> int:
        answer = next(answers, None)
        if isinstance(answer, OSError):
            raise answer
        return written(descriptor, octets[:answer])

    monkeypatch.setattr("shared.lines.os.write", write)
    lines = Lines(pipe[1])

    for number in (10, 20, 30):  # lost; torn after one octet; written
        lines.write(f"{number}\n")
    lines.close()

    torn, told, last = os.read(pipe[0], 1 << 20).splitlines()
    assert (json.loads(told)["event"], json.loads(told)["lines"], last) == ("log lines lost", 2, b"30")
    assert torn == b"{"


def test_a_reader_who_stands_still_holds_nobody(pipe: tuple[int, int]) -> None:
    fill(pipe[1])
    lines = Lines(pipe[1], most=10)

    for number in range(1000):
        lines.write(f"{number}\n")

    os.read(pipe[0], 1 << 20)  # the reader goes on
    lines.close()
    said = read(pipe[0])
    lost = [each["lines"] for each in said if isinstance(each, dict)]
    assert lost
    assert len(said) - len(lost) + sum(lost) == 1000
