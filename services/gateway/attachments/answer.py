"""Answer with statements and the octets of their attachments, as multipart/mixed (1.0.3 Communication §1.5.2)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import NamedTuple

from starlette.responses import Response, StreamingResponse

from services.gateway.attachments.declarations import declarations
from services.gateway.attachments.multipart import CRLF, head, new_boundary, tail
from services.gateway.attachments.outgoing import head_of, written
from services.gateway.attachments.store import AttachmentStore, Kept
from services.gateway.domain.enclosed import Sha2
from shared.media_types import JSON_TYPE, MULTIPART_TYPE


class _Part(NamedTuple):
    """The head of a part, and the octets that follow it."""

    head: bytes
    kept: Kept


class Attachments:
    """Writes answers piece by piece; their length is known before the octets are read."""

    def __init__(self, store: AttachmentStore) -> None:
        self._store = store

    async def answer(self, content: bytes, bodies: Sequence[bytes], headers: Mapping[str, str], *, head_only: bool) -> Response:
        """Answer with *content*, the JSON of the statements *bodies*, and once each with the octets that these declare.

        Octets that did not come with their statement are left out, and with *head_only* so is the body. Raises Unavailable before
        anything is sent.
        """
        boundary = new_boundary()
        first = head(boundary, {"Content-Type": JSON_TYPE}) + content
        parts = await self._parts(boundary, bodies)
        last = CRLF + tail(boundary)
        length = len(first) + sum(len(CRLF) + len(part.head) + part.kept.length for part in parts) + len(last)
        complete = {**headers, "Content-Length": str(length), "Content-Type": f"{MULTIPART_TYPE}; boundary={boundary}"}
        if head_only:
            return Response(headers=complete)
        return StreamingResponse(self._written(first, parts, last), headers=complete)

    async def _parts(self, boundary: str, bodies: Sequence[bytes]) -> list[_Part]:
        """Return the parts after the first, in the order of the statements."""
        declared = declarations(bodies)
        if not declared:
            return []
        kept = {(each.statement, each.sha2): each for each in await self._store.of_statements({id_ for id_, _ in declared})}
        once: dict[Sha2, _Part] = {}
        for key, said in declared.items():
            if key in kept and key[1] not in once:
                once[key[1]] = _Part(head_of(boundary, said), kept[key])
        return list(once.values())

    async def _written(self, first: bytes, parts: Sequence[_Part], last: bytes) -> AsyncIterator[bytes]:
        yield first
        async for piece in written(self._store, {part.kept: part.head for part in parts}):
            yield piece
        yield last
