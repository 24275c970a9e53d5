"""Impact as the design's text says it, written naively and without scoring's code: what the service is compared with."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import UTC, datetime
from typing import NamedTuple

from shared.contracts import Enriched, Status

RECEPTION = {"viewed": 0.05, "read": 0.05, "like": 0.5, "reacted": 0.5, "voted-up": 0.5, "share": 1, "bookmarked": 1}
RECEPTION |= {"replied": 0.6, "commented": 0.6, "accept": 3}
CONTRIBUTION = {"asked": 0.2, "answered": 1, "replied": 1, "commented": 1, "posted": 1, "create": 1}
ZERO_WEIGHT = {"answered", "voted-down", "edited", "downloaded", "rated", "reviewed"}
SHARE = (0.3, 0.7, 1.0)
UPON_PARENT = {"answered", "replied", "commented"}


class Impact(NamedTuple):
    reception: float
    contribution: float
    grounding: float | None


def impacts(messages: Iterable[Enriched], as_of: datetime, objecting: Collection[str] = ()) -> dict[str, Impact]:
    """Return the impact at *as_of* of everybody who has a fact that counts, from messages in any order, old revisions too."""
    newest = {message.id: message for message in sorted(messages, key=lambda each: each.revision)}
    acts = [act for act in newest.values() if act.status is Status.LIVE and act.learner and act.learner not in objecting]
    received = {(upon(act), act.learner) for act in acts if act.actor_grounded and verb(act) in {*RECEPTION, *ZERO_WEIGHT}}
    pairs: defaultdict[str, defaultdict[str, float]] = defaultdict(lambda: defaultdict(float))
    weeks: defaultdict[str, defaultdict[int, float]] = defaultdict(lambda: defaultdict(float))
    weight: defaultdict[str, float] = defaultdict(float)
    grounded: defaultdict[str, float] = defaultdict(float)
    for act in (act for act in acts if act.learner != act.author):
        who, author, then = str(act.learner), act.author, week(datetime.fromisoformat(act.timestamp))
        decay = left(as_of, then)
        if author and author not in objecting and verb(act) in RECEPTION:
            w = RECEPTION[verb(act)]
            k = max((x.confidence * SHARE[x.actor_enrolled + x.author_enrolled] for x in act.links), default=0)
            pairs[author][who] += w * k * decay
            weight[author] += w * decay
            grounded[author] += w * k * decay
        if verb(act) in CONTRIBUTION and not act.copy_of and any(what == act.object and other != who for what, other in received):
            w, k = CONTRIBUTION[verb(act)], max((x.confidence * SHARE[2 * x.actor_enrolled] for x in act.links), default=0)
            weeks[who][then] += w * k
            weight[who] += w * decay
            grounded[who] += w * k * decay
    return {
        who: Impact(
            sum(min(total**0.5, 3) for total in pairs[who].values()),
            sum(total**0.7 * left(as_of, then) for then, total in weeks[who].items()),
            grounded[who] / weight[who],
        )
        for who in weight
    }


def left(as_of: datetime, then: int) -> float:
    """Return what is left of a week's evidence: half after 13 weeks, and no less from 75 years on."""
    return float(2 ** (-min(max(0, week(as_of) - then), 3900) / 13))


def upon(act: Enriched) -> str | None:
    return (act.parent or act.object) if verb(act) in UPON_PARENT else act.object


def verb(act: Enriched) -> str:
    return act.verb.rsplit("/", 1)[1]


def week(moment: datetime) -> int:
    return (moment - datetime(1970, 1, 5, tzinfo=UTC)).days // 7
