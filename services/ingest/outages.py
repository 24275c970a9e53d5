"""Tell failures that would meet whatever is told, an outage or a wrong set-up, from a bug that only this piece meets."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import asyncpg

from shared.bugs import confining_bugs
from shared.errors import Misconfigured, Unavailable
from shared.stream.errors import RecordTooLarge

SET_UP: Final = (Misconfigured, asyncpg.InvalidSchemaNameError, asyncpg.SyntaxOrAccessError)
"""As while a topic is missing, or tables are not migrated yet (classes 3F and 42): until then it befalls whatever is told."""


@contextmanager
def telling_alone() -> Iterator[None]:
    """Turn what the block raises into Unavailable where the set-up is wrong, and into Bug where it is none of the expected.

    Unavailable is waited out, since anything else would fail in the same way; after a Bug the next piece is told. Raises
    Unavailable, Bug, RecordTooLarge.
    """
    try:
        with confining_bugs(*SET_UP, RecordTooLarge):
            yield
    except SET_UP as error:
        raise Unavailable("ingest", str(error)) from error
