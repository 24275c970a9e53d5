"""Pack statements for a request: an array of their stored bytes, followed by the octets of their attachments, each once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple, Self

from services.gateway.attachments.declarations import Declaration, declared_in
from services.gateway.attachments.multipart import CRLF, head, new_boundary, tail
from services.gateway.attachments.outgoing import head_of, written
from services.gateway.attachments.store import AttachmentStore, Kept
from services.gateway.domain.enclosed import Sha2
from services.gateway.domain.selection import Entry
from shared.media_types import JSON_TYPE, MULTIPART_TYPE


class Parcel(NamedTuple):
    """The body of a request, and its Content-Type."""

    content_type: str
    body: bytes


class _Enclosed(NamedTuple):
    """Octets of an attachment, and what the statement declares of them."""

    kept: Kept
    declaration: Declaration


class Packer:
    """Packs statements of one page of the record, with those octets of their attachments that are kept."""

    def __init__(self, store: AttachmentStore, enclosed: Mapping[int, Mapping[Sha2, _Enclosed]]) -> None:
        self._store = store
        self._enclosed = enclosed

    @classmethod
    async def of(cls, store: AttachmentStore, entries: Iterable[Entry]) -> Self:
        """Look up what came with *entries*. Raises Unavailable."""
        declared = {entry: said for entry in entries if (said := declared_in(entry.body))}
        found = await store.of_statements(entry.id for entry in declared) if declared else []
        kept = {(each.statement, each.sha2): each for each in found}
        return cls(
            store,
            {
                entry.seq: {
                    sha2: _Enclosed(kept[entry.id, sha2], each) for sha2, each in said.items() if (entry.id, sha2) in kept
                }
                for entry, said in declared.items()
            },
        )

    def weight(self, entry: Entry) -> int:
        """Return about how many bytes *entry* adds to a request."""
        return len(entry.body) + sum(each.kept.length for each in self._enclosed.get(entry.seq, {}).values())

    async def pack(self, batch: Sequence[Entry]) -> Parcel:
        """Return *batch* as an array of stored bytes, with octets in parts behind it where there are any.

        Raises Unavailable, also where octets were erased since they were looked up.
        """
        statements = b"[" + b",".join(entry.body for entry in batch) + b"]"
        once = {sha2: each for entry in batch for sha2, each in self._enclosed.get(entry.seq, {}).items()}
        if not once:
            return Parcel(JSON_TYPE, statements)
        boundary = new_boundary()
        first = head(boundary, {"Content-Type": JSON_TYPE}) + statements
        heads = {each.kept: head_of(boundary, each.declaration) for each in once.values()}
        parts = [piece async for piece in written(self._store, heads)]
        return Parcel(f"{MULTIPART_TYPE}; boundary={boundary}", b"".join((first, *parts, CRLF, tail(boundary), CRLF)))
