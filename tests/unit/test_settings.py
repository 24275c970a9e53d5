"""Settings come from the environment, and from the files it names."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from services.installation import ClientSettings
from services.together import PARTS
from shared.errors import Misconfigured
from shared.settings import SECTIONS, HttpSettings, LogLevel, ServiceSettings


def test_a_section_is_set_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SYMPOSIA_HTTP__PORT", "9000")

    settings = ServiceSettings()

    assert settings.http.port == 9000


def test_database_url_sets_the_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://db.example/symposia")

    settings = ServiceSettings()

    assert settings.postgres.url.get_secret_value() == "postgresql://db.example/symposia"


def test_the_address_of_the_database_may_stand_in_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "url").write_text("postgresql://db.example/symposia\n", encoding="utf-8")
    monkeypatch.setenv("DATABASE_URL_FILE", str(tmp_path / "url"))

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


def test_a_misspelt_section_is_refused_and_other_names_are_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SYMPOSIA_HOME", "/srv/symposia")
    monkeypatch.setenv("OTHER__THING", "1")
    ServiceSettings()

    monkeypatch.setenv("SYMPOSIA_GATWAY__PAGE_SIZE", "5")
    with pytest.raises(Misconfigured, match="There is no setting SYMPOSIA_GATWAY__PAGE_SIZE"):
        ServiceSettings()


def test_the_sections_are_those_of_all_services_and_of_the_commands() -> None:
    kinds: list[type[ServiceSettings]] = [ClientSettings, *(part.settings for part in PARTS.values())]

    assert {name for kind in kinds for name in kind.model_fields} == SECTIONS


@pytest.mark.parametrize(
    "told",
    [
        "lrs.example.org",
        "ftp://lrs.example.org",
        "https://",
        "https://a b",
        "https://x.org/?a=1",
        "https://u:p@x.org",
        "https://x.org/#a",
    ],
)
def test_what_is_no_address_of_a_service_is_refused(told: str) -> None:
    with pytest.raises(ValidationError, match=r"such as https://learning\.example\.org"):
        HttpSettings(public_url=told)


@pytest.mark.parametrize(
    ("host", "public", "base", "local"),
    [
        ("127.0.0.1", "", "http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("0.0.0.0", "", "http://0.0.0.0:8080", "http://127.0.0.1:8080"),  # noqa: S104  compared, not bound
        ("::", "", "http://[::]:8080", "http://[::1]:8080"),
        ("::1", "https://[2001:db8::1]:8443/lrs/", "https://[2001:db8::1]:8443/lrs", "http://[::1]:8080"),
        ("", "https://lrs.example.org/a/", "https://lrs.example.org/a", "http://127.0.0.1:8080"),
    ],
)
def test_others_reach_a_service_as_is_told_and_this_machine_where_it_listens(
    host: str, public: str, base: str, local: str
) -> None:
    http = HttpSettings(host=host, public_url=public)

    assert (http.base_url, http.local_url) == (base, local)


def test_a_secret_never_shows_when_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SYMPOSIA_SECRETS__KEY", "do-not-show")

    assert "do-not-show" not in repr(ServiceSettings())
