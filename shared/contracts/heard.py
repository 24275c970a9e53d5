"""`heard`: what was heard on a platform, on its way from ingest's door to what tells it as statements."""

from __future__ import annotations

import msgspec

from shared.contracts.wire import Text


class Heard(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """What *source* said to the door at *heard_at* (RFC 3339); *reading* is what its connector made of it, in JSON.

    *noticed_at* (RFC 3339) is when a delivery first named it, if it was looked up because of that, else "".
    """

    source: Text
    heard_at: Text
    reading: msgspec.Raw
    noticed_at: Text = ""
