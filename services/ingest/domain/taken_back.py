"""Leave the text of what a platform deleted out of what was heard and could not be told."""

from __future__ import annotations

from collections.abc import Collection

from msgspec.structs import replace

from services.ingest.domain.interaction import WITHDRAWING, Artefact, Choice, Interaction
from services.ingest.domain.reading import Reading


def without_texts(reading: Reading, addresses: Collection[str]) -> Reading:
    """Return *reading* without what was written at *addresses*; it tells the same acts, whose text the record would not keep."""
    return replace(
        reading,
        decided=tuple(_without_text(each, addresses) for each in reading.decided),
        undecided=tuple(replace(each, interaction=_without_text(each.interaction, addresses)) for each in reading.undecided),
        known=tuple(replace(each, artefact=_untitled(each.artefact, addresses)) for each in reading.known),
    )


def _without_text(interaction: Interaction, addresses: Collection[str]) -> Interaction:
    left = replace(
        interaction,
        artefact=_untitled(interaction.artefact, addresses),
        parent=None if interaction.parent is None else _untitled(interaction.parent, addresses),
        root=None if interaction.root is None else _untitled(interaction.root, addresses),
    )
    if left.artefact.iri not in addresses or left.kind in WITHDRAWING:
        return left
    choices = tuple(Choice(each.id) for each in left.choices)
    return replace(left, text=None if left.text is None else "", choices=choices)


def _untitled(artefact: Artefact, addresses: Collection[str]) -> Artefact:
    return replace(artefact, title=None) if artefact.iri in addresses else artefact
