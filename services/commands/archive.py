"""What is held on a person, as a folder of plain files or a .tar.gz of it."""

from __future__ import annotations

import tarfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final
from uuid import UUID

import orjson

from services.commands.faults import Refused
from services.enrichment import exporting as records
from services.gateway.moving.output import one_line
from services.gateway.persons import store
from services.gateway.persons.exporting import Exporting
from services.gateway.persons.person import Person
from services.scoring import exporting as impact
from shared.clock import rfc3339
from shared.postgres import Database

PRIVATE: Final = 0o700
ARCHIVE: Final = ".tar.gz"
README: Final = """# What is held on you

Copied on {at} from this organisation's learning record system (Symposia).

| file | what it is |
|---|---|
| statements.ndjson | every xAPI statement in which you occur, as stored, one a line (https://github.com/adlnet/xAPI-Spec) |
| documents.ndjson | the documents that course software keeps for you (state, profiles); the content of each lies in documents/ |
| attachments/ | files that came with your own statements, each named by its SHA-256 hash |
| profiles.json | your accounts, and the courses that you are enrolled in |
| links.ndjson | what was made of each statement: who acted, upon whose work, in which course, how surely, on what evidence |
| impact.json | what you gave to the learning of others, as numbers, with every fact behind them and its share |
| readers.json | who read those numbers, when, and for which purpose |

You were searched for by these identifiers:

{identities}
"""


async def write_archive(
    to: Path, databases: Mapping[str, Database], person: Person, now: datetime, reason: str
) -> dict[str, int]:
    """Write what is held on *person* to *to*, which is not there yet; return how much it is, by what it is.

    The audit is written first. Raises Refused, Unavailable.
    """
    learners: list[UUID | None] = [*sorted(person.learners)]
    with _folder(to) as folder:
        for learner in learners or [None]:
            await store.audit(databases["lrs"], "export", now, reason or None, learner)
        export = Exporting(databases["lrs"], person)
        count, own = await _statements(export, folder)
        counts = {
            "statements": count,
            "documents": await _documents(export, folder),
            "attachments": await _attachments(export, own, folder),
            "links": await _links(databases["records"], person, folder),
        }
        _write(folder / "profiles.json", await records.profiles(databases["records"], sorted(person.learners)))
        _write(folder / "impact.json", await impact.impact(databases["impact"], sorted(person.learners), now))
        _write(folder / "readers.json", await export.readers())
        identities = "\n".join(f"- {identity}" for identity in sorted(person.identities))
        (folder / "README.md").write_text(README.format(at=rfc3339(now), identities=identities), encoding="utf-8")
    return counts


@contextmanager
def _folder(to: Path) -> Iterator[Path]:
    """Yield a folder that is for its owner alone; it becomes *to*, or the archive *to*, once all is in it. Raises Refused."""
    if to.exists():
        raise Refused(f"{to} is there already: name another.")
    packed = to.name.endswith(ARCHIVE)
    with TemporaryDirectory(dir=to.absolute().parent, prefix=".export-") as made:
        folder = Path(made) / "export"
        folder.mkdir(PRIVATE)
        yield folder
        if packed:
            whole = Path(made) / "whole"
            with tarfile.open(whole, "w:gz") as archive:
                archive.add(folder, arcname=to.name.removesuffix(ARCHIVE))
            whole.chmod(0o600)
            whole.rename(to)
        else:
            folder.rename(to)


async def _statements(export: Exporting, folder: Path) -> tuple[int, list[str]]:
    """Write the statements, one a line; return how many there are, and the ids of the person's own."""
    count, own = 0, list[str]()
    with (folder / "statements.ndjson").open("wb") as file:
        async for named in export.statements():
            file.write(one_line(named.found.body))
            count += 1
            own += [named.found.id] if named.own else []
    return count, own


async def _documents(export: Exporting, folder: Path) -> int:
    """Write the documents, numbered, and what each is; return how many there are."""
    count = 0
    (folder / "documents").mkdir()
    with (folder / "documents.ndjson").open("wb") as file:
        async for document in export.documents():
            count += 1
            path = folder / "documents" / f"{count:06d}"
            path.write_bytes(document.content)
            told: dict[str, Any] = {**document._asdict(), "name": document.name.decode(), "content": f"documents/{path.name}"}
            file.write(orjson.dumps(told, default=_plain) + b"\n")
    return count


async def _attachments(export: Exporting, statements: list[str], folder: Path) -> int:
    """Write the attachments, each under its hash; return how many there are."""
    written: set[str] = set()
    (folder / "attachments").mkdir()
    async for kept, piece in export.attachments(statements):
        name = kept.sha256.hex()
        with (folder / "attachments" / name).open("ab") as file:
            file.write(piece)
        written.add(name)
    return len(written)


async def _links(database: Database, person: Person, folder: Path) -> int:
    count = 0
    with (folder / "links.ndjson").open("wb") as file:
        async for line in records.links(database, sorted(person.identities)):
            file.write(one_line(line))
            count += 1
    return count


def _write(path: Path, found: Any) -> None:
    path.write_bytes(orjson.dumps(found, default=_plain, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))


def _plain(found: object) -> str:
    """Write an id that PostgreSQL's driver made a kind of its own of. Raises TypeError for what has no such words."""
    if isinstance(found, UUID):
        return str(found)
    raise TypeError(type(found).__name__)
