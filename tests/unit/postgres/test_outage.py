from __future__ import annotations

import asyncpg

from shared.errors import Misconfigured
from shared.postgres.outage import connecting_failed, is_lost, is_outage


def test_a_driver_out_of_step_with_its_server_is_an_outage() -> None:
    error = asyncpg.InternalClientError("cannot switch to state 12; another operation (2) is in progress")

    assert is_outage(error, closed=False)
    assert is_lost(error)


def test_misuse_of_an_open_connection_is_a_bug() -> None:
    assert not is_outage(asyncpg.InterfaceError("another operation is in progress"), closed=False)


def test_an_address_of_another_kind_of_database_is_a_misconfiguration() -> None:
    failure = connecting_failed(asyncpg.exceptions.ClientConfigurationError("invalid DSN: scheme is 'mysql'"))

    assert isinstance(failure, Misconfigured)
    assert str(failure) == "DATABASE_URL cannot be used: invalid DSN: scheme is 'mysql'"
