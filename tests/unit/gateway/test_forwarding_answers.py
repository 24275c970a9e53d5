"""What a target's answer means for the statements that it was sent."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from services.gateway.domain.selection import Entry
from services.gateway.forwarding.answers import LONGEST_WAIT, Answer, Fate, TargetAway, fate, single_statement, wait_of
from services.gateway.forwarding.forwarder import Pace
from services.gateway.forwarding.sending import BATCH_BYTES, BATCH_STATEMENTS, batches
from services.gateway.forwarding.target import BadTarget, Basic, NewTarget, TargetName
from shared.http.addresses import is_public
from shared.xapi.model import StatementId, Version
from tests.support.received import id_of

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
IDS = [StatementId(id_of(1)), StatementId(id_of(2))]


def weight(entry: Entry) -> int:
    return len(entry.body)


def entry(place: int, size: int = 10) -> Entry:
    return Entry(place, StatementId(id_of(place)), "source:a", "mbox::mailto:a@b.example", redacted=False, body=b"x" * size)


@pytest.mark.parametrize(
    "body", [b"", b" \n", str(IDS).replace("'", '"').encode(), str(IDS[::-1]).replace("'", '"').upper().encode()]
)
def test_statements_are_taken_where_the_answer_names_them_or_nothing(body: bytes) -> None:
    assert fate(Answer(200, body), IDS, NOON) is Fate.TAKEN


@pytest.mark.parametrize("body", [f'["{IDS[1]}"]'.encode(), b"[]"])
def test_an_answer_that_names_some_of_the_statements_says_that_the_others_were_there(body: bytes) -> None:
    assert fate(Answer(200, body), IDS, NOON) is Fate.CONFLICT


@pytest.mark.parametrize("body", [b"<html>", b"{}", b'["6690e6c9-3ef0-4ed3-8b37-7f3964730bee"]', b"\xff", b"[null, 1]"])
def test_an_answer_that_names_no_ids_is_of_no_lrs(body: bytes) -> None:
    with pytest.raises(TargetAway, match="no LRS answers like this"):
        fate(Answer(200, body), IDS, NOON)


@pytest.mark.parametrize("status", [300, 301, 307, 401, 403, 404, 405, 408, 429, 502, 503, 504])
def test_some_answers_say_nothing_about_the_statements(status: int) -> None:
    with pytest.raises(TargetAway):
        fate(Answer(status, b"", location="https://elsewhere.example/?token=x"), IDS, NOON)


@pytest.mark.parametrize(
    ("status", "became"),
    [(400, Fate.REFUSED), (413, Fate.REFUSED), (422, Fate.REFUSED), (409, Fate.CONFLICT), (500, Fate.BROKEN), (599, Fate.BROKEN)],
)
def test_all_other_answers_say_what_becomes_of_the_statements(status: int, became: Fate) -> None:
    assert fate(Answer(status, b""), IDS, NOON) is became


@pytest.mark.parametrize(
    ("said", "seconds"), [(None, 0), ("7", 7), ("Mon, 02 Mar 2026 12:01:00 GMT", 60), ("86400", LONGEST_WAIT)]
)
def test_a_target_is_spared_for_as_long_as_it_asks_within_bounds(said: str | None, seconds: float) -> None:
    assert wait_of(Answer(503, b"", retry_after=said), NOON) == seconds


def test_what_is_kept_of_an_answer_is_one_short_line_that_text_columns_take() -> None:
    assert Answer(400, b" bad\n\x00\xff " + b"x" * 999).said == f"400 bad � {'x' * 194}"


def test_pauses_grow_up_to_a_limit_and_are_no_shorter_than_asked_for() -> None:
    pace = Pace(first_pause=1, longest_pause=60)

    assert 0.5 <= pace.pause(0, 0) <= 1
    assert 4 <= pace.pause(3, 0) <= 8
    assert 30 <= pace.pause(10_000, 0) <= 60
    assert pace.pause(0, 90) == 90


def test_batches_keep_the_order_and_bound_number_and_size() -> None:
    entries = [entry(place) for place in range(120)]
    large = [entry(1, BATCH_BYTES - 5), entry(2), entry(3, 2 * BATCH_BYTES), entry(4)]

    assert [each for batch in batches(entries, weight) for each in batch] == entries
    assert max(len(batch) for batch in batches(entries, weight)) == BATCH_STATEMENTS
    assert [[each.seq for each in batch] for batch in batches(large, weight)] == [[1], [2], [3], [4]]
    assert list(batches([], weight)) == []


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.216.34", True),
        ("2606:2800:220:1::1", True),
        ("127.0.0.1", False),
        ("10.1.2.3", False),
        ("172.16.0.1", False),
        ("192.168.1.1", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("0.0.0.0", False),  # noqa: S104  what a name may resolve to
        ("224.0.0.1", False),
        ("::1", False),
        ("::", False),
        ("fd00::1", False),
        ("fe80::1%eth0", False),
        ("::ffff:10.0.0.1", False),
        ("::ffff:169.254.169.254", False),
        ("64:ff9b::a9fe:a9fe", False),
        ("64:ff9b::5db8:d822", True),
        ("2002:7f00:1::", False),
        ("2002:5db8:d822::", True),
        ("::127.0.0.1", False),
        ("::ffff:93.184.216.34", True),
        ("::ffff:0:127.0.0.1", False),
        ("64:ff9b:1::7f00:1", False),
        ("fec0::1", False),
        ("5f00::1", False),
        ("2001::1", False),
        ("2001:db8::1", False),
        ("ff0e::1", False),
    ],
)
def test_an_address_is_public_or_it_is_not(address: str, *, public: bool) -> None:
    assert is_public(address) is public


@pytest.mark.parametrize(
    ("name", "endpoint", "private"),
    [
        ("Other", "https://lrs.example/xapi", False),
        ("", "https://lrs.example/xapi", False),
        ("other", "http://lrs.example/xapi", False),
        ("other", "ftp://lrs.example/xapi", True),
        ("other", "https:///xapi", False),
        ("other", "lrs.example/xapi", False),
        ("other", "https://lrs.example/xapi?x=1", False),
        ("other", "https://lrs.example/xapi#x", False),
        ("other", "https://key:secret@lrs.example/xapi", False),
        ("other", "https://lrs.example:port/xapi", False),
        ("other", "https://[lrs.example/xapi", False),
        ("other", "https://lrs.example/x\napi", False),
    ],
)
def test_what_cannot_be_a_target_is_told(name: str, endpoint: str, *, private: bool) -> None:
    with pytest.raises(BadTarget):
        NewTarget(TargetName(name), endpoint, Version.V1_0_3, Basic("key", "secret"), private_network=private)


@pytest.mark.parametrize(
    ("body", "held"),
    [
        (b'{"id": "1"}', b'{"id": "1"}'),
        (b'{"statements": [{"id": "1"}], "more": ""}', b'{"id": "1"}'),
        (b'{"statements": []}', None),
        (b"<html>", b"<html>"),
    ],
)
def test_one_statement_may_come_as_a_result_that_holds_it(body: bytes, held: bytes | None) -> None:
    assert single_statement(body) == held
