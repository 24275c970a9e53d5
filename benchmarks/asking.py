"""Ask for statements over some connections as fast as they are answered, and check every answer; a process of its own.

    python -m benchmarks.asking URL KEY SECRET QUESTIONS [--connections 16] [--seconds 10]

QUESTIONS is a file of one JSON object a line (`Question`), of which each request takes one by chance. An answer that does not
hold what was asked for ends the load with an error. It prints what `benchmarks/load.py` prints.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from functools import partial
from itertools import pairwise
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
import orjson
import uvloop

from benchmarks.load import Call, arguments, head_of, run


class Question(msgspec.Struct, frozen=True):
    """A query, the text that every statement of its answer contains, and how many statements there are."""

    query: str
    mark: str
    count: int


class _Answer(msgspec.Struct):
    statements: list[msgspec.Raw]


class _Stored(msgspec.Struct):
    stored: str


def check(question: Question, mark: bytes, body: bytes) -> None:
    """Raise ValueError unless *body* holds as many statements as were asked for, each with *mark*, the newest first."""
    statements = msgspec.json.decode(body, type=_Answer).statements
    stored = [msgspec.json.decode(each, type=_Stored).stored for each in statements]
    if len(statements) != question.count:
        raise ValueError(f"{len(statements)} statements instead of {question.count} for {question.query}")
    if not all(mark in bytes(each) for each in statements):
        raise ValueError(f"a statement without {question.mark} for {question.query}")
    if any(earlier <= later for earlier, later in pairwise(stored)):
        raise ValueError(f"not the newest first for {question.query}")


def gets(url: str, key: tuple[str, str], questions: list[Question]) -> Iterator[Call]:
    """Yield GETs for ever, each of one of the *questions*."""
    address = urlsplit(url)
    calls = [
        Call(
            head_of("GET", f"{address.path}?{question.query}", address, key) + b"\r\n",
            partial(check, question, question.mark.encode()),
        )
        for question in questions
    ]
    while True:
        yield random.choice(calls)


def main() -> None:
    """Ask, and print `begin`, `end` and what was seen."""
    parser = arguments(__doc__)
    parser.add_argument("questions", type=Path)
    told = parser.parse_args()
    questions = [msgspec.json.decode(line, type=Question) for line in told.questions.read_bytes().splitlines()]
    calls = gets(told.url, (told.key, told.secret), questions)
    print(orjson.dumps(uvloop.run(run(told.url, calls, told.connections, told.seconds))).decode(), flush=True)


if __name__ == "__main__":
    main()
