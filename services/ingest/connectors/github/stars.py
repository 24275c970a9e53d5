"""Stars: by them people keep a repository for later, and find what colleagues found worth keeping.

GitHub sends `watch` with each star as well, as it did before there was `star`.
"""

from __future__ import annotations

from services.ingest.connectors.fields import Incomplete, member, optional_time
from services.ingest.connectors.github import places
from services.ingest.connectors.github.places import Told
from services.ingest.domain.interaction import Artefact, ArtefactType, Event, Interaction, Kind, NativeId
from services.ingest.domain.reading import Reading, Reason, ignored


def read_star(told: Told) -> Reading:
    """Read that the sender starred a repository, or took the star back, of which GitHub tells no time."""
    document = told.document
    repo, sender = places.repository(told), member(document, "sender")
    if reason := places.refusal(told.source, repo) or places.unheard(told.source, sender):
        return ignored(reason)
    action = member(document, "action")
    if action not in ("created", "deleted"):
        return ignored(Reason.UNMAPPED)
    starred = action == "created"
    happened = optional_time(document, "starred_at") or told.noticed or optional_time(document, "repository", "updated_at")
    if happened is None:
        raise Incomplete("starred_at")
    actor = places.account(sender, "sender")
    interaction = Interaction(
        event=Event.BOOKMARKED if starred else Event.UNBOOKMARKED,
        kind=Kind.BOOKMARK if starred else Kind.UNBOOKMARK,
        artefact=Artefact(NativeId(repo.id), repo.url, ArtefactType.COMMUNITY),
        actor=actor,
        happened=happened,
        place=places.place(repo),
        revision=f"{actor} {happened}",
    )
    return Reading(decided=(interaction,))
