"""`heard`: what was heard on a platform, on its way from ingest's door to what tells it as statements."""

from __future__ import annotations

import msgspec

from shared.contracts.wire import Text


class Heard(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """*source* said it to the door at *heard_at* (RFC 3339); *reading* is what its connector made of it, in JSON.

    What was asked for because the door had heard of it before says when that was: *noticed_at*, else "".
    """

    source: Text
    heard_at: Text
    reading: msgspec.Raw
    noticed_at: Text = ""
