"""What an operator can do something about, as one sentence."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from shared.errors import SymposiaError
from shared.settings import PREFIX

UNWRITABLE: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EROFS})
"""What the system says while a file is written, without naming it."""


class Refused(SymposiaError):
    """The command cannot do what it was asked to; the message says what to change."""


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Name *path* where the system says, without naming anything, that what the block writes cannot be written."""
    try:
        yield
    except OSError as error:
        if error.filename is None and error.errno in UNWRITABLE:
            raise OSError(error.errno, error.strerror, str(path)) from error
        raise


def sentence_of(error: BaseException) -> str | None:
    """Return the sentence that tells an operator what is wrong, or None for a bug, whose traceback is wanted."""
    if isinstance(error, BaseExceptionGroup):
        sentences = list(dict.fromkeys(sentence_of(each) for each in error.exceptions))
        return None if None in sentences else "; ".join(filter(None, sentences))
    if isinstance(error, ValidationError):
        return "; ".join(_settings(error))
    if isinstance(error, SymposiaError):
        return str(error)
    if isinstance(error, OSError) and (error.filename or error.errno in {errno.EADDRINUSE, *UNWRITABLE}):
        return f"{error.strerror}: {error.filename}" if error.filename else str(error.strerror)
    return None


def _settings(error: ValidationError) -> Iterator[str]:
    """Say each wrong setting by its name in the environment, without its value, which may be secret."""
    for wrong in error.errors(include_input=False, include_url=False):
        name = "__".join(str(part) for part in wrong["loc"]).upper()
        if wrong["type"] == "extra_forbidden":
            yield f"There is no setting {PREFIX}{name}: `symposia settings` shows those that there are."
        else:
            yield f"the setting {PREFIX}{name} cannot be used: {wrong['msg']}"
