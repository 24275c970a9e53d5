"""Who is a learner: one person with one or more IFIs, known by an alias for each."""

from __future__ import annotations

from typing import Final, NewType
from uuid import UUID, uuid5

from shared.xapi import ifi
from shared.xapi.model import Ifi

LearnerId = NewType("LearnerId", UUID)

_IMPORTED: Final = UUID("8f2f2f0c-5c83-5d55-9d0e-3a8f0d1f6a01")
_PROVISIONAL: Final = UUID("8f2f2f0c-5c83-5d55-9d0e-3a8f0d1f6a02")


def imported_learner(external_id: str) -> LearnerId:
    """Return the id of the person whom HR calls *external_id*: always the same."""
    return LearnerId(uuid5(_IMPORTED, external_id))


def provisional_learner(identifier: Ifi) -> LearnerId:
    """Return the id of the person of whom only *identifier* is known; an e-mail address and its hash give the same id."""
    return LearnerId(uuid5(_PROVISIONAL, ifi.email_hash(identifier) or identifier))


def learner_before(identifier: Ifi | None, learner: LearnerId | None) -> LearnerId | None:
    """Return whom *identifier* named before an import assigned it to *learner*; None where that has not changed."""
    if identifier is None or learner is None:
        return None
    before = provisional_learner(identifier)
    return None if before == learner else before


def email_ifis(email: str) -> tuple[Ifi, ...]:
    """Return the IFIs of the e-mail address *email*: the address and its hash, each as written and in lower case.

    The part before the @ is case-sensitive (RFC 5321, section 2.4), but no two people have addresses that differ in case alone,
    and systems differ in how they write them.
    """
    written = dict.fromkeys((f"mailto:{email}", f"mailto:{email.lower()}"))
    return tuple(one for mbox in written for one in (ifi.of_mbox(mbox), Ifi(f"mbox_sha1sum::{ifi.sha1sum(mbox)}")))
