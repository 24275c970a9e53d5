"""Point into a JSON document (RFC 6901)."""

from collections.abc import Iterable

from shared.xapi.model import JSON

LONGEST_TOKEN = 200
"""A longer key is not repeated in a pointer: the pointer then ends at the object that holds the key."""


def pointer(path: Iterable[str | int]) -> str:
    """Write *path* as a JSON pointer, ending early rather than repeat a key of more than LONGEST_TOKEN characters."""
    written = ""
    for token in path:
        text = str(token)
        if len(text) > LONGEST_TOKEN:
            break
        written += "/" + text.replace("~", "~0").replace("/", "~1")
    return written


def resolve(document: JSON, at: str) -> JSON:
    """Return what *at* points to in *document*. Raises KeyError, IndexError or ValueError where it points to nothing."""
    for token in at.split("/")[1:]:
        key = token.replace("~1", "/").replace("~0", "~")
        document = document[int(key)] if isinstance(document, list) else document[key]
    return document
