"""Write the files of an export lot by lot, and note after each how far it is, so that it can go on from there."""

from __future__ import annotations

import csv
import fcntl
import gzip
import io
import os
import tarfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from shutil import rmtree
from typing import Final, Self, assert_never

import msgspec
import orjson

from services.gateway.domain.columns import COLUMNS, row
from services.gateway.domain.enclosed import Sha2
from services.gateway.moving.lot import Moved
from shared.clock import rfc3339
from shared.errors import SymposiaError

ATTACHMENTS: Final = "attachments"
STATEMENTS: Final = "statements"
ARCHIVES: Final = (".tar.gz", ".tgz")
GZIP: Final = ".gz"
DRAFT: Final = ".draft"
PRIVATE: Final = 0o700
_STATE: Final = "state.json"


class NoOutput(SymposiaError):
    """The export cannot be written as asked; the message says what to change."""


class Format(StrEnum):
    """How statements are written."""

    NDJSON = "ndjson"
    CSV = "csv"


SUFFIXES: Final = {".ndjson": Format.NDJSON, ".jsonl": Format.NDJSON, ".csv": Format.CSV}


class State(msgspec.Struct):
    """How far an export is: *asked* names what it is of, the next lot starts at *place*; *bytes* and *statements* are written."""

    asked: str
    place: str = ""
    bytes: int = 0
    statements: int = 0


@dataclass(frozen=True, slots=True)
class Destination:
    """The file *to* with statements in *form*: compressed if its name ends in .gz, an archive with attachments if in .tar.gz."""

    to: Path
    form: Format

    @classmethod
    def named(cls, to: Path, form: Format | None) -> Self:
        """Return the file *to* in *form*, or if that is None in the form that its name says. Raises NoOutput."""
        return cls(to, form or _form_of(to))

    @property
    def archive(self) -> bool:
        """Say whether statements and attachments go into one archive."""
        return self.to.name.endswith(ARCHIVES)

    @property
    def compressed(self) -> bool:
        """Say whether the statements are compressed by themselves."""
        return not self.archive and self.to.name.endswith(GZIP)

    @property
    def folder(self) -> Path:
        """Return the folder in which the export is made."""
        return self.to.with_name(f"{self.to.name}.part")


class Output:
    """An export under way, in a folder beside the file that it becomes; opened again, it goes on where it was."""

    def __init__(self, destination: Destination, asked: str, start: str) -> None:
        """Go on after what is written already. Raises NoOutput where that is an export of something else."""
        self._to = destination
        self._folder = destination.folder
        self._attachments = self._folder / ATTACHMENTS
        self._file = self._folder / f"{STATEMENTS}.{destination.form}"
        self.state = self._known(asked) or State(asked, start)
        for draft in self._attachments.glob(f"*{DRAFT}"):
            draft.unlink()

    def write(self, statements: Sequence[Moved], place: str) -> None:
        """Write *statements*; the next lot starts at *place*."""
        content = self._content(statements)
        if self._to.compressed and (content or not self.state.bytes):
            content = gzip.compress(content, mtime=0)
        with self._file.open("r+b" if self._file.exists() else "wb") as file:
            file.seek(self.state.bytes)
            file.write(content)
            file.truncate()
            file.flush()
            os.fsync(file.fileno())
        self.state = State(self.state.asked, place, self.state.bytes + len(content), self.state.statements + len(statements))
        self._note()

    def has(self, sha2: Sha2) -> bool:
        """Say whether the octets of *sha2* are complete already."""
        return (self._attachments / sha2).exists() or (not self._to.archive and self._beside(sha2).exists())

    def attach(self, sha2: Sha2, piece: bytes) -> None:
        """Add a piece to the octets of *sha2*, which are complete once `keep_attached` is called."""
        with self._draft(sha2).open("ab") as file:
            file.write(piece)

    def keep_attached(self) -> None:
        """Mark all octets that were attached as complete."""
        for draft in self._attachments.glob(f"*{DRAFT}"):
            draft.rename(draft.with_suffix(""))

    def finish(self) -> None:
        """Turn the folder into the file that was asked for."""
        if not self._file.exists():
            self.write((), self.state.place)
        if self._to.archive:
            self._pack()
        else:
            for path in sorted(self._attachments.iterdir()):
                self._beside(path.name).parent.mkdir(PRIVATE, exist_ok=True)
                path.replace(self._beside(path.name))
            self._file.rename(self._to.to)
        rmtree(self._folder)

    def _known(self, asked: str) -> State | None:
        try:
            known = msgspec.json.decode((self._folder / _STATE).read_bytes(), type=State)
        except FileNotFoundError:
            return None
        except msgspec.DecodeError as error:
            raise NoOutput(f"{self._folder} is not an export that can be continued: remove it.") from error
        if known.asked != asked:
            raise NoOutput(f"{self._folder} holds part of another export: ask for the same, or remove it.")
        return known

    def _note(self) -> None:
        draft = self._folder / f"{_STATE}{DRAFT}"
        draft.write_bytes(msgspec.json.encode(self.state))
        draft.replace(self._folder / _STATE)

    def _content(self, statements: Sequence[Moved]) -> bytes:
        match self._to.form:
            case Format.NDJSON:
                return b"".join(one_line(each.body) for each in statements)
            case Format.CSV:
                return _table(statements, header=not self.state.bytes)
            case _:
                assert_never(self._to.form)

    def _draft(self, sha2: Sha2) -> Path:
        return self._attachments / f"{sha2}{DRAFT}"

    def _beside(self, name: str) -> Path:
        return self._to.to.with_name(ATTACHMENTS) / name

    def _pack(self) -> None:
        """Write the archive, reproducibly, with attachments first, since an import needs them before the statements."""
        whole = self._folder / "whole"
        with (
            whole.open("wb") as file,
            gzip.GzipFile("", "wb", fileobj=file, mtime=0) as packed,
            tarfile.open(fileobj=packed, mode="w|") as archive,
        ):
            for path in (*sorted(self._attachments.iterdir()), self._file):
                member = tarfile.TarInfo(path.relative_to(self._folder).as_posix())
                member.size, member.mode = path.stat().st_size, 0o600
                with path.open("rb") as content:
                    archive.addfile(member, content)
        whole.rename(self._to.to)


@contextmanager
def open_output(destination: Destination, asked: str, start: str = "") -> Iterator[Output]:
    """Open an export, or begin one of what comes after the place *start*; *asked* names what it is of.

    Raises NoOutput where the folder holds an export of something else, another process writes it, or the file exists already.
    """
    if destination.to.exists():
        raise NoOutput(f"{destination.to} is there already: name another.")
    (destination.folder / ATTACHMENTS).mkdir(PRIVATE, parents=True, exist_ok=True)
    claim = os.open(destination.folder, os.O_RDONLY)
    try:
        _hold(claim, destination)
        yield Output(destination, asked, start)
    finally:
        os.close(claim)


def _hold(claim: int, destination: Destination) -> None:
    """Hold the folder that is open as *claim* for as long as it is open. Raises NoOutput."""
    try:
        fcntl.flock(claim, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise NoOutput(f"{destination.to} is being written by another export: wait for it, or name another.") from error


def _form_of(to: Path) -> Format:
    """Return the form that the name of a file says; an archive that says none holds NDJSON. Raises NoOutput."""
    for archive in ARCHIVES:
        if to.name.endswith(archive):
            return SUFFIXES.get(Path(to.name.removesuffix(archive)).suffix, Format.NDJSON)
    form = SUFFIXES.get(Path(to.name.removesuffix(GZIP)).suffix)
    if form is None:
        known = ", ".join(SUFFIXES)
        raise NoOutput(
            f"{to} does not say by its name how to write it: {known}, each also with {GZIP} behind it, "
            f"or {' or '.join(ARCHIVES)}; or say it with --format."
        )
    return form


def one_line(document: bytes) -> bytes:
    """Return a JSON document as one line; line ends can stand only outside its strings, where a space means the same."""
    return document.replace(b"\r", b" ").replace(b"\n", b" ") + b"\n"


def _table(statements: Sequence[Moved], *, header: bool) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, COLUMNS)
    if header:
        writer.writeheader()
    for each in statements:
        redacted_at = "" if each.redacted_at is None else rfc3339(each.redacted_at)
        writer.writerow(row(orjson.loads(each.body), voided=each.voided, redacted_at=redacted_at))
    return text.getvalue().encode()
