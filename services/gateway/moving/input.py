"""Open what an import reads: NDJSON, a JSON array or CSV, plain or compressed, alone or in an archive with attachments."""

from __future__ import annotations

import gzip
import hashlib
import io
import tarfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from shutil import copyfileobj
from tempfile import TemporaryDirectory
from typing import Any, Final

from services.gateway.domain.column_map import Parts
from services.gateway.domain.enclosed import Sha2, read_sha2
from services.gateway.moving.output import ARCHIVES, ATTACHMENTS, GZIP, STATEMENTS, SUFFIXES
from services.gateway.moving.rows import BYTE_ORDER_MARK, WHITE_SPACE, BadRow, Rows, table
from services.gateway.moving.written import rows_of
from shared.errors import SymposiaError
from shared.files import DAMAGED, STDIN, is_packed, opened

CSV: Final = ".csv"
READABLE: Final = (*SUFFIXES, ".json")
"""Endings of names that say what a file holds; any other file is read as JSON if it begins as JSON does."""
_PEEKED: Final = 4096


class BadFile(SymposiaError):
    """The file is not what it is called; the message says how."""


@dataclass(frozen=True)
class Input:
    """An open file of statements: its *rows*, its *size* in bytes, and the folder of *attachments*, if there is one."""

    path: Path
    rows: Rows
    attachments: Path | None
    raw: io.BufferedReader
    size: int

    @property
    def position(self) -> int:
        """Return how many of the *size* bytes have been read."""
        return self.raw.tell()

    def octets(self, sha2: Sha2) -> Path | None:
        """Return the file that is called *sha2*, if there is one; its content is not checked."""
        path = None if self.attachments is None else self.attachments / sha2
        return path if path is not None and path.is_file() else None


@contextmanager
def open_input(path: Path, most: int, parts: Parts | None) -> Iterator[Input]:
    """Open the file at *path*, whose rows may have *most* bytes each; *parts* are those of a column map, for CSV.

    Raises BadFile, BadMap, OSError.
    """
    with ExitStack() as stack:
        attachments: Path | None = path.with_name(ATTACHMENTS)
        if is_piped(path):
            path = _kept(path, Path(stack.enter_context(TemporaryDirectory(prefix="symposia-import-"))))
        if path.name.lower().endswith(ARCHIVES):
            folder = Path(stack.enter_context(TemporaryDirectory(prefix="symposia-import-")))
            path = _unpack(path, folder)
            attachments = folder / ATTACHMENTS
        raw = stack.enter_context(path.open("rb"))
        name = path.name.lower()
        file: Any = stack.enter_context(gzip.open(raw)) if name.endswith(GZIP) or is_packed(raw) else raw
        rows = _rows(file, name.removesuffix(GZIP), most, parts)
        yield Input(path, _until_broken(rows), attachments, raw, path.stat().st_size)


@cache
def fingerprint(path: Path) -> str:
    """Return the SHA-256 of the file at *path* in hexadecimal; the file is read only once."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def is_piped(path: Path) -> bool:
    """Say whether *path* can be read only once, being standard input (`-`) or another pipe."""
    return path == STDIN or path.is_fifo()


def _kept(path: Path, folder: Path) -> Path:
    """Copy what comes in at *path* to a file in *folder*, so that it can be read twice. Raises BadFile."""
    kept = folder / "input"
    try:
        with opened(path) as source, kept.open("wb") as file:
            copyfileobj(source, file)
    except OSError as error:
        raise BadFile(f"{path} cannot be kept in {folder.parent}: {error.strerror}. TMPDIR names another folder.") from error
    return kept


def _rows(file: Any, name: str, most: int, parts: Parts | None) -> Rows:
    if parts is not None or name.endswith(CSV):
        return table(file, most, parts)
    try:
        start = file.peek(_PEEKED).removeprefix(BYTE_ORDER_MARK).lstrip(WHITE_SPACE)
    except DAMAGED as error:
        raise BadFile(f"The file is not what gzip makes: {error}") from error
    if start and not start.startswith((b"{", b"[")) and not name.endswith(READABLE):
        known = f"{', '.join(READABLE)}, each with or without {GZIP}, or {' or '.join(ARCHIVES)}"
        raise BadFile(f"{name} does not begin as JSON does, and its name says nothing else: {known}.")
    return rows_of(file, start, most)


def _until_broken(rows: Rows) -> Rows:
    """Yield *rows*, and as the last of them a BadRow where a compressed file turns out to be cut off or damaged."""
    line = 0
    try:
        for each in rows:
            line = each.line
            yield each
    except DAMAGED as error:
        yield BadRow(line + 1, "", "gzip", f"From here on the file cannot be unpacked: {error}.")


def _unpack(path: Path, folder: Path) -> Path:
    """Unpack into *folder* those members of an archive that an export writes; return the file of statements. Raises BadFile."""
    found: Path | None = None
    (folder / ATTACHMENTS).mkdir()
    try:
        with tarfile.open(path, "r|gz") as archive:
            for member in archive:
                to = _place(member, folder)
                content = archive.extractfile(member) if to is not None else None
                if to is None or content is None:
                    continue
                with to.open("wb") as file:
                    copyfileobj(content, file)
                found = to if to.parent == folder else found
    except (tarfile.TarError, *DAMAGED) as error:
        raise BadFile(f"{path} cannot be unpacked: {error}") from error
    except OSError as error:
        if error.filename is not None:
            raise
        raise BadFile(
            f"{path} cannot be unpacked into {folder.parent}: {error.strerror}. TMPDIR names another folder."
        ) from error
    if found is None:
        raise BadFile(f"{path} holds no {STATEMENTS}.ndjson, {STATEMENTS}.json or {STATEMENTS}.csv")
    return found


def _place(member: tarfile.TarInfo, folder: Path) -> Path | None:
    """Return where *member* is unpacked to, if at all; its name never becomes a path, so it cannot lead out of *folder*."""
    parts = member.name.removeprefix("./").split("/")
    if not member.isfile():
        return None
    if parts[-2:-1] == [ATTACHMENTS] and (sha2 := read_sha2(parts[-1])) is not None:
        return folder / ATTACHMENTS / sha2
    if parts[-1] in {f"{STATEMENTS}.{kind}" for kind in ("ndjson", "json", "csv")}:
        return folder / parts[-1]
    return None
