"""`noticed`: something that a platform named without telling it, on its way to be asked for."""

from __future__ import annotations

import msgspec

from shared.contracts.wire import Text


class Noticed(msgspec.Struct, frozen=True, rename="camel"):
    """*source* heard of it at *noticed_at* (RFC 3339); *key* is the same for every repetition, *reference* says how to ask."""

    source: Text
    key: Text
    reference: dict[str, str]
    noticed_at: Text
