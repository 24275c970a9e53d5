"""What `lrs` measures of reads: the gateway's answers to random questions, beside one fixed answer of the same size."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx
import msgspec

from benchmarks.asking import Question
from benchmarks.posting import CONNECTIONS, Pair, Round, Target, alternate, run_load, serving

VERSION = {"X-Experience-API-Version": "1.0.3"}


async def ask(
    target: Target, key: tuple[str, str], questions: Sequence[Question], seconds: float, connections: int = CONNECTIONS
) -> Round:
    """Ask *target* the *questions*, each by chance, for *seconds*; every answer is checked."""
    with TemporaryDirectory(prefix="symposia-benchmark-") as folder:
        file = Path(folder) / "questions"
        file.write_bytes(b"\n".join(map(msgspec.json.encode, questions)))
        return await run_load(target, ["benchmarks.asking", target.url, *key, str(file)], seconds, connections)


async def beside_fixed(ours: Target, key: tuple[str, str], questions: Sequence[Question], seconds: float, rounds: int) -> Pair:
    """Ask ours the *questions*, and a bare application the first of them, which always gives what ours answers to that."""
    with TemporaryDirectory(prefix="symposia-benchmark-") as folder:
        file = Path(folder) / "answer"
        async with httpx.AsyncClient(auth=key, headers=VERSION) as client:
            file.write_bytes((await client.get(f"{ours.url}?{questions[0].query}")).raise_for_status().content)
        async with serving("fixed", "benchmarks.fixed", str(file)) as fixed:

            async def one(target: Target) -> Round:
                return await ask(target, key, questions[:1] if target is fixed else questions, seconds)

            return await alternate(ours, fixed, one, rounds)
