"""Settings come from the environment, and from the files it names."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from shared.errors import Misconfigured
from shared.settings import LogLevel, ServiceSettings


def test_a_section_is_set_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SYMPOSIA_HTTP__PORT", "9000")

    settings = ServiceSettings()

    assert settings.http.port == 9000


def test_database_url_sets_the_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://db.example/symposia")

    settings = ServiceSettings()

    assert settings.postgres.url.get_secret_value() == "postgresql://db.example/symposia"


def test_a_level_is_one_of_four_in_small_or_capital_letters(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SYMPOSIA_TELEMETRY__LOG_LEVEL", "WARNING")
    settings = ServiceSettings()
    monkeypatch.setenv("SYMPOSIA_TELEMETRY__LOG_LEVEL", "verbose")

    assert settings.telemetry.log_level is LogLevel.WARNING
    with pytest.raises(ValidationError, match="'debug', 'info', 'warning' or 'error'"):
        ServiceSettings()


def test_a_secret_is_read_from_the_file_that_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "key").write_text("c2VjcmV0\n")
    monkeypatch.setenv("SYMPOSIA_SECRETS__KEY_FILE", str(tmp_path / "key"))

    settings = ServiceSettings()

    assert settings.secrets.key.get_secret_value() == "c2VjcmV0"


def test_a_file_that_is_not_there_is_told_by_the_name_of_its_setting(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SYMPOSIA_SECRETS__KEY_FILE", str(tmp_path / "absent"))

    with pytest.raises(Misconfigured, match="SYMPOSIA_SECRETS__KEY_FILE"):
        ServiceSettings()


def test_a_misspelt_field_of_a_section_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SYMPOSIA_HTTP__PROT", "9000")

    with pytest.raises(ValidationError, match="prot"):
        ServiceSettings()


def test_a_secret_never_shows_when_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SYMPOSIA_SECRETS__KEY", "do-not-show")

    assert "do-not-show" not in repr(ServiceSettings())
