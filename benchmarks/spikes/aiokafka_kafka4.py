"""Try aiokafka against the broker of deploy/kafka and print what works, what fails and what it costs.

`python -m benchmarks.spikes.aiokafka_kafka4 [--only WORD]` takes about three minutes.
"""

import argparse
import asyncio
import logging
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path
from typing import Final

from benchmarks.spikes import aiokafka_checks as checks
from benchmarks.spikes import aiokafka_figures as figures
from benchmarks.spikes import aiokafka_outages as outages
from benchmarks.spikes.aiokafka_clients import Check
from deploy.kafka.artefacts import kafka_version
from deploy.kafka.cluster import Cluster, running

SECONDS: Final = 120.0
ONE_BROKER: Final[dict[str, Check]] = {
    "admin: create, again, describe, delete": checks.admin_creates_topics,
    "key, headers, empty value": checks.headers_and_keys_come_back,
    "10 MiB record": checks.large_records_pass,
    "assign, seek, offsets": checks.manual_assignment_seeks,
    "group: commit, resume, lag": checks.commits_and_lag,
    "group: second member joins, leaves": checks.two_members_share,
    "unknown topic": checks.an_unknown_topic_is_refused,
    "topic recreated under a producer": checks.a_recreated_topic_is_survived,
    "topic recreated under a consumer": checks.a_recreated_topic_reaches_a_consumer,
    "broker frozen, send given up": outages.a_cancelled_send_is_delivered_later,
    "broker killed and restarted": outages.a_killed_broker_comes_back,
    "acknowledged records vanish": outages.acknowledged_records_vanish,
    "20,000 sends at once": figures.sends_at_once,
    "figure: 64 tasks, linger 0": figures.many_tasks(0),
    "figure: 64 tasks, linger 1": figures.many_tasks(1),
    "figure: 64 tasks, linger 5": figures.many_tasks(5),
    "figure: one task, linger 0": figures.one_task(0),
    "figure: one task, linger 5": figures.one_task(5),
    "figure: batch API": figures.batch_api,
    "figure: getmany": figures.get_many,
    "figure: send to a waiting consumer": figures.seen_by_a_consumer,
}
THREE_BROKERS: Final[dict[str, Check]] = {
    "three: admin": checks.admin_creates_topics,
    "three: one task, linger 0": figures.one_task(0),
    "three: leader killed, then a second": outages.one_of_three_is_lost,
}


async def rows(cluster: Cluster, chosen: dict[str, Check]) -> int:
    """Print a row for each of *chosen* and return how many failed."""
    failed = 0
    for name, check in chosen.items():
        try:
            async with asyncio.timeout(SECONDS):
                seen, mark = await check(cluster), "works"
        except Exception as error:  # noqa: BLE001  # a spike reports every failure as a row
            seen, mark = f"{type(error).__name__}: {error}"[:300], "FAILS"
            failed += 1
        print(f"| {name} | {mark} | {seen} |", flush=True)
    return failed


def main() -> int:
    """Run the checks on one broker, then those that need three."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="run the rows whose name contains this")
    only = parser.parse_args().only
    logging.disable(logging.CRITICAL)
    print(f"aiokafka {version('aiokafka')}, Apache Kafka {kafka_version()}, Python {sys.version.split()[0]}\n")
    print("| what | outcome | seen |\n|---|---|---|")
    failed = 0
    for brokers, offered in ((1, ONE_BROKER), (3, THREE_BROKERS)):
        chosen = {name: check for name, check in offered.items() if only in name}
        if not chosen:
            continue
        with tempfile.TemporaryDirectory(prefix="spike-") as directory:
            began = time.monotonic()
            with running(Path(directory), brokers) as cluster:
                print(f"| start of {brokers} | works | {time.monotonic() - began:.1f} s |", flush=True)
                failed += asyncio.run(rows(cluster, chosen))
    return min(failed, 1)


if __name__ == "__main__":
    sys.exit(main())
