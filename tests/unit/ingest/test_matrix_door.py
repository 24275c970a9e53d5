"""What a homeserver puts to us: transactions, pings and tokens."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from services.ingest.connectors.matrix import VERIFY
from services.ingest.connectors.matrix.events import read
from services.ingest.connectors.matrix.transactions import transaction as parsed
from services.ingest.connectors.registry import HOOKS
from services.ingest.domain.reading import Delivery, Reason
from services.ingest.domain.source import Platform
from services.ingest.verifiers import Message, Verdict
from shared.xapi.guard import Limits, Malformed
from tests.support.ingest import NOW, SECRET
from tests.support.matrix import (
    MATRIX,
)


@pytest.mark.parametrize("body", [b"", b"[]", b'{"events": {}}', b'{"events": [', b'{"events": 1}', b"[" * 100_000])
def test_what_is_no_transaction_is_malformed(body: bytes) -> None:
    with pytest.raises(Malformed):
        parsed(Message({}, body), Limits())


@pytest.mark.parametrize("body", [b'{"transaction_id": "1"}', b"{}"])
def test_a_ping_holds_nothing(body: bytes) -> None:
    reading = read(MATRIX, Delivery({}, parsed(Message({}, body), Limits())))

    assert reading.ignored in ((Reason.HANDSHAKE,), (Reason.UNMAPPED,))


def test_the_token_is_shown_in_the_header_or_in_the_address() -> None:
    url = "https://symposia.example/hooks/matrix/rooms/_matrix/app/v1/transactions/1"
    shown = {"authorization": f"Bearer {SECRET.decode()}"}

    def verdict(headers: Mapping[str, str], query: str = "") -> Verdict:
        return VERIFY(Message(headers, b"{}", url + query, "PUT"), [SECRET], NOW)

    assert verdict(shown) is Verdict.GENUINE
    assert verdict({}, f"?access_token={SECRET.decode()}") is Verdict.GENUINE
    assert verdict(shown, "?access_token=another") is Verdict.FORGED
    assert verdict({}) is Verdict.UNSIGNED


def test_a_homeserver_puts_its_transactions() -> None:
    hook = HOOKS[Platform.MATRIX]

    assert hook.methods == {"PUT", "POST"}
    assert hook.most_bytes > 100 * 64 * 1024
    assert hook.sample(SECRET, NOW).rest == "/_matrix/app/v1/ping"
