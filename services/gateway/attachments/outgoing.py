"""Write those parts of a multipart/mixed message that hold octets, for answers and other LRSs (1.0.3 Communication §1.5.2)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping

from services.gateway.attachments.declarations import Declaration
from services.gateway.attachments.incoming import BINARY, ENCODING_HEADER, HASH_HEADER
from services.gateway.attachments.multipart import CRLF, head
from services.gateway.attachments.store import AttachmentStore, Kept


def head_of(boundary: str, declaration: Declaration) -> bytes:
    """Write what comes before the octets of the attachment that *declaration* describes."""
    headers = {"Content-Type": declaration.content_type, ENCODING_HEADER: BINARY, HASH_HEADER: declaration.sha2}
    return head(boundary, headers)


async def written(store: AttachmentStore, heads: Mapping[Kept, bytes]) -> AsyncIterator[bytes]:
    """Yield a part for each of *heads*, with the line end before it, in pieces. Raises Unavailable as `store.octets` does."""
    begun: Kept | None = None
    async for kept, octets in store.octets(heads):
        if kept is not begun:
            yield CRLF + heads[kept]
            begun = kept
        yield octets
