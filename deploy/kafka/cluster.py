"""Start a Kafka cluster of one or three brokers on free loopback ports.

As a program: `python -m deploy.kafka.cluster --brokers 1|3 --directory DIR` runs until it is told to end.
"""

import argparse
import signal
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Self

from deploy.kafka.artefacts import KafkaUnavailableError, fetch, java, kafka_version
from deploy.kafka.broker import START_SECONDS, Broker
from deploy.kafka.guard import OPEN, Guard
from deploy.kafka.layout import settle

SIZES: Final = (1, 3)


class Cluster:
    """A quorum of brokers that keeps its data, ports and ids in one directory.

    One broker survives a process death; of three, with two in-sync replicas, any one may be lost. The *options* are Java's.
    """

    def __init__(self, directory: Path, brokers: int = 1, options: Sequence[str] = (), guard: Guard = OPEN) -> None:
        if brokers not in SIZES:
            raise KafkaUnavailableError(f"a cluster has one or three brokers, not {brokers}")
        command = [java(), *options, "-cp", f"{fetch()}/*"]
        directory = directory.resolve()
        layout = settle(directory, brokers)
        self._spawner = ThreadPoolExecutor(1, "kafka-spawner")
        self.brokers: tuple[Broker, ...] = tuple(
            Broker(layout, seat, directory / f"broker-{seat.node}", command, self._spawner, guard=guard) for seat in layout.seats
        )

    @property
    def bootstrap(self) -> str:
        """Return the addresses a client starts from: `host:port[,host:port…]`."""
        return ",".join(broker.address for broker in self.brokers)

    def start(self, seconds: float = START_SECONDS) -> Self:
        """Start every broker and wait until each knows all of them.

        Raises KafkaUnavailableError, with the end of a broker's log, when they are not ready within *seconds*.
        """
        end = time.monotonic() + seconds
        everyone = frozenset(broker.node for broker in self.brokers)
        try:
            with ThreadPoolExecutor(len(self.brokers)) as launchers:
                list(launchers.map(Broker.launch, self.brokers))
            for broker in self.brokers:
                broker.await_members(everyone, max(0.0, end - time.monotonic()))
        except BaseException:
            self.kill()
            raise
        return self

    def stop(self) -> None:
        """Shut every broker down in order, kill those that hang, and let the cluster go."""
        for broker in self.brokers:
            broker.terminate()
        for broker in self.brokers:
            broker.stop()
        self._spawner.shutdown()

    def kill(self) -> None:
        """End every broker at once and let the cluster go."""
        for broker in self.brokers:
            broker.kill()
        self._spawner.shutdown()


@contextmanager
def running(directory: Path, brokers: int = 1, options: Sequence[str] = (), guard: Guard = OPEN) -> Iterator[Cluster]:
    """Run a cluster in *directory* for as long as the block lasts."""
    cluster = Cluster(directory, brokers, options, guard).start()
    try:
        yield cluster
    finally:
        cluster.stop()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a cluster until SIGINT or SIGTERM; print its address when it is ready."""
    parser = argparse.ArgumentParser(prog="deploy.kafka.cluster", description=main.__doc__)
    parser.add_argument("--brokers", type=int, choices=SIZES, default=1)
    parser.add_argument("--directory", type=Path, required=True, help="data, ports and logs; kept for the next start")
    chosen = parser.parse_args(arguments)
    over = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: over.set())
    began = time.monotonic()
    try:
        with running(chosen.directory, chosen.brokers) as cluster:
            took = time.monotonic() - began
            print(f"Kafka {kafka_version()} ready after {took:.1f} s: {cluster.bootstrap}", flush=True)  # noqa: T201  # a program's answer
            over.wait()
    except KafkaUnavailableError as error:
        print(error, file=sys.stderr)  # noqa: T201  # a program's answer
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
