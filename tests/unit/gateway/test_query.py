from __future__ import annotations

import base64
import re
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from services.gateway.domain.cursor import BadCursor, Cursor, read_cursor, write_cursor
from services.gateway.domain.formats import Format
from services.gateway.domain.keychain import Keychain
from services.gateway.domain.parameters import PLUS, BadParameter
from services.gateway.domain.query import Continued, Filters, ManyQuery, SingleQuery, read_query, read_query_string
from services.gateway.domain.version import UnspokenVersion, negotiate
from shared.xapi.model import VOIDED, Version

KEYCHAIN = Keychain.of(bytes(range(32)))
THROUGH = datetime(2026, 1, 31, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    "beside", [*(f"{name}=x" for name in ("agent", "verb", "activity", "registration", "since", "until", "limit", "ascending"))]
)
@pytest.mark.parametrize("single", ["statementId", "voidedStatementId"])
def test_communication_2_1_3_beside_the_id_of_a_statement_stand_format_and_attachments_only(single: str, beside: str) -> None:
    with pytest.raises(BadParameter) as refused:
        read_query_string(f"{single}={uuid4()}&format=exact&attachments=false&{beside}".encode(), 500)

    assert (refused.value.name, refused.value.rule) == (beside.partition("=")[0], "beside-statement-id")


def test_communication_2_1_3_one_statement_is_asked_for_by_one_id() -> None:
    with pytest.raises(BadParameter) as refused:
        read_query_string(f"statementId={uuid4()}&voidedStatementId={uuid4()}".encode(), 500)

    assert refused.value.rule == "beside-statement-id"


@pytest.mark.parametrize(("written", "read"), [("true", True), ("True", True), ("false", False), ("False", False)])
def test_booleans_are_written_as_in_json_or_in_python(written: str, *, read: bool) -> None:
    query = read_query([("ascending", written), ("attachments", written)], 500)

    assert isinstance(query, ManyQuery)
    assert (query.filters.ascending, query.attachments) == (read, read)


def test_no_parameters_ask_for_all_a_page_at_a_time() -> None:
    assert read_query([], 500) == ManyQuery(Filters(), 500)


@pytest.mark.parametrize(("limit", "read"), [("0", 500), ("1", 1), ("500", 500), ("501", 500), ("999999999", 500)])
def test_a_limit_is_at_most_a_page(limit: str, read: int) -> None:
    query = read_query([("limit", limit)], 500)

    assert isinstance(query, ManyQuery)
    assert query.limit == read


def test_a_single_statement_is_asked_for_in_lower_case() -> None:
    identifier = str(uuid4())

    query = read_query([("voidedStatementId", identifier.upper()), ("format", "ids"), ("attachments", "true")], 500)

    assert query == SingleQuery(identifier, voided=True, format=Format.IDS, attachments=True)  # type: ignore[arg-type]


def test_what_was_asked_first_may_stand_beside_the_cursor_of_the_next_page() -> None:
    assert read_query([("limit", "500"), ("agent", "{'mbox': 'a'}"), ("more", "abc")], 500) == Continued("abc")


def test_what_is_no_parameter_is_refused_beside_the_cursor_too() -> None:
    with pytest.raises(BadParameter):
        read_query([("more", "abc"), ("lang", "en")], 500)


def test_times_are_read_in_utc() -> None:
    query = read_query([("since", "2026-01-31T13:00:00+01:00"), ("until", "2026-01-31T12:00:00")], 500)

    assert isinstance(query, ManyQuery)
    assert query.filters.since == query.filters.until == THROUGH


@pytest.mark.parametrize("verb", [VOIDED, "http://id.tincanapi.com/verb/replied", "https://acme.example/geäußert"])
def test_whatever_is_done_is_asked_for_by_its_verb(verb: str) -> None:
    assert read_query([("verb", verb)], 500) == ManyQuery(Filters(verb=verb), 500)


@pytest.mark.parametrize("verb", ["", "replied", "https://acme.example/a b"])
def test_a_verb_that_is_no_iri_is_refused(verb: str) -> None:
    with pytest.raises(BadParameter) as refused:
        read_query([("verb", verb)], 500)

    assert (refused.value.name, refused.value.rule) == ("verb", "iri")


@pytest.mark.parametrize(
    ("name", "value", "rule"),
    [
        ("statementId", "1", "uuid"),
        ("voidedStatementId", "1", "uuid"),
        ("registration", "1", "uuid"),
        ("activity", "course", "iri"),
        ("since", "yesterday", "timestamp"),
        ("until", "2026-02-29T12:00:00Z", "timestamp"),
        ("limit", "-1", "limit"),
        ("ascending", "yes", "boolean"),
    ],
)
def test_a_value_that_is_none_of_its_kind_is_refused_by_its_name(name: str, value: str, rule: str) -> None:
    with pytest.raises(BadParameter) as refused:
        read_query([(name, value)], 500)

    assert (refused.value.name, refused.value.rule) == (name, rule)


@pytest.mark.parametrize(
    "agent", ['{"mbox":"mailto:a@b.org","mbox_sha1sum":"x"}', "[]", "null", "{" * 100, '{"a":1,"a":1}', "\ud800"]
)
def test_an_agent_that_is_none_is_refused_without_repeating_it(agent: str) -> None:
    with pytest.raises(BadParameter) as refused:
        read_query([("agent", agent)], 500)

    assert refused.value.name == "agent"
    assert agent not in refused.value.message


@pytest.mark.parametrize(
    ("name", "text", "hinted"),
    [
        ("since", "2026-01-31T13:00:00 01:00", True),
        ("agent", '{"mbox": "mailto:ann kurs@example.org"}', True),
        ("since", "2026-01-31T13", False),
        ("agent", '{"mbox": "mailto:ann", "name": "A B"}', False),
        ("verb", "https://acme.example/a b", False),
    ],
)
def test_a_plus_that_became_a_space_is_told(name: str, text: str, *, hinted: bool) -> None:
    with pytest.raises(BadParameter) as refused:
        read_query([(name, text)], 500)

    assert refused.value.message.endswith(PLUS) == hinted


def test_a_cursor_comes_back_as_it_was() -> None:
    filters = Filters(agent="mbox::mailto:a@b.org", since=THROUGH, ascending=True)
    cursor = Cursor(ManyQuery(filters, 7, Format.IDS), 42, THROUGH)

    assert read_cursor(write_cursor(cursor, KEYCHAIN), KEYCHAIN) == cursor


def test_a_cursor_signed_before_the_master_key_changed_is_still_read() -> None:
    cursor = Cursor(ManyQuery(Filters(), 7), 42, THROUGH)
    written = write_cursor(cursor, KEYCHAIN)

    assert read_cursor(written, Keychain.of(bytes(32), bytes(range(32)))) == cursor
    with pytest.raises(BadCursor):
        read_cursor(written, Keychain.of(bytes(32)))


def test_a_cursor_stands_in_an_address_as_it_is_and_nothing_else_does_for_it() -> None:
    written = [write_cursor(Cursor(ManyQuery(Filters(verb="x" * length), 7), 42, THROUGH), KEYCHAIN) for length in range(4)]

    for each in written:
        assert re.fullmatch("[A-Za-z0-9_-]+", each)
        with pytest.raises(BadCursor):
            read_cursor(f"!{each}", KEYCHAIN)


@pytest.mark.parametrize(
    "payload", [b"{}", b"[", b'{"query":{"filters":{},"limit":"7"},"after":1,"through":"2026-01-31T12:00:00Z"}']
)
def test_a_cursor_of_another_version_is_none(payload: bytes) -> None:
    signed = base64.urlsafe_b64encode(KEYCHAIN.sign(payload) + payload).decode().rstrip("=")

    with pytest.raises(BadCursor, match="another version"):
        read_cursor(signed, KEYCHAIN)


@pytest.mark.parametrize("text", ["", "A", "!", "AAAA", "A" * 200, "ä" * 40])
def test_no_cursor_is_refused(text: str) -> None:
    with pytest.raises(BadCursor):
        read_cursor(text, KEYCHAIN)


def test_every_changed_byte_of_a_cursor_is_noticed() -> None:
    written = write_cursor(Cursor(ManyQuery(Filters(), 7), 42, THROUGH), KEYCHAIN)

    for place in range(len(written) - 1):
        changed = written[:place] + ("A" if written[place] != "A" else "B") + written[place + 1 :]
        with pytest.raises(BadCursor):
            read_cursor(changed, KEYCHAIN)


@pytest.mark.parametrize("header", ["1.0", "1.0.0", "1.0.3", "1.0.99", " 1.0.2 "])
def test_every_1_0_is_1_0_3(header: str) -> None:
    assert negotiate(header) is Version.V1_0_3


@pytest.mark.parametrize("header", [None, "", "0.95", "1.1", "1.1.0", "2.1.0", "3.0.0", "1.0.3, 2.0.0", "1.0.x", "10.0"])
def test_other_versions_are_not_spoken(header: str | None) -> None:
    with pytest.raises(UnspokenVersion):
        negotiate(header)


@pytest.mark.parametrize("header", [None, "", "  "])
def test_an_installation_may_take_requests_without_version(header: str | None) -> None:
    assert negotiate(header, Version.V1_0_3) is Version.V1_0_3
    with pytest.raises(UnspokenVersion, match="missing"):
        negotiate(header)


def test_a_version_stands_between_spaces_and_wins_over_none() -> None:
    assert negotiate(" 2.0.0 ", Version.V1_0_3) is Version.V2_0_0


@pytest.mark.parametrize("verb", ["https://w3id.org/xapi/dod-isd/verbs/read", f"https://acme.example/{'x' * 3000}"])
def test_a_query_string_is_read_the_same_whenever_it_comes(verb: str) -> None:
    text = f"verb={verb.replace(':', '%3A')}&limit=&limit=5&ascending=true".encode()

    for _ in range(2):
        with pytest.raises(BadParameter) as error:
            read_query_string(text, 500)
        assert error.value.rule == "repeated-parameter"
        assert read_query_string(text.replace(b"&limit=&", b"&"), 500) == ManyQuery(Filters(verb=verb, ascending=True), 5)
