"""`noticed`: something that a platform named without telling it, on its way to be asked for."""

from __future__ import annotations

from typing import Annotated, Final, TypeAlias

import msgspec

from shared.contracts.wire import Text

LONGEST: Final = 10 * 365 * 86_400
Seconds: TypeAlias = Annotated[int, msgspec.Meta(ge=0, le=LONGEST)]


class Noticed(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """Something that *source* named at *noticed_at* (RFC 3339), to be looked up at the earliest *after* so many seconds.

    *key* is the same however often it is named; *reference* is what the connector needs to look it up.
    """

    source: Text
    key: Text
    reference: dict[str, str]
    noticed_at: Text
    after: Seconds = 0
