"""Write statements in the format that was asked for (1.0.3 Communication §2.1.3)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Final, TypeAlias

from starlette.requests import Request

from services.gateway.domain.formats import Format, accepted_languages, canonical, only_ids

DefinitionsOf: TypeAlias = Callable[[Iterable[bytes]], Awaitable[Mapping[str, bytes]]]
"""Return the definition (JSON) of each activity that statements name, by its id."""

ACCEPT_LANGUAGE: Final = "accept-language"


class Formatting:
    """Writes the statements of an answer."""

    def __init__(self, definitions_of: DefinitionsOf) -> None:
        self._definitions_of = definitions_of

    async def write(self, bodies: Sequence[bytes], form: Format, request: Request) -> list[bytes]:
        """Return the stored *bodies* in *form*, in the languages that *request* accepts. Raises Unavailable."""
        match form:
            case Format.EXACT:
                return list(bodies)
            case Format.IDS:
                return list(map(only_ids, bodies))
            case Format.CANONICAL:
                accepted = accepted_languages(",".join(request.headers.getlist(ACCEPT_LANGUAGE)))
                definitions = await self._definitions_of(bodies)
                return [canonical(body, accepted, definitions) for body in bodies]
