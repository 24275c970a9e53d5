"""The work of `symposia statements import`: open what is read and what is written, and say what came of it."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, aclosing
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

import orjson

from services.commands.console import err, out
from services.commands.faults import Refused
from services.commands.moving import Elsewhere
from services.commands.progress import advancing
from services.counting import counted
from services.gateway.app import SCHEMA
from services.gateway.attachments.store import AttachmentStore
from services.gateway.domain.column_map import Parts
from services.gateway.moving.admitting import Admission, Authority, Policy
from services.gateway.moving.deliveries import Delivery, from_file, from_origin
from services.gateway.moving.importing import Importing, Mode, Tally
from services.gateway.moving.input import fingerprint, is_piped, open_input
from services.gateway.moving.lot import Wanted
from services.gateway.moving.recorder_door import RecorderDoor
from services.gateway.moving.rows import BadRow
from services.gateway.recorder import GROUP as RECORDER_GROUP
from services.gateway.settings import Settings
from services.gateway.statements.recorder_books import PostgresRecorderBooks
from services.gateway.statements.store import StatementStore
from services.installation import Home, open_installation
from services.pipeline import open_pipeline
from shared.clock import utc_now
from shared.contracts import RECEIVED
from shared.xapi.guard import Limits
from shared.xapi.model import Version

SHOWN: Final = 20
"""So many rows that were not taken are shown; the report has all."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What is imported, and how."""

    read_from: Path | Elsewhere
    wanted: Wanted
    parts: Parts | None
    authority: Authority
    version: Version
    name: str
    mode: Mode
    report: Path | None
    from_line: int


class Report:
    """Rows that were not taken, one a line of NDJSON; the file is there once there is one."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.count = 0
        self._file: IO[bytes] | None = None

    def add(self, row: BadRow) -> None:
        """Write *row*, and show the first."""
        if self._file is None:
            self._file = self._open()
        self._file.write(orjson.dumps(row._asdict()) + b"\n")
        self.count += 1
        if self.count <= SHOWN:
            err.print(f"line {row.line}: {row.pointer or '/'}: {row.rule}: {row.message}", soft_wrap=True)

    def _open(self) -> IO[bytes]:
        try:
            return self.path.open("wb")
        except OSError as error:
            raise Refused(
                f"Something was not taken, and {self.path} cannot be written, where that is told: {error.strerror}. "
                "--report names another file; import the same again."
            ) from error

    def close(self) -> None:
        """End the file, and say where it is."""
        if self._file is not None:
            self._file.close()
            err.print(f"What was not taken, and why: {self.path}", soft_wrap=True)


async def import_statements(home: Home, asked: Asked) -> bool:
    """Import what is *asked*; say whether all of it is in the record now."""
    _look(asked)
    async with AsyncExitStack() as stack:
        installation = await stack.enter_async_context(open_installation(home))
        pipeline = await stack.enter_async_context(open_pipeline(installation, "import"))
        settings = installation.settings(Settings)
        report = Report(asked.report or _report_of(asked))
        stack.callback(report.close)
        database = pipeline.databases[SCHEMA]
        await pipeline.log.ensure((RECEIVED,))
        store = StatementStore(database)
        books = PostgresRecorderBooks(database, store, RECORDER_GROUP)
        door = RecorderDoor(pipeline.log, store, books, utc_now, source=f"import:{asked.name}", waiting=_say_waiting)
        importing = Importing(door, AttachmentStore(database), utc_now, report.add, asked.mode)
        deliveries = await stack.enter_async_context(aclosing(_deliveries(asked, settings)))
        tell = stack.enter_context(advancing("Statements are imported"))
        stack.callback(_tell, importing.tally, asked)
        await importing.run(deliveries, tell)
    return importing.tally.whole


def _look(asked: Asked) -> None:
    """Look whether what is read, and where the report goes, is there. Raises Refused, OSError."""
    if isinstance(asked.read_from, Path) and not is_piped(asked.read_from):
        asked.read_from.open("rb").close()
    if asked.report is not None and not asked.report.absolute().parent.is_dir():
        raise Refused(f"There is no folder for the report {asked.report}.")


async def _deliveries(asked: Asked, settings: Settings) -> AsyncGenerator[Delivery]:
    limits = Limits(size=settings.http.max_body_bytes)
    policy = Policy(asked.authority, settings.http.base_url, asked.version, limits)
    match asked.read_from:
        case Elsewhere() as other:
            async with other.open(attachments=True) as lrs:
                admission = Admission(policy, lambda: other.endpoint)
                async for delivery in from_origin(lrs, asked.wanted, admission, utc_now):
                    yield delivery
        case Path() as path:
            with open_input(path, limits.size, asked.parts) as file:
                admission = Admission(policy, lambda: fingerprint(file.path))
                most = settings.gateway.multipart_bytes
                async for delivery in from_file(file, admission, utc_now, octets_most=most, from_line=asked.from_line):
                    yield delivery


def _report_of(asked: Asked) -> Path:
    """Return where to say what was not taken: beside the file, or here."""
    if isinstance(asked.read_from, Elsewhere) or is_piped(asked.read_from):
        return Path("statements.report.ndjson")
    return asked.read_from.with_name(f"{asked.read_from.name}.report.ndjson")


def _tell(tally: Tally, asked: Asked) -> None:
    """Say what came of it, whether or not it came to its end."""
    would = "would be " if asked.mode is Mode.DRY_RUN else ""
    out.print(
        f"{counted(tally.taken, 'statement')} {would}taken, {tally.known} there already, "
        f"{tally.refused} refused, {tally.conflicts} in conflict with the record."
    )
    if tally.line and isinstance(asked.read_from, Path):
        out.print(f"Settled up to line {tally.line}.")


def _say_waiting() -> None:
    err.print("The recorder does not move: does a gateway run here, or elsewhere?")
