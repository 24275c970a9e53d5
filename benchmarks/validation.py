"""Measure what it costs to accept a statement: ours (guard and validation) beside the ceiling, in one run.

    python benchmarks/validation.py [--gate] [--seconds 6]

Times are CPU time, medians over rounds in which all take turns; the ratio is the median of the rounds' ratios.

The ceiling is orjson's parse and jsonschema-rs's verdict on the same strict schema: no guard, no duplicate keys noticed,
no check that a schema cannot express. With --gate the exit status is 1 when ours is slower than half of it on compact JSON,
which most clients write; the rows with spaces and with escaped characters show what other spellings cost the guard.
"""

import argparse
import json
import random
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any
from uuid import UUID

import orjson
from rich.console import Console
from rich.table import Table

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from shared.xapi.guard import Limits, parse
from shared.xapi.model import Version
from shared.xapi.validation import validate, validator

GATE = 0.5
STATEMENTS = 400
BATCH = 50
GATED = ("singly", f"by {BATCH}")
WORDS = ("how", "do", "I", "join", "two", "tables", "that", "match", "nothing", "\N{CHECK MARK}", "Änderung", "\n", '"quoted"')


def statement(rng: random.Random) -> dict[str, Any]:
    """Make one statement of about 1.3 KB, in one of several shapes."""
    said: dict[str, Any] = {
        "id": str(UUID(int=rng.getrandbits(128), version=4)),
        "timestamp": f"2025-0{rng.randint(1, 9)}-1{rng.randint(0, 9)}T10:{rng.randint(10, 59)}:00.{rng.randint(100, 999)}Z",
        "actor": {"objectType": "Agent", "name": f"Learner {rng.randint(1, 999)}", **_identifier(rng)},
        "verb": {"id": "http://adlnet.gov/expapi/verbs/answered", "display": {"en-US": "answered", "de": "beantwortete"}},
        "object": _activity(rng),
        "context": {
            "registration": str(UUID(int=rng.getrandbits(128), version=4)),
            "contextActivities": {
                "parent": [{"objectType": "Activity", "id": f"https://forum.example.org/t/{rng.randint(1, 99999)}"}],
                "grouping": [_activity(rng)],
                "category": [{"id": "https://w3id.org/example/profile/social/v1"}],
            },
            "platform": "Discourse",
            "language": "en",
            "extensions": {"https://example.org/thread": {"ts": rng.random() * 1e9, "reactions": [1, 2, None, True]}},
        },
        "result": {"response": " ".join(rng.choices(WORDS, k=40)), "completion": True, "duration": "PT1H30M5.2S"},
    }
    if rng.random() < 0.4:
        said["result"]["score"] = {"scaled": rng.random(), "raw": rng.randint(0, 100), "min": 0, "max": 100}
    if rng.random() < 0.3:
        said["context"]["team"] = {"objectType": "Group", "member": [_identifier(rng) for _ in range(4)]}
    if rng.random() < 0.2:
        said["authority"] = {"objectType": "Agent", **_identifier(rng)}
    return said


def _identifier(rng: random.Random) -> dict[str, Any]:
    number = rng.randint(1, 10**6)
    return rng.choice(
        [
            {"mbox": f"mailto:learner.{number}@example.org"},
            {"mbox_sha1sum": f"{rng.getrandbits(160):040x}"},
            {"account": {"homePage": "https://acme.slack.com", "name": f"U{number:09}"}},
        ]
    )


def _activity(rng: random.Random) -> dict[str, Any]:
    return {
        "objectType": "Activity",
        "id": f"https://forum.example.org/t/joining-tables/{rng.randint(1, 99999)}/{rng.randint(1, 99)}",
        "definition": {
            "type": "http://id.tincanapi.com/activitytype/forum-reply",
            "name": {"en": " ".join(rng.choices(WORDS, k=6))},
            "description": {"en": " ".join(rng.choices(WORDS, k=12))},
        },
    }


def measure(ways: dict[str, Callable[[], None]], seconds: float) -> list[dict[str, float]]:
    """Run the *ways* in turn for *seconds*; return the CPU time of each, in µs for one statement, round by round."""
    rounds = []
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        taken = {}
        for name, way in ways.items():
            start = time.process_time_ns()
            way()
            taken[name] = (time.process_time_ns() - start) / 1e3 / STATEMENTS
        rounds.append(taken)
    return rounds


def ways(texts: list[bytes], version: Version) -> dict[str, Callable[[], None]]:
    """Return what is compared, each over all *texts*."""
    limits = Limits()
    strict = validator(version)

    def ours() -> None:
        for text in texts:
            validate(parse(text, limits), version)

    def ceiling() -> None:
        for text in texts:
            value = orjson.loads(text)
            if not all(map(strict.is_valid, value if isinstance(value, list) else [value])):
                raise AssertionError("the benchmark's statements are valid")

    def guard_alone() -> None:
        for text in texts:
            parse(text, limits)

    def parse_alone() -> None:
        for text in texts:
            orjson.loads(text)

    return {"ours": ours, "ceiling": ceiling, "our guard alone": guard_alone, "orjson alone": parse_alone}


def main() -> int:
    """Print the table; return 1 when the gate fails."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--gate", action="store_true", help=f"fail below {GATE} of the ceiling")
    parser.add_argument("--seconds", type=float, default=6.0, help="time for each row of the table")
    options = parser.parse_args()

    rng = random.Random(2)
    said = [statement(rng) for _ in range(STATEMENTS)]
    single = [orjson.dumps(one) for one in said]
    batches = [orjson.dumps(said[start : start + BATCH]) for start in range(0, STATEMENTS, BATCH)]
    sent_as = {
        "singly": single,
        f"by {BATCH}": batches,
        "with spaces": [json.dumps(one, ensure_ascii=False).encode() for one in said],
        "with escapes": [json.dumps(one).encode() for one in said],
    }
    size = sum(map(len, single)) / STATEMENTS
    table = Table(
        "version", "sent", "ours µs", "ceiling µs", "guard µs", "orjson µs", "ratio", title=f"One statement of {size:,.0f} bytes"
    )
    worst = float("inf")
    for version in Version:
        for sent, texts in sent_as.items():
            rounds = measure(ways(texts, version), options.seconds)
            ratio = median(taken["ceiling"] / taken["ours"] for taken in rounds)
            worst = min(worst, ratio) if sent in GATED else worst
            table.add_row(
                version, sent, *(f"{median(taken[name] for taken in rounds):.1f}" for name in rounds[0]), f"{ratio:.2f}"
            )
    Console(width=110).print(table)
    print(f"worst ratio to the ceiling: {worst:.2f} (gate: {GATE})")
    return int(options.gate and worst < GATE)


if __name__ == "__main__":
    sys.exit(main())
