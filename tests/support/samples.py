"""Recorded deliveries, and the table that says what becomes of each.

SYMPOSIA_SAMPLES names a directory with more of them, in folders of the same names.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson

from services.ingest.domain.interaction import Interaction
from services.ingest.domain.reading import Reading

HERE = Path(__file__).parent.parent / "unit" / "ingest" / "samples"

Row = list[str]
"""What an interaction says, in short: kind, actor, artefact, time, and what it names besides."""


def samples(folder: str) -> dict[str, Any]:
    """Return the documents in *folder* by the names of their files."""
    return {name.removesuffix(".json"): orjson.loads(content) for name, content in files(folder, "*.json").items()}


def files(folder: str, pattern: str) -> dict[str, bytes]:
    """Return what is in the files in *folder* whose names fit *pattern*, by their names."""
    places = [HERE, *(Path(each) for each in (os.environ.get("SYMPOSIA_SAMPLES"),) if each)]
    found = sorted(file for place in places for file in (place / folder).glob(pattern))
    return {file.name: file.read_bytes() for file in found}


def table(folder: str) -> dict[str, list[Row] | str]:
    """Return what becomes of each sample in *folder*: what it tells, or the reason why it is refused."""
    found: dict[str, list[Row] | str] = orjson.loads((HERE / f"{folder}.json").read_bytes())
    return found


def rows(reading: Reading) -> list[Row]:
    """Return what *reading* tells, or would tell if nothing more became known."""
    return [row(each) for each in (*reading.decided, *(waiting.interaction for waiting in reading.undecided))]


def row(interaction: Interaction) -> Row:
    """Return what *interaction* says, in short."""
    named: Mapping[str, object] = {
        "place": interaction.place.id if interaction.place else None,
        "parent": interaction.parent.native if interaction.parent else None,
        "author": interaction.author,
        "title": interaction.artefact.title,
        "text": interaction.text,
        "emoji": interaction.emoji,
        "revision": interaction.revision,
    }
    said = (f"{name}={value}" for name, value in named.items() if value)
    return [interaction.kind, interaction.actor, interaction.artefact.iri, interaction.happened, *said]
