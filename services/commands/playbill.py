"""What the demo prints in the end: who helped whom, how it came about, and where to look."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from services.commands.console import out, table
from services.demo.outcome import PURPOSE, Freshness, Helper, Moved
from services.demo.performance import Reception
from services.demo.stage import Stage
from services.installation import Installation

REASONS: Final = {
    "bot": "from bots",
    "channel_not_allowed": "in channels that the source may not hear",
    "direct_message": "direct messages",
    "excluded_account": "from service accounts",
    "private_channel": "in private channels",
    "told_already": "told by another delivery already",
    "unmapped": "about nothing that people did",
}


@dataclass(frozen=True, slots=True)
class Played:
    """A play that was played and scored, in so many *seconds* from the first request on."""

    stage: Stage
    reception: Reception
    seconds: float
    freshness: Freshness
    helpers: Sequence[Helper]
    moved: Sequence[Moved]


def print_playbill(installation: Installation, urls: Mapping[str, str], played: Played) -> None:
    """Print what came of the play."""
    _print_helpers(played.helpers)
    _print_moved(played.moved)
    _print_counts(played)
    _print_where_to_look(installation, urls, played)


def _print_helpers(helpers: Sequence[Helper]) -> None:
    title = "Who helped whom (provisional, advisory; reception: by what others made of it, contribution: by what they gave)"
    found = table(
        "Learner", ">Impact", ">Reception", ">Contribution", ">Grounding", "Helped most", "Strongest evidence", title=title
    )
    for helper in helpers:
        numbers = (helper.impact, helper.reception, helper.contribution)
        helped = ", ".join(f"{name} {credit:.2f}" for name, credit in helper.helped)
        found.add_row(
            helper.player.name,
            *(f"{number:.2f}" for number in numbers),
            f"{helper.grounding:.0%}",
            helped,
            helper.because,
        )
    out.print(found)


def _print_moved(moved: Sequence[Moved]) -> None:
    title = "What each platform moved (parts of the impact of all learners; together they are all of it)"
    found = table("Platform", ">Impact", ">Learners", "Most of it", title=title)
    for each in moved:
        found.add_row(each.platform, f"{each.impact:.2f}", str(each.learners), each.most.name)
    out.print(found)


def _print_counts(played: Played) -> None:
    reception, imported = played.reception, played.stage.imported
    known = ", ".join(f"{number} {kind}" for kind, number in imported.items())
    ignored = ", ".join(f"{number} {REASONS.get(reason, reason)}" for reason, number in reception.ignored.most_common())
    out.print(f"Known: {known}.")
    out.print(
        f"Played: {reception.deliveries} signed webhooks and {reception.posted} statements of the LMS in {played.seconds:.1f} s; "
        f"{reception.heard} interactions were heard; not heard: {ignored or 'nothing'}."
    )
    half, most = played.freshness.within(0.5), played.freshness.within(0.99)
    if half is not None and most is not None:
        out.print(f"From the door to the impact: half within {half:g} s, 99 % within {most:g} s (scoring's own measurement).")


def _print_where_to_look(installation: Installation, urls: Mapping[str, str], played: Played) -> None:
    gateway = urls["gateway"]
    key_id, secret = played.stage.memory.keys["hr"]
    places = {
        "Impact of one learner": f"curl -u {key_id}:{secret} '{gateway}/v1/learners/external:M-1002/impact?purpose={PURPOSE}'",
        "… and why": f"curl -u {key_id}:{secret} '{gateway}/v1/learners/external:M-1002/explanation?purpose={PURPOSE}'",
        "Everybody's, as CSV": f"curl -u {key_id}:{secret} '{gateway}/v1/impact.csv?purpose={PURPOSE}'",
        "The statements": f"curl -u {key_id}:{secret} -H 'X-Experience-API-Version: 1.0.3' '{gateway}/xapi/statements?limit=5'",
        "Metrics": "  ".join(f"{url}/metrics" for url in urls.values()),
        "What is wrong, if anything": f"symposia doctor --home {installation.home.path}",
    }
    out.print("\nWhere to look", style="bold")
    for what, where in places.items():
        out.print(f"{what}:\n  {where}", soft_wrap=True)
