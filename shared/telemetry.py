"""What a service says about itself: JSON logs with fields and without personal data, metrics, and the trace context."""

from __future__ import annotations

import logging
import random
import sys
from math import inf
from typing import Final, Protocol, TextIO, cast

import structlog
from prometheus_client import CollectorRegistry, Gauge, PlatformCollector, ProcessCollector

from shared.lines import Lines
from shared.settings import LogLevel

STANDARD_ERROR: Final = 2
TRACEPARENT_PARTS: Final = 4
QUIET_SECONDS: Final = 10.0


class Stream(Protocol):
    """What lines of the log are written to."""

    def write(self, text: str, /) -> int:
        """Write *text*, one line."""

    def flush(self) -> None:
        """Let what was written be read."""


def configure_logs(service: str, level: LogLevel, stream: Stream | None = None) -> None:
    """Write one JSON object a line, each with `ts`, `level`, `event` and `service`, libraries' lines too.

    The lines go to *stream*, by default to standard error, whose reader holds nobody.
    """
    stream = stream or Lines(STANDARD_ERROR)
    severity = logging.getLevelNamesMapping()[level.name]
    shape: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="ts"),
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[*shape, structlog.processors.JSONRenderer()],
        wrapper_class=structlog.make_filtering_bound_logger(severity),
        logger_factory=structlog.WriteLoggerFactory(cast("TextIO", stream)),  # it asks for no more than we have
        cache_logger_on_first_use=True,
    )
    structlog.contextvars.bind_contextvars(service=service)
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shape,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, structlog.processors.JSONRenderer()],
        )
    )
    handler.addFilter(Repetitions("aiokafka"))
    logging.basicConfig(handlers=[handler], level=max(severity, logging.WARNING), force=True)


def leave_logs_to_services() -> None:
    """Keep standard output free of logs, and let no client's line stand beside a command's one sentence.

    What is an error of ours, and what other libraries warn of, goes to standard error. A service that is run here changes that.
    """
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR),
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
    )
    handler = logging.StreamHandler()
    handler.addFilter(lambda record: not _is_of("aiokafka", record))
    logging.basicConfig(handlers=[handler], level=logging.WARNING)


class Repetitions(logging.Filter):
    """Let *library* say the same sentence once in ten seconds: while a broker is away it says hundreds of them a second."""

    def __init__(self, library: str) -> None:
        super().__init__()
        self._library = library
        self._said: dict[str, float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Say whether *record* is another library's, or has not been said for a while, whatever its arguments."""
        if not _is_of(self._library, record):
            return True
        sentence = str(record.msg)
        if record.created < self._said.get(sentence, -inf) + QUIET_SECONDS:
            return False
        self._said[sentence] = record.created
        return True


def _is_of(library: str, record: logging.LogRecord) -> bool:
    return record.name.partition(".")[0] == library


def new_registry(service: str, version: str) -> CollectorRegistry:
    """Return a registry with the process's own metrics and `symposia_build_info`."""
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    PlatformCollector(registry=registry)
    build = Gauge("symposia_build_info", "The version that runs, as a label; always 1", ["service", "version"], registry=registry)
    build.labels(service, version).set(1)
    return registry


def traceparent(received: str | None) -> str:
    """Go on with the W3C trace context that a caller sent, or begin one (https://www.w3.org/TR/trace-context/)."""
    parts = (received or "").split("-")
    if len(parts) == TRACEPARENT_PARTS and _is_hex(parts[1], 32) and _is_hex(parts[2], 16):
        return f"00-{parts[1]}-{_random_hex(16)}-{parts[3][:2] if _is_hex(parts[3][:2], 2) else '01'}"
    ids = _random_hex(48)
    return f"00-{ids[:32]}-{ids[32:]}-01"


def _random_hex(length: int) -> str:
    """Return a name that nobody else gives: it keeps no secret, and spares every request a call of the system."""
    return f"{random.getrandbits(4 * length):0{length}x}"


def _is_hex(text: str, length: int) -> bool:
    return len(text) == length and set(text) <= set("0123456789abcdef") and set(text) != {"0"}
