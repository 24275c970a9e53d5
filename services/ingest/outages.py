"""What is nobody's in particular, an outage or a set-up that somebody has to change, apart from a bug over what is told."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import asyncpg

from shared.bugs import harming_nobody
from shared.errors import Misconfigured, Unavailable
from shared.stream.errors import RecordTooLarge

SET_UP: Final = (Misconfigured, asyncpg.InvalidSchemaNameError, asyncpg.SyntaxOrAccessError)
"""As while a topic is missing, or tables are not migrated yet (classes 3F and 42): until then it befalls whatever is told."""


@contextmanager
def telling_alone() -> Iterator[None]:
    """Take a set-up that has to be changed for an outage, and the rest for a bug over what the block tells.

    Raises Unavailable, Bug, RecordTooLarge.
    """
    try:
        with harming_nobody(*SET_UP, RecordTooLarge):
            yield
    except SET_UP as error:
        raise Unavailable("ingest", str(error)) from error
