"""A real Prometheus for tests: Debian's binary on a free port, asked over its HTTP API."""

from __future__ import annotations

import math
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx
import yaml

from deploy.kafka.layout import HOST, free_ports

START_SECONDS: Final = 30.0
STOP_SECONDS: Final = 15.0
LOOK: Final = 0.1


@dataclass(frozen=True, slots=True)
class Sample:
    """One series of an instant query's answer: its labels and its value."""

    labels: Mapping[str, str]
    value: float

    @property
    def says_something(self) -> bool:
        """Whether the value is a number."""
        return not math.isnan(self.value)


class QueryError(Exception):
    """Prometheus cannot evaluate an expression; the message is its own."""


class Prometheus:
    """A running Prometheus."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._client = httpx.Client(base_url=f"{url}/api/v1", trust_env=False, timeout=30)

    def query(self, expression: str) -> list[Sample]:
        """Return what *expression* is now. Raises QueryError."""
        answer = self._client.get("/query", params={"query": expression}).json()
        if answer["status"] != "success":
            raise QueryError(f"{answer['error']}: {expression}")
        return [Sample(each["metric"], float(each["value"][1])) for each in answer["data"]["result"]]

    def await_sample(self, expression: str, seconds: float = 30.0) -> list[Sample]:
        """Return what *expression* is once a series of it is a number. Raises TimeoutError."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            samples = self.query(expression)
            if any(sample.says_something for sample in samples):
                return samples
            time.sleep(LOOK)
        raise TimeoutError(f"no data after {seconds:g} s: {expression}")

    def alerts(self) -> list[str]:
        """Return the names of the alerts that fire."""
        answer = self._client.get("/alerts").json()["data"]["alerts"]
        return [alert["labels"]["alertname"] for alert in answer if alert["state"] == "firing"]

    def close(self) -> None:
        """Close the connections."""
        self._client.close()


@contextmanager
def prometheus(directory: Path, targets: Mapping[str, str], rules: Path | None = None) -> Iterator[Prometheus]:
    """Run a Prometheus in *directory* that scrapes *targets* (job → host:port) each second, and evaluates *rules*."""
    configuration = directory / "prometheus.yml"
    configuration.write_text(yaml.safe_dump(_configuration(targets, rules)), "utf-8")
    (port,) = free_ports(1)
    with (directory / "prometheus.log").open("ab") as log:
        process = subprocess.Popen(_command(configuration, directory / "data", port), stdout=log, stderr=log)
        running = Prometheus(f"http://{HOST}:{port}")
        try:
            _await_ready(running.url, process, directory / "prometheus.log")
            yield running
        finally:
            running.close()
            process.terminate()
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _configuration(targets: Mapping[str, str], rules: Path | None) -> dict[str, Any]:
    return {
        "global": {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"},
        "rule_files": [str(rules)] if rules else [],
        "scrape_configs": [{"job_name": job, "static_configs": [{"targets": [target]}]} for job, target in targets.items()],
    }


def _command(configuration: Path, data: Path, port: int) -> list[str]:
    """Return the command; where the kernel can, it dies with the thread that started it, however that ends."""
    tether = shutil.which("setpriv")
    return [
        *([tether, "--pdeathsig", "KILL"] if tether else []),
        "prometheus",
        f"--config.file={configuration}",
        f"--storage.tsdb.path={data}",
        f"--web.listen-address={HOST}:{port}",
        "--log.level=warn",
    ]


def _await_ready(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and process.poll() is None:
        try:
            if httpx.get(f"{url}/-/ready", trust_env=False).is_success:
                return
        except httpx.TransportError:
            pass
        time.sleep(LOOK)
    raise RuntimeError(f"Prometheus is not ready:\n{log.read_text('utf-8', 'replace')[-2000:]}")
