"""Run one broker as a child process: start it, freeze it, kill it, bring it back on the same port and data."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from concurrent.futures import Executor
from pathlib import Path
from typing import Final

from deploy.kafka.artefacts import LOGGING, KafkaUnavailableError
from deploy.kafka.guard import Guard
from deploy.kafka.layout import HOST, Layout, Seat, properties
from deploy.kafka.probe import members

HEAP: Final = "-Xmx384m"
# What runs for a second, or for a test, is over before the optimising compiler pays.
BRIEF: Final = ("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC")
START_SECONDS: Final = 60.0
STOP_SECONDS: Final = 15.0


class Broker:
    """One broker of a cluster.

    Its methods block; from a coroutine call them through `asyncio.to_thread`.
    """

    def __init__(self, layout: Layout, seat: Seat, home: Path, java: list[str], spawner: Executor, *, guard: Guard) -> None:
        self.node = seat.node
        self.port = seat.port
        self.address = seat.address
        self.home = home
        self._layout = layout
        self._seat = seat
        self._java = [*java, f"-Dlog4j2.configurationFile={LOGGING}"]
        self._spawner = spawner
        self._guard = guard
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def running(self) -> bool:
        """Say whether the process is alive (a frozen one is)."""
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int:
        """Return the process id; raises KafkaUnavailableError where the broker was never started."""
        if self._process is None:
            raise KafkaUnavailableError(f"broker {self.node} was never started")
        return self._process.pid

    @property
    def log(self) -> Path:
        """Return the file that holds everything the broker printed."""
        return self.home / "broker.log"

    def launch(self) -> None:
        """Format the storage if it is new and start the process, without waiting until it answers."""
        if self.running:
            raise KafkaUnavailableError(f"broker {self.node} is already running")
        configuration = self.home / "server.properties"
        if not (self.home / "data" / "meta.properties").exists():
            self.home.mkdir(parents=True, exist_ok=True)
            configuration.write_text(properties(self._layout, self._seat, self.home, self._guard.properties(self._seat)), "utf-8")
            self._format(configuration)
        self._process = self._spawn([*self._java, HEAP, "-XX:+UseSerialGC", "kafka.Kafka", str(configuration)])

    def await_members(self, nodes: frozenset[int], seconds: float = START_SECONDS) -> None:
        """Wait until the broker answers and knows *nodes* as live brokers.

        Raises KafkaUnavailableError with the end of its log when it died or *seconds* are over.
        """

        def known() -> bool:
            if not self.running:
                raise KafkaUnavailableError(f"broker {self.node} died:\n{self._last_words()}")
            try:
                return nodes <= members(HOST, self.port)
            except OSError:
                return False

        if not _before(seconds, known):
            raise KafkaUnavailableError(f"broker {self.node} not ready after {seconds:g} s:\n{self._last_words()}")

    def start(self, seconds: float = START_SECONDS) -> None:
        """Start the broker on its port and data and wait until it is a live member of its cluster."""
        self.launch()
        self.await_members(frozenset({self.node}), seconds)

    def kill(self) -> None:
        """End the process at once (SIGKILL), as a crash does."""
        self._signal(signal.SIGKILL)
        self._await_end(STOP_SECONDS)

    def freeze(self) -> None:
        """Stop the process from running (SIGSTOP); its connections stay open.

        Returns once every thread stands still: the signal alone leaves some answering for milliseconds.
        """
        if not self.running:
            raise KafkaUnavailableError(f"broker {self.node} is not running")
        self._signal(signal.SIGSTOP)
        awaited = os.WSTOPPED | os.WEXITED | os.WNOHANG | os.WNOWAIT
        if not _before(STOP_SECONDS, lambda: os.waitid(os.P_PID, self.pid, awaited) is not None):
            raise KafkaUnavailableError(f"broker {self.node} did not stop within {STOP_SECONDS:g} s")

    def thaw(self) -> None:
        """Let a frozen process go on (SIGCONT)."""
        self._signal(signal.SIGCONT)

    def terminate(self) -> None:
        """Ask the process to shut down in order (SIGTERM), without waiting."""
        self._signal(signal.SIGTERM)

    def stop(self, seconds: float = STOP_SECONDS) -> None:
        """Shut the broker down in order; kill it when that takes longer than *seconds*."""
        self.terminate()
        self.thaw()
        if not self._await_end(seconds):
            self.kill()

    def _format(self, configuration: Path) -> None:
        """Write the cluster's id and its first quorum into the data directory."""
        tool = [*self._java, *BRIEF, "kafka.tools.StorageTool", "format", "--config", str(configuration)]
        quorum = ["--cluster-id", self._layout.cluster_id, "--initial-controllers", self._layout.initial_controllers]
        users = [word for user in self._guard.users for word in ("--add-scram", user)]
        if self._spawn([*tool, *quorum, *users]).wait(START_SECONDS):
            raise KafkaUnavailableError(f"broker {self.node} could not format its storage:\n{self._last_words()}")

    def _spawn(self, command: list[str]) -> subprocess.Popen[bytes]:
        """Start *command* so that the kernel kills it when this process ends, however that ends.

        Linux ties the death signal to the *thread* that forked, so all brokers are forked by one that lives as long as
        the cluster.
        """
        tether = shutil.which("setpriv")
        tied = [tether, "--pdeathsig", "KILL", *command] if tether else command
        with self.log.open("ab") as log:
            return self._spawner.submit(
                subprocess.Popen, tied, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            ).result()

    def _signal(self, number: signal.Signals) -> None:
        """Send *number* to the process, if there is one."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(number)

    def _await_end(self, seconds: float) -> bool:
        """Wait up to *seconds* for the process to end and say whether it did."""
        return _before(seconds, lambda: not self.running)

    def _last_words(self) -> str:
        """Return the end of the broker's log."""
        return self.log.read_text("utf-8", "replace")[-3000:] if self.log.exists() else "(no log)"


def _before(seconds: float, condition: Callable[[], bool]) -> bool:
    """Ask *condition* every 10 ms and say whether it came true within *seconds*."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() >= end:
            return False
        time.sleep(0.01)
    return True
