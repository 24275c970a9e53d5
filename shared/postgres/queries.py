"""Load named SQL queries from `.sql` files, each with a comment that says what it promises."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from importlib.resources import files
from types import MappingProxyType
from typing import NewType

Query = NewType("Query", str)

_HEADER = re.compile(r"^--[ \t]*name:[ \t]*(?P<name>.*?)[ \t]*$", re.MULTILINE)
_NAME = re.compile(r"[a-z][a-z0-9_]*")


def load_queries(package: str, name: str = "queries.sql") -> Mapping[str, Query]:
    """Return the queries of the file *name* in *package*, by their names.

    A query is a line `-- name: insert_statement`, comment lines that say what it promises, then one SQL statement.
    Raises ValueError for a name that is missing, malformed or used twice, and for a query without comment or SQL.
    """
    origin = f"{package}/{name}"
    return MappingProxyType(dict(_queries(files(package).joinpath(name).read_text(encoding="utf-8"), origin)))


def _queries(text: str, origin: str) -> Iterator[tuple[str, Query]]:
    headers = list(_HEADER.finditer(text))
    if text[: headers[0].start() if headers else None].strip():
        raise ValueError(f"{origin}: text stands before the first '-- name:' line")
    seen: set[str] = set()
    ends = [header.start() for header in headers[1:]] + [len(text)]
    for header, end in zip(headers, ends, strict=True):
        name = header["name"]
        if not _NAME.fullmatch(name):
            raise ValueError(f"{origin}: {name!r} is not a name for a query")
        if name in seen:
            raise ValueError(f"{origin}: the query {name} stands there twice")
        seen.add(name)
        yield name, _query(text[header.end() : end], f"{origin}: the query {name}")


def _query(body: str, origin: str) -> Query:
    lines = body.strip().splitlines()
    if not lines or not lines[0].removeprefix("--").strip() or not lines[0].startswith("--"):
        raise ValueError(f"{origin} has no comment that says what it promises")
    if all(line.lstrip().startswith("--") or not line.strip() for line in lines):
        raise ValueError(f"{origin} has no SQL")
    return Query("\n".join(lines))
