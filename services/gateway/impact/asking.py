"""Read what a request asks: about whom, for which purpose, as of when, from which cursor; say of bad input what is expected."""

from __future__ import annotations

import base64
import math
import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from starlette.requests import Request

from shared.clock import rfc3339
from shared.http import Fault, Problem
from shared.xapi.timestamps import instant

PURPOSE_HEADER: Final = "x-purpose"
SHA1_HEX: Final = re.compile(r"[0-9a-f]{40}")
FIRST_YEAR, LAST_YEAR = 1970, 9998  # the last microsecond of 9999 means infinity to PostgreSQL's driver
LAST_XID: Final = 2**64 - 1
OLDEST: Final = 2**31 - 1
LONGEST_CURSOR: Final = 200
REFERENCES: Final = "a learner's UUID, mbox_sha1sum:<hash of the e-mail address> or external:<the id that HR uses>"


class Purpose(StrEnum):
    """The purposes that impact may be read for, a closed set, so that the audit can be searched by them (GDPR Art. 5(1)(b))."""

    DEVELOPMENT = "development"
    RECOGNITION = "recognition"
    STAFFING_SUPPORT = "staffing-support"
    LEARNING_DESIGN = "learning-design"
    RESEARCH = "research"
    SELF_ACCESS = "self-access"
    OVERSIGHT = "oversight"


class Kind(StrEnum):
    """How a learner can be referred to; the values are those of `records.learner_reference`."""

    ID = "id"
    EMAIL_HASH = "mbox_sha1sum"
    EXTERNAL_ID = "external_id"


@dataclass(frozen=True, slots=True)
class Reference:
    """A learner as the caller names them."""

    kind: Kind
    value: str


@dataclass(frozen=True, slots=True)
class ChangeKey:
    """The place of a change in the order of changes, which belongs to one *history* of the database."""

    history: str
    xid: int
    learner: UUID


BEGINNING: Final = ChangeKey("", 0, UUID(int=0))


@dataclass(frozen=True, slots=True)
class Shown:
    """The last fact on a page of an explanation; *as_of* is the moment that all pages of the explanation hold for."""

    as_of: datetime
    credit: float
    age_weeks: int
    statement: UUID
    dimension: str


def check_parameters(request: Request, known: Collection[str]) -> None:
    """Raise Problem 400 for parameters that are not *known*: a misspelt `changed_since` must not be answered with everything."""
    if unknown := sorted(set(request.query_params) - set(known)):
        listed = ", ".join(sorted(known))
        raise _bad(unknown[0][:100], "known", f"This parameter is not known here; known are {listed}")


def purpose_of(request: Request) -> Purpose:
    """Read the caller's purpose, from `purpose` or `X-Purpose`. Raises Problem 400."""
    said = request.query_params.get("purpose") or request.headers.get(PURPOSE_HEADER, "")
    try:
        return Purpose(said)
    except ValueError as error:
        listed = ", ".join(Purpose)
        raise _bad(
            "purpose", "purpose", f"Say what the impact is read for, in `purpose` or X-Purpose: one of {listed}"
        ) from error


def as_of(request: Request, now: datetime) -> datetime:
    """Read the moment at which the age of evidence is taken, *now* where none is given. Raises Problem 400."""
    said = request.query_params.get("as_of")
    if said is None:
        return now
    try:
        return _moment(said)
    except ValueError as error:
        raise _no_moment() from error


def limit_of(request: Request, *, default: int, most: int) -> int:
    """Read how many items are wanted at most, from 1 to *most*. Raises Problem 400."""
    said = request.query_params.get("limit", str(default))
    if said.isascii() and said.isdecimal() and len(said) <= len(str(most)) and 1 <= int(said) <= most:
        return int(said)
    raise _bad("limit", "range", f"A whole number from 1 to {most}")


def reference_of(request: Request) -> Reference:
    """Read which learner the path names. Raises Problem 400."""
    said = str(request.path_params["ref"])
    kind, colon, value = said.partition(":")
    match kind if colon else Kind.ID:
        case Kind.EMAIL_HASH if SHA1_HEX.fullmatch(value.lower()):
            return Reference(Kind.EMAIL_HASH, value.lower())
        case "external" if value and "\x00" not in value:
            return Reference(Kind.EXTERNAL_ID, value)
        case Kind.ID:
            return Reference(Kind.ID, str(_uuid(said)))
        case _:
            raise _no_reference()


def change_key_of(request: Request) -> ChangeKey:
    """Read the cursor `changed_since`; the beginning where there is none. Raises Problem 400."""
    said = request.query_params.get("changed_since", "")
    if not said:
        return BEGINNING
    try:
        history, xid, learner = ("", *_opened(said).split("."))[-3:]  # the first cursors named no history
        key = ChangeKey(history, int(xid), UUID(learner))
    except ValueError as error:
        raise _no_cursor("changed_since") from error
    if not 0 <= key.xid <= LAST_XID:
        raise _no_cursor("changed_since")
    return key


def cursor_of(key: ChangeKey) -> str:
    """Write *key* as an opaque cursor."""
    return _sealed(f"{key.history}.{key.xid}.{key.learner.hex}")


def shown_before(request: Request) -> Shown | None:
    """Read the cursor `after`; None for the first page. Raises Problem 400, also where `as_of` is not that of the first page."""
    said = request.query_params.get("after", "")
    if not said:
        return None
    try:
        moment, credit, age, statement, dimension = _opened(said).split(" ")
        shown = Shown(_moment(moment), float(credit), int(age), UUID(statement), dimension)
    except ValueError as error:
        raise _no_cursor("after") from error
    if not (math.isfinite(shown.credit) and 0 <= shown.age_weeks <= OLDEST and dimension.isalpha()):
        raise _no_cursor("after")
    if as_of(request, shown.as_of) != shown.as_of:
        raise _bad("as_of", "cursor", "All pages are of one moment: leave as_of out behind the first, or begin without a cursor")
    return shown


def cursor_behind(shown: Shown) -> str:
    """Write the place after *shown* as an opaque cursor."""
    return _sealed(f"{rfc3339(shown.as_of)} {shown.credit!r} {shown.age_weeks} {shown.statement.hex} {shown.dimension}")


def _sealed(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _opened(cursor: str) -> str:
    """Return the text in a cursor. Raises ValueError."""
    if len(cursor) > LONGEST_CURSOR:
        raise ValueError
    return base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True).decode("ascii")


def _moment(text: str) -> datetime:
    moment = instant(text)
    if not FIRST_YEAR <= moment.year <= LAST_YEAR:
        raise ValueError
    return moment


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise _no_reference() from error


def _no_moment() -> Problem:
    return _bad(
        "as_of", "timestamp", f"Write a time of the years {FIRST_YEAR} to {LAST_YEAR} as RFC 3339 does: 2026-01-31T12:00:00Z"
    )


def _no_reference() -> Problem:
    fault = Fault("/path/ref", "reference", f"Name {REFERENCES}")
    return Problem(400, "The path does not name a learner in a way that is known here", faults=(fault,))


def _no_cursor(parameter: str) -> Problem:
    return _bad(parameter, "cursor", "This is not a cursor: send the `next_cursor` of an answer, or none to start")


def _bad(parameter: str, rule: str, message: str) -> Problem:
    return Problem(400, message, faults=(Fault(f"/query/{parameter}", rule, message),))
