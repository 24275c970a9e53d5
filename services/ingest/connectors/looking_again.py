"""Look again at what was told, where a platform does not say what is deleted: what is gone there goes from the record as well.

told ──a day──▶ look ──six days──▶ look ──three weeks──▶ look
where it is missing ──an hour──▶ look: missing again, it was deleted
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Final

from services.ingest.connectors.fields import Incomplete
from services.ingest.connectors.parsing import answered
from services.ingest.domain.asking import Answer
from services.ingest.domain.interaction import AccountName, Artefact
from services.ingest.domain.reading import Lookup, Reading, Reason, withdrawal
from services.ingest.domain.source import Keeps, Source
from shared.xapi.model import JSON

PAUSES: Final = (timedelta(days=1), timedelta(days=6), timedelta(days=21))
"""Before each look, since the one before it."""
SURE: Final = timedelta(hours=1)
"""Before what is missing is looked for once more: a platform may err."""

_NUMBER: Final = "look"
_MISSED: Final = "missed"
_AUTHOR: Final = "by"


def first_look(source: Source, name: str, reference: Mapping[str, str], author: AccountName | None) -> tuple[Lookup, ...]:
    """Return that what is called *name* is to be looked at again, if its text is kept; an erasure of its *author* forgets it."""
    if source.policy.keeps is not Keeps.TEXT:
        return ()
    return (_look(name, {**reference, **({_AUTHOR: author} if author else {})}, 0),)


def is_look(lookup: Lookup) -> bool:
    """Say whether *lookup* is of this kind."""
    return _NUMBER in lookup.reference


def read(lookup: Lookup, artefact: Artefact, answer: Answer, is_there: Callable[[JSON], bool | None]) -> Reading:
    """Read whether *artefact* is there still, as *is_there* says of what was answered; None where that says neither.

    Who refuses to tell, or answers with no JSON, has not said that something was deleted: it is looked at again the next time.
    """
    try:
        found = is_there(answered(answer))
    except Incomplete:
        found = None
    if found is False:
        return _missing(lookup, artefact)
    return Reading(ignored=(Reason.TOLD_ALREADY if found else Reason.INCOMPLETE,), lookups=_next(lookup))


def _next(lookup: Lookup) -> tuple[Lookup, ...]:
    number = int(lookup.reference[_NUMBER]) + 1
    return (_look(_name(lookup), _bare(lookup), number),) if number < len(PAUSES) else ()


def _missing(lookup: Lookup, artefact: Artefact) -> Reading:
    """Read that *artefact* is not there: looked for again it was deleted, at the time at which it was missed first."""
    if _MISSED in lookup.reference:
        return Reading(undecided=(withdrawal(artefact, lookup.noticed),))
    number = lookup.reference[_NUMBER]
    once_more = Lookup(f"{lookup.key} {_MISSED}", {**_bare(lookup), _NUMBER: number, _MISSED: "yes"}, after=_seconds(SURE))
    return Reading(ignored=(Reason.GONE,), lookups=(once_more,))


def _look(name: str, reference: Mapping[str, str], number: int) -> Lookup:
    return Lookup(f"{name} look {number}", {**reference, _NUMBER: str(number)}, after=_seconds(PAUSES[number]))


def _name(lookup: Lookup) -> str:
    return lookup.key.removesuffix(f" {_MISSED}").rpartition(" look ")[0]


def _bare(lookup: Lookup) -> dict[str, str]:
    return {name: value for name, value in lookup.reference.items() if name not in (_NUMBER, _MISSED)}


def _seconds(pause: timedelta) -> int:
    return round(pause.total_seconds())
