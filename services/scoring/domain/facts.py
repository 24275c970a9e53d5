"""Facts: what one act is evidence of, and for whom; all numbers are integers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from services.scoring.domain.act import Act, ArtefactKey, LearnerId, Link, StatementId, key_of
from services.scoring.domain.rules import BOTH_ENROLLED, COPIED, MICRO, NEITHER_ENROLLED, ONE_ENROLLED, Dimension
from services.scoring.domain.week import Week

TENTHS: Final = 10


class Fact(NamedTuple):
    """One row of the ledger: with *statement*, *actor* earned *beneficiary* credit; weights in millionths.

    *kappa* is how surely this was formal learning (0: informal only); *grounded* is weight times kappa. *artefact* is what was
    received or contributed, *object* its IRI. *counted* says whether the fact counts now. *course*, *method* and *evidence* are
    those of the link that counted, if any. *copy_of* is the statement that first had the text of the artefact: then a
    contribution has no weight, and the credit for a reception goes to the author of that statement.
    """

    statement: StatementId
    dimension: Dimension
    beneficiary: LearnerId
    actor: LearnerId
    artefact: ArtefactKey
    object: str
    week: Week
    weight: int
    kappa: int
    grounded: int
    counted: bool
    course: str | None
    method: str | None
    evidence: str | None
    copy_of: StatementId | None


class Receipt(NamedTuple):
    """The fact that *actor* received *artefact*; *grounded* says whether the actor has a formal course record."""

    statement: StatementId
    artefact: ArtefactKey
    actor: LearnerId
    grounded: bool


def facts(act: Act) -> tuple[Fact, ...]:
    """Return what *act* is evidence of: reception, credited to the artefact's author, and contribution, credited to its actor.

    An act upon one's own artefact is evidence of nothing. A reception counts at once; a contribution counts only once another
    grounded learner has received it, so its fact is not counted yet. The fact of a copied text has no weight.
    """
    if act.rule is None or act.learner is None or act.learner == act.author:
        return ()
    found: list[Fact] = []
    if act.rule.reception and act.author is not None and act.received is not None:
        weight, copied = act.rule.reception, act.upon_copy_of
        found.append(_fact(act, Dimension.RECEPTION, act.author, act.received, weight=weight, copy_of=copied))
    if act.rule.contribution and act.artefact is not None:
        weight = COPIED if act.copy_of is not None else act.rule.contribution
        found.append(_fact(act, Dimension.CONTRIBUTION, act.learner, act.artefact, weight=weight, copy_of=act.copy_of))
    return tuple(found)


def receipt(act: Act) -> Receipt | None:
    """Return who received what by *act*, even where this gives no credit, since an answer shows that the question was read."""
    if act.rule is None or act.learner is None or act.received is None:
        return None
    return Receipt(act.statement, key_of(act.received), act.learner, act.grounded)


def _fact(
    act: Act, dimension: Dimension, beneficiary: LearnerId, artefact: str, *, weight: int, copy_of: StatementId | None
) -> Fact:
    share, link = _grounds(act.links, dimension)
    assert act.learner is not None  # noqa: S101  facts() has looked
    return Fact(
        statement=act.statement,
        dimension=dimension,
        beneficiary=beneficiary,
        actor=act.learner,
        artefact=key_of(artefact),
        object=artefact,
        week=act.week,
        weight=weight,
        kappa=share,
        grounded=_halves_up(weight * share, MICRO),
        counted=dimension is Dimension.RECEPTION,
        course=link.course if link else None,
        method=link.method if link else None,
        evidence=link.evidence if link else None,
        copy_of=copy_of,
    )


def _grounds(links: Sequence[Link], dimension: Dimension) -> tuple[int, Link | None]:
    """Return the largest kappa of *links* and the link it comes from; of equals, the surest and then the first by name."""
    weighed = ((kappa(link, dimension), link) for link in links)
    return min(weighed, key=_most_first, default=(0, None))


def _most_first(weighed: tuple[int, Link]) -> tuple[int, int, str, str, str]:
    share, link = weighed
    return -share, -link.confidence, link.course, link.method, link.evidence


def kappa(link: Link, dimension: Dimension) -> int:
    """Return the confidence of *link*, in millionths, reduced by how many of actor and beneficiary are enrolled in its course.

    The actor of a contribution is its beneficiary too.
    """
    other_enrolled = link.actor_enrolled if dimension is Dimension.CONTRIBUTION else link.author_enrolled
    tenths = (NEITHER_ENROLLED, ONE_ENROLLED, BOTH_ENROLLED)[link.actor_enrolled + other_enrolled]
    return _halves_up(link.confidence * tenths, TENTHS)


def _halves_up(numerator: int, denominator: int) -> int:
    return (2 * numerator + denominator) // (2 * denominator)
