"""Fetch the broker's jars from Maven Central, once for each version, and find a Java that runs them."""

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

HERE: Final = Path(__file__).parent
POM: Final = HERE / "pom.xml"
LOGGING: Final = HERE / "log4j2.xml"
OLDEST_JAVA: Final = (17,)
OLDEST_MAVEN: Final = (3, 6, 3)
FETCH_SECONDS: Final = 600.0


class KafkaUnavailableError(RuntimeError):
    """The broker cannot be fetched or started here; the message says what is missing."""


def kafka_version() -> str:
    """Return the version of Apache Kafka that the POM names."""
    found = re.search(r"<kafka\.version>([^<]+)</kafka\.version>", POM.read_text("utf-8"))
    if found is None:
        raise KafkaUnavailableError(f"{POM.name} names no kafka.version")
    return found[1]


def cache_directory() -> Path:
    """Return where fetched jars are kept: `$SYMPOSIA_CACHE`, else `~/.cache/symposia`."""
    chosen = os.environ.get("SYMPOSIA_CACHE")
    return Path(chosen) if chosen else Path.home() / ".cache" / "symposia"


def java() -> str:
    """Return the command of a Java that runs the broker.

    Raises KafkaUnavailableError where there is none, or only one older than 17.
    """
    home = os.environ.get("JAVA_HOME")
    command = shutil.which("java", path=f"{home}/bin" if home else None)
    _require(
        command,
        "-version",
        OLDEST_JAVA,
        f"a JDK ≥ 17 ({'in $JAVA_HOME' if home else 'java'}; Debian: openjdk-17-jdk-headless)",
    )
    return command or "java"


def fetch() -> Path:
    """Return the directory of the broker's jars, fetched on first use.

    The name carries the POM's digest, so a changed POM never disturbs a running broker. Processes that ask at once wait
    for one another. Raises KafkaUnavailableError where Maven is missing, too old, or cannot resolve the artefacts.
    """
    digest = hashlib.sha256(POM.read_bytes()).hexdigest()[:8]
    jars = cache_directory() / f"kafka-{kafka_version()}-{digest}"
    if jars.is_dir():
        return jars
    jars.parent.mkdir(parents=True, exist_ok=True)
    with _locked(jars.with_name(f"{jars.name}.lock")):
        if not jars.is_dir():
            _copy_dependencies(jars)
    return jars


def _copy_dependencies(jars: Path) -> None:
    """Let Maven copy the jars beside *jars* and move them there whole."""
    maven = shutil.which("mvn")
    _require(maven, "-version", OLDEST_MAVEN, "Maven ≥ 3.6.3 (mvn; Debian: maven)")
    with tempfile.TemporaryDirectory(dir=jars.parent, prefix=f".{jars.name}-") as scratch:
        target = Path(scratch) / "jars"
        goal = ["dependency:copy-dependencies", f"-DoutputDirectory={target}", "-Dstyle.color=never"]
        told = _run([maven or "mvn", "-q", "-B", "-f", str(POM), *goal], FETCH_SECONDS)
        if told.returncode or not any(target.glob("kafka-server-*.jar")):
            raise KafkaUnavailableError(f"Maven could not fetch Kafka {kafka_version()}:\n{told.stdout[-2000:]}")
        target.rename(jars)


def _require(command: str | None, flag: str, oldest: tuple[int, ...], wanted: str) -> None:
    """Raise KafkaUnavailableError unless *command* is there and reports a version that is at least *oldest*."""
    if command is None:
        raise KafkaUnavailableError(f"Kafka needs {wanted}: not found")
    told = _run([command, flag], 60.0).stdout
    found = re.search(r'(?:version "|Apache Maven )(\d+(?:\.\d+)*)', told)
    if found is None:
        raise KafkaUnavailableError(f"Kafka needs {wanted}: {command} does not tell its version: {told[:200]!r}")
    if tuple(map(int, found[1].split("."))) < oldest:
        raise KafkaUnavailableError(f"Kafka needs {wanted}: {command} is {found[1]}")


def _run(command: list[str], seconds: float) -> subprocess.CompletedProcess[str]:
    """Run *command* to its end, both outputs in one."""
    try:
        return subprocess.run(  # noqa: S603  # the command is ours, no shell reads it
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=seconds, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise KafkaUnavailableError(f"{command[0]} failed: {error}") from error


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold an exclusive lock on *path*, which the kernel releases when the process dies."""
    with path.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
