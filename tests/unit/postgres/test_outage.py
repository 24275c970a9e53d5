from __future__ import annotations

import asyncpg
import pytest

from shared.errors import Misconfigured, Unavailable
from shared.postgres.outage import connecting_failed, forbidden, is_lost, is_outage, place_of, unavailable


def test_a_driver_out_of_step_with_its_server_is_an_outage() -> None:
    error = asyncpg.InternalClientError("cannot switch to state 12; another operation (2) is in progress")

    assert is_outage(error, closed=False)
    assert is_lost(error)


def test_a_connection_that_ends_while_it_is_opened_is_an_outage() -> None:
    error = asyncpg.InternalClientError("cannot switch to state 12; another operation (2) is in progress")

    assert isinstance(connecting_failed(error), Unavailable)


def test_misuse_of_an_open_connection_is_a_bug() -> None:
    assert not is_outage(asyncpg.InterfaceError("another operation is in progress"), closed=False)


def test_an_address_of_another_kind_of_database_is_a_misconfiguration() -> None:
    failure = connecting_failed(asyncpg.exceptions.ClientConfigurationError("invalid DSN: scheme is 'mysql'"))

    assert isinstance(failure, Misconfigured)
    assert str(failure) == "DATABASE_URL cannot be used: invalid DSN: scheme is 'mysql'"


def test_a_pooler_that_refuses_how_sessions_begin_is_a_misconfiguration() -> None:
    failure = connecting_failed(asyncpg.ProtocolViolationError("unsupported startup parameter: search_path"))

    assert isinstance(failure, Misconfigured)
    assert "unsupported startup parameter: search_path. Let DATABASE_URL name PostgreSQL itself" in str(failure)


def test_a_pooler_whose_server_is_away_is_an_outage() -> None:
    assert isinstance(connecting_failed(asyncpg.ProtocolViolationError("query_wait_timeout")), Unavailable)


@pytest.mark.parametrize("error", [asyncpg.DuplicatePreparedStatementError("x"), asyncpg.InvalidSQLStatementNameError("x")])
def test_prepared_statements_that_come_and_go_tell_of_a_pooler_of_transactions(error: asyncpg.PostgresError) -> None:
    failure = forbidden(error)

    assert isinstance(failure, Misconfigured)
    assert "takes our sessions away between transactions" in str(failure)


def test_a_parameter_that_only_others_know_is_a_misconfiguration() -> None:
    failure = connecting_failed(asyncpg.UndefinedObjectError('unrecognized configuration parameter "channel_binding"'))

    assert isinstance(failure, Misconfigured)
    assert 'unrecognized configuration parameter "channel_binding"' in str(failure)


def test_a_password_that_is_not_written_for_an_address_is_told_without_a_part_of_it() -> None:
    failure = connecting_failed(ValueError("invalid literal for int() with base 10: 'secret'"))

    assert isinstance(failure, Misconfigured)
    assert "%2F" in str(failure)
    assert "secret" not in str(failure)


def test_a_file_of_certificates_that_is_not_there_is_named() -> None:
    failure = connecting_failed(FileNotFoundError(2, "No such file or directory"), "postgresql://db/x?sslrootcert=/no/ca.pem")

    assert isinstance(failure, Misconfigured)
    assert "sslrootcert=/no/ca.pem names no file" in str(failure)


def test_a_socket_that_is_not_there_yet_is_an_outage() -> None:
    failure = connecting_failed(FileNotFoundError(2, "No such file or directory"), "postgresql:///x?host=/run/postgresql")

    assert isinstance(failure, Unavailable)


def test_a_server_that_cannot_be_reached_is_told_with_its_place_and_without_the_password() -> None:
    failure = connecting_failed(ConnectionRefusedError(111, "Connection refused"), "postgresql://me:secret@db.example.org:5433/x")

    assert str(failure).endswith("Connection refused, at db.example.org:5433")


def test_a_connection_that_is_not_there_in_time_is_told_in_words() -> None:
    failure = connecting_failed(TimeoutError(), "postgresql://far.example.org/x")

    assert str(failure).endswith("TimeoutError: no connection in time, at far.example.org")


def test_a_statement_that_is_not_answered_is_told_in_words() -> None:
    assert unavailable(TimeoutError()).reason == "TimeoutError: no answer in time"


@pytest.mark.parametrize(
    ("dsn", "place"),
    [
        ("postgresql://a:1,b:2/x", "a:1,b:2"),
        ("postgresql:///x?host=/run/postgresql", "/run/postgresql"),
        ("postgresql://me:se@cret@[::1/x", ""),
        ("", ""),
    ],
)
def test_places_are_hosts_sockets_or_nothing(dsn: str, place: str) -> None:
    assert place_of(dsn) == place
