"""`received`: one accepted request, on its way to the recorder."""

from __future__ import annotations

import msgspec

from shared.contracts.wire import Text


class ReceivedStatement(msgspec.Struct, frozen=True, rename="camel"):
    """A statement as the door passed it on.

    *body* has `id`, `authority`, `timestamp` and `version` spliced in, and not yet `stored`; *digest* (hex, 64 digits) is of
    the canonical content that the sender sent, before the door added to it.
    """

    id: Text
    digest: Text
    body: msgspec.Raw


class Received(msgspec.Struct, frozen=True, rename="camel"):
    """One request, taken or refused whole.

    *received_at* is RFC 3339; *source* says through which door (`credential:<key id>` or `source:<source id>`); *authority* is
    the canonical IFI of who vouches; *redacts* are the activity IRIs whose text the platform deleted: the recorder redacts
    the statements of the same source whose object they are, those still to come included. *defines* says that the sender may
    define activities and actors (1.0.3 Communication §4.2); of who may not, only what happened is taken at their word.
    """

    received_at: Text
    source: Text
    authority: Text
    statements: tuple[ReceivedStatement, ...]
    redacts: tuple[Text, ...] = ()
    defines: bool = True
