"""What the play was worth, read through the public doors as HR would: who helped whom, with what impact, and why."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

import httpx
from prometheus_client.parser import text_string_to_metric_families

from services.demo.cast import Player
from services.demo.performance import PATIENCE, XAPI
from services.demo.stage import WORKSPACES, Memory
from services.enrichment.domain.people import imported_learner
from shared.errors import Misconfigured

PURPOSE: Final = "recognition"
FRESHNESS: Final = "symposia_e2e_freshness_seconds"
RECEPTION: Final = "reception"
MOST: Final = "10000"
"""Facts of one explanation: more than anybody has."""


@dataclass(frozen=True, slots=True)
class Helper:
    """A learner, what their help was worth, whom it helped most (each with the credit), and the strongest piece of evidence."""

    player: Player
    impact: float
    reception: float
    contribution: float
    grounding: float
    helped: Sequence[tuple[str, float]]
    because: str


@dataclass(frozen=True, slots=True)
class Moved:
    """How much impact a platform moved, and whose: of how many learners, and of whom most."""

    platform: str
    impact: float
    learners: int
    most: Player


class Audience:
    """Reads impact and statements with HR's key."""

    def __init__(self, client: httpx.AsyncClient, gateway: str, memory: Memory, cast: Mapping[str, Player]) -> None:
        self._client = client
        self._gateway = gateway
        self._key = memory.keys["hr"]
        people = [player for player in cast.values() if player.external_id]
        self._people = {str(imported_learner(player.external_id or "")): player for player in people}

    async def helpers(self, most: int) -> Sequence[Helper]:
        """Return the *most* learners whose impact is largest, the largest first."""
        impacts = [(player, await self._impact(player)) for player in self._people.values()]
        found = sorted(((player, said) for player, said in impacts if said), key=lambda each: -each[1]["impact"])
        return [await self._helper(player) for player, _ in found[:most]]

    async def moved(self) -> Sequence[Moved]:
        """Return how much of all impact each platform moved, the most first; credits of all facts sum to the impact."""
        credits_of: dict[str, Counter[str]] = {platform: Counter() for platform in WORKSPACES}
        for learner, player in self._people.items():
            answer = await self._ask(
                f"/v1/learners/external:{player.external_id}/explanation", {"purpose": PURPOSE, "limit": MOST}
            )
            for fact in answer.json().get("explanation", ()):
                platform = next((each for each, home in WORKSPACES.items() if fact["object"].startswith(home)), None)
                if platform is not None:
                    credits_of[platform][learner] += fact["credit"]
        found = [_moved(platform, +given, self._people) for platform, given in credits_of.items() if +given]
        return sorted(found, key=lambda each: -each.impact)

    async def _impact(self, player: Player) -> Mapping[str, Any] | None:
        answer = await self._ask(f"/v1/learners/external:{player.external_id}/impact", {"purpose": PURPOSE})
        return None if answer.status_code == HTTPStatus.NOT_FOUND else answer.json()

    async def _helper(self, player: Player) -> Helper:
        answer = await self._ask(f"/v1/learners/external:{player.external_id}/explanation", {"purpose": PURPOSE})
        said = answer.json()
        facts = [fact for fact in said["explanation"] if fact["dimension"] == RECEPTION]
        helped: Counter[str] = Counter()
        for fact in facts:
            helped[self._name(fact["peer"])] += fact["credit"]
        return Helper(
            player=player,
            impact=said["impact"],
            reception=said["reception"],
            contribution=said["contribution"],
            grounding=said["grounding"] or 0.0,
            helped=helped.most_common(3),
            because=await self._because(facts[0]) if facts else "",
        )

    async def _because(self, fact: Mapping[str, Any]) -> str:
        """Say a fact in words: who did what, in which course, how we know, and what it is worth."""
        answer = await self._ask("/xapi/statements", {"statementId": fact["statement_id"]}, XAPI)
        verb = answer.json()["verb"]["display"]["en"]
        course = f" in {fact['course_title']} (by {fact['method']})" if fact["course_title"] else ""
        return f"{self._name(fact['peer'])} {verb} a post of theirs{course}: {fact['credit']:.2f}"

    def _name(self, learner: str | None) -> str:
        player = self._people.get(learner or "")
        return player.name if player else "somebody whom no import knows"

    async def _ask(self, path: str, parameters: Mapping[str, str], headers: Mapping[str, str] | None = None) -> httpx.Response:
        answer = await self._client.get(
            f"{self._gateway}{path}", params=dict(parameters), headers=dict(headers or {}), auth=self._key, timeout=PATIENCE
        )
        if not answer.is_success and answer.status_code != HTTPStatus.NOT_FOUND:
            raise Misconfigured(f"{self._gateway}{path} answers {answer.status_code}: {answer.text[:300]}")
        return answer


def _moved(platform: str, given: Counter[str], people: Mapping[str, Player]) -> Moved:
    [(most, _)] = given.most_common(1)
    return Moved(platform, sum(given.values()), len(given), people[most])


@dataclass(frozen=True, slots=True)
class Freshness:
    """How long statements took from the door to their facts, by scoring's own histogram: counts up to each bound, in seconds."""

    counts: Mapping[float, float]

    def since(self, before: Freshness) -> Freshness:
        """Return what was counted after *before*."""
        return Freshness({bound: count - before.counts.get(bound, 0) for bound, count in self.counts.items()})

    def within(self, share: float) -> float | None:
        """Return the bound within which *share* of the statements were scored; None where none was, or none says so."""
        total = self.counts.get(math.inf, 0)
        bounds = sorted(bound for bound, count in self.counts.items() if total and count >= share * total)
        return bounds[0] if bounds and math.isfinite(bounds[0]) else None


async def freshness(client: httpx.AsyncClient, scoring: str | None) -> Freshness:
    """Read scoring's histogram; an empty one where scoring cannot be asked."""
    if scoring is None:
        return Freshness({})
    try:
        answer = await client.get(f"{scoring}/metrics", timeout=PATIENCE)
    except httpx.TransportError:
        return Freshness({})
    families = text_string_to_metric_families(answer.text)
    samples = (sample for family in families if family.name == FRESHNESS for sample in family.samples)
    return Freshness({float(sample.labels["le"]): sample.value for sample in samples if "le" in sample.labels})
