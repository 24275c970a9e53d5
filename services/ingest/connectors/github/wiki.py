"""GitHub's wikis: pages that were made or edited (`gollum`); deletes are not told."""

from __future__ import annotations

from typing import Final
from urllib.parse import quote

from services.ingest.connectors.fields import Incomplete, identifier, member, optional_time, text
from services.ingest.connectors.github import places
from services.ingest.connectors.github.places import Repository, Told
from services.ingest.domain.interaction import AccountName, Artefact, ArtefactType, Event, Interaction, Kind, NativeId
from services.ingest.domain.reading import Reading, Reason, ignored, joined
from shared.xapi.model import JSON

LONGEST_NAME: Final = 255
MOST_PAGES: Final = 100


def read_wiki(told: Told) -> Reading:
    """Read which pages the sender made or edited, all at once."""
    repo, sender, pages = places.repository(told), member(told.document, "sender"), member(told.document, "pages")
    if reason := places.refusal(told.source, repo) or places.unheard(told.source, sender):
        return ignored(reason)
    happened = told.noticed or optional_time(told.document, "repository", "updated_at")
    if happened is None:
        raise Incomplete("repository/updated_at")
    if not isinstance(pages, list):
        raise Incomplete("pages")
    actor = places.account(sender, "sender")
    return joined(_page(repo, each, actor, happened) for each in pages[:MOST_PAGES])


def _page(repo: Repository, page: JSON, actor: AccountName, happened: str) -> Reading:
    name, action = text(page, "page_name"), member(page, "action")
    if len(name) > LONGEST_NAME or not name.isprintable():
        raise Incomplete("page_name")
    if action not in ("created", "edited"):
        return ignored(Reason.UNMAPPED)
    made = action == "created"
    iri = f"{repo.url}/wiki/{quote(name, safe='')}"
    title = text(page, "title") if made else None
    interaction = Interaction(
        event=Event.CREATED if made else Event.EDITED,
        kind=Kind.CREATE if made else Kind.EDIT,
        artefact=Artefact(NativeId(f"{repo.id}/wiki/{name}"), iri, ArtefactType.PAGE, title[:LONGEST_NAME] if title else None),
        actor=actor,
        happened=happened,
        place=places.place(repo),
        revision="" if made else identifier(page, "sha"),
    )
    return Reading(decided=(interaction,))
