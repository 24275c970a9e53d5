"""docker-compose.yml: as Compose's schema has it, safe by its linter, and in agreement with the code."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import BaseModel

from deploy.kafka.artefacts import kafka_version
from deploy.kafka.layout import MESSAGE_MAX_BYTES
from services.cli import COMMANDS
from services.enrichment.settings import Settings as EnrichmentSettings
from services.gateway.settings import Settings as GatewaySettings
from services.ingest.settings import Settings as IngestSettings
from services.installation import ClientSettings
from services.scoring.settings import Settings as ScoringSettings
from shared.master_key import read_master_key
from shared.settings import FILE_SUFFIX, PREFIX, ServiceSettings

ROOT = Path(__file__).parents[3]
FILE = ROOT / "docker-compose.yml"
COMPOSE: dict[str, Any] = yaml.safe_load(FILE.read_text("utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
SETTINGS: dict[str, type[ServiceSettings]] = {
    "gateway": GatewaySettings,
    "background": GatewaySettings,
    "ingest": IngestSettings,
    "telling": IngestSettings,
    "enrichment": EnrichmentSettings,
    "scoring": ScoringSettings,
    "migrate": ClientSettings,
}
PUBLISHED = {"gateway", "ingest", "grafana", "prometheus"}
SECRETS = {"master_key", "database_password", "database_url", "grafana_password"}


def run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)


def variables(service: str) -> dict[str, str]:
    return {name: value for name, value in SERVICES[service]["environment"].items() if name.startswith(PREFIX)}


def setting_exists(model: type[BaseModel], path: list[str]) -> bool:
    field = model.model_fields.get(path[0])
    if field is None or len(path) == 1:
        return field is not None
    return isinstance(field.annotation, type) and setting_exists(field.annotation, path[1:])


def mounted_files() -> Iterator[Path]:
    for service in SERVICES.values():
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            if source.startswith("."):
                yield ROOT / source


@pytest.mark.parametrize(
    "command", [("check_jsonschema", "--builtin-schema", "vendor.compose-spec"), ("compose_lint",)], ids=["schema", "safety"]
)
def test_the_file_passes_its_checkers(command: tuple[str, ...]) -> None:
    checked = run(sys.executable, "-m", *command, str(FILE))

    assert checked.returncode == 0, checked.stdout + checked.stderr


@pytest.mark.parametrize("service", SETTINGS)
def test_each_variable_is_a_setting_of_its_service(service: str) -> None:
    for name in variables(service):
        path = name.removeprefix(PREFIX).removesuffix(FILE_SUFFIX).lower().split("__")

        assert setting_exists(SETTINGS[service], path) or setting_exists(ClientSettings, path), name


@pytest.mark.parametrize("service", SETTINGS)
def test_a_service_reads_its_settings_as_compose_gives_them(
    service: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = run("bash", "deploy/secrets.sh", str(tmp_path))
    for name, value in variables(service).items():
        default = re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", value)
        monkeypatch.setenv(name, default.replace("/run/secrets", str(tmp_path)))

    settings = SETTINGS[service]()

    assert made.returncode == 0, made.stderr
    assert settings.postgres.url.get_secret_value().startswith("postgresql://symposia:")
    assert len(read_master_key(settings.secrets.key.get_secret_value())) == 32


@pytest.mark.parametrize("service", SETTINGS)
def test_a_service_runs_a_command_that_there_is(service: str) -> None:
    (command,) = SERVICES[service]["command"]

    assert command in COMMANDS


@pytest.mark.parametrize("service", SERVICES)
def test_what_runs_for_long_has_a_health_check_limits_and_a_restart_policy(service: str) -> None:
    told = SERVICES[service]

    assert "limits" in told["deploy"]["resources"]
    if service == "migrate":
        assert told["restart"] == "no"
    else:
        assert told["restart"] == "unless-stopped"
        assert told["healthcheck"]["test"]


@pytest.mark.parametrize("service", [name for name in SETTINGS if name != "migrate"])
def test_a_service_waits_for_the_tables_and_is_scraped_where_it_listens(service: str) -> None:
    scraped = yaml.safe_load((ROOT / "deploy/prometheus/prometheus.yml").read_text("utf-8"))["scrape_configs"]
    ports = {job["job_name"]: job["dns_sd_configs"][0]["port"] for job in scraped if "dns_sd_configs" in job}

    assert SERVICES[service]["depends_on"]["migrate"] == {"condition": "service_completed_successfully"}
    assert ports[service] == int(variables(service)["SYMPOSIA_HTTP__PORT"])


@pytest.mark.parametrize("service", SERVICES)
def test_only_doors_and_boards_are_published_and_only_to_this_host(service: str) -> None:
    ports = SERVICES[service].get("ports", [])

    assert bool(ports) == (service in PUBLISHED)
    assert all(port.startswith("127.0.0.1:") for port in ports)


def test_kafka_is_the_one_that_is_tested_and_takes_records_as_large() -> None:
    kafka = SERVICES["kafka"]

    assert kafka["image"] == f"apache/kafka:{kafka_version()}"
    assert int(kafka["environment"]["KAFKA_MESSAGE_MAX_BYTES"]) == MESSAGE_MAX_BYTES
    assert int(kafka["environment"]["KAFKA_REPLICA_FETCH_MAX_BYTES"]) == MESSAGE_MAX_BYTES


def test_what_is_mounted_is_there() -> None:
    files = list(mounted_files())

    assert files
    assert all(path.exists() for path in files)
    assert (ROOT / SERVICES["gateway"]["build"]["dockerfile"]).exists()


def test_the_secrets_are_made_once_for_their_owner_alone(tmp_path: Path) -> None:
    directory = tmp_path / "secrets"

    run("bash", "deploy/secrets.sh", str(directory))
    made = {path.name: path.read_text("ascii") for path in directory.iterdir()}
    run("bash", "deploy/secrets.sh", str(directory))

    assert made.keys() == SECRETS == COMPOSE["secrets"].keys()
    assert made == {path.name: path.read_text("ascii") for path in directory.iterdir()}
    assert directory.stat().st_mode & 0o777 == 0o700
    assert f":{made['database_password']}@postgres:5432/" in made["database_url"]
