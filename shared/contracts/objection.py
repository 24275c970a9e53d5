"""`objection`: a learner's objection to being scored, or its withdrawal."""

from __future__ import annotations

import msgspec

from shared.contracts.wire import Text


class Objection(msgspec.Struct, frozen=True, rename="camel"):
    """*learner* (UUID) objects to being scored (*objects*), or withdraws the objection, at *at* (RFC 3339)."""

    learner: Text
    objects: bool
    at: Text
