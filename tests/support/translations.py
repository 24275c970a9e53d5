"""One interaction in several formats: ActivityStreams 1 and 2, microformats2 (github.com/snarfed/granary, CC0-1.0)."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import orjson

from tests.support.samples import files

AUTHOR = "https://author.example/"
AT = "2026-03-02T12:00:00Z"
FORMATS = ("as", "as2", "mf2")


def translations() -> dict[str, dict[str, Any]]:
    """Return what is there in more than one format, by its name and its formats, each with an author and a time."""
    found: dict[str, dict[str, Any]] = defaultdict(dict)
    for name, content in files("granary-translations", "*.json").items():
        base, form, _ = name.rsplit(".", 2)
        if form in FORMATS:
            found[base][form] = orjson.loads(content)
    return {name: _complete(several) for name, several in found.items() if len(several) > 1}


def _complete(several: dict[str, Any]) -> dict[str, Any]:
    return {form: _completed(document, form) for form, document in several.items()}


def _completed(document: Any, form: str) -> Any:
    """Say who and when, where nothing says so: many of the samples are cut down to what they are about."""
    items = document if isinstance(document, list) else document.get("items")
    if isinstance(items, list):
        return {"type": "Collection", "items": [_completed(each, form) for each in items]}
    if form == "mf2":
        properties = {"author": [AUTHOR], "published": [AT], "url": ["https://author.example/1"], **document["properties"]}
        return {**document, "properties": properties}
    who = "actor" if {"verb", "object"} & document.keys() else "author" if form == "as" else "attributedTo"
    named = {} if {"id", "url"} & document.keys() else {"url": "https://author.example/1"}
    return {who: AUTHOR, "published": AT, **named, **document}
