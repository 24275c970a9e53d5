"""`symposia settings`: the table of settings, made from the classes that read them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from importlib import import_module
from typing import Any, Final

import typer
from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from services.commands.console import NONE, out
from services.installation import ClientSettings
from shared.settings import PREFIX

SERVICES: Final = ("gateway", "ingest", "enrichment", "scoring")
COMMANDS: Final = "commands"
HEAD: Final = """\
# Settings

Every service reads its settings once, from the environment, when it starts. `symposia settings > docs/settings.md` makes this
page from the classes that read them; a test fails when it is out of date.

- A name with `_FILE` at its end (`SYMPOSIA_SECRETS__KEY_FILE=/run/secrets/key`) names a file that the value is read from.
- `DATABASE_URL`, or `DATABASE_URL_FILE`, sets `SYMPOSIA_POSTGRES__URL`. Where none is set, `symposia up`, `demo` and the
  commands use the PostgreSQL in their home.
- `SYMPOSIA_HOME` is the home folder of `symposia up` and of the commands: `~/.symposia` unless it is set. The master key is read
  from `master.key` in it where `SYMPOSIA_SECRETS__KEY` is not set; services that run alone read only the environment.
- `symposia up` takes `SYMPOSIA_HTTP__PORT` for the gateway, and the next three ports for ingest, enrichment and scoring.
"""

app = typer.Typer()


@app.command()
def settings() -> None:
    """Print every setting, its default and what it means."""
    out.print(document(), end="", soft_wrap=True)


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting: its name in the environment, its default as it is written there, and what it means."""

    name: str
    default: str
    meaning: str
    section: str


def document() -> str:
    """Return docs/settings.md."""
    by_setting: dict[Setting, list[str]] = {}
    for service in SERVICES:
        for setting in _settings(import_module(f"services.{service}.settings").Settings):
            by_setting.setdefault(setting, []).append(service)
    for setting in _settings(ClientSettings):
        by_setting.setdefault(setting, [COMMANDS])
    sections = dict.fromkeys(setting.section for setting in by_setting)
    return "\n".join([HEAD, *(_table(section, by_setting) for section in sections)])


def _table(section: str, by_setting: Mapping[Setting, list[str]]) -> str:
    rows = [f"## {section}", "", "| Setting | Default | Meaning | Services |", "|---|---|---|---|"]
    for setting, services in by_setting.items():
        if setting.section == section:
            where = "all" if len(services) == len(SERVICES) else ", ".join(services)
            rows.append(f"| `{setting.name}` | {setting.default} | {setting.meaning} | {where} |")
    return "\n".join((*rows, ""))


def _settings(model: type[BaseModel], path: tuple[str, ...] = ()) -> Iterator[Setting]:
    for name, field in model.model_fields.items():
        yield from _of_field(field, (*path, name), _default(field))


def _of_field(field: FieldInfo, path: tuple[str, ...], default: Any) -> Iterator[Setting]:
    if isinstance(default, BaseModel):
        for name, inner in type(default).model_fields.items():
            yield from _of_field(inner, (*path, name), getattr(default, name))
        return
    title = " · ".join(part.capitalize() for part in path[:-1])
    yield Setting(PREFIX + "__".join(path).upper(), _written(default), (field.description or "").replace("|", "\\|"), title)


def _default(field: FieldInfo) -> Any:
    default = field.get_default(call_default_factory=True, validated_data={})
    return "" if default is PydanticUndefined else default


def _written(default: Any) -> str:
    match default:
        case SecretStr():
            text = default.get_secret_value()
        case Enum():
            text = str(default.value)
        case str():
            text = default
        case None:
            text = ""
        case float():
            text = f"{default:g}" if default < 1e6 else str(int(default))  # noqa: PLR2004  where %g turns to exponents
        case _:
            text = json.dumps(default, default=str)
    return f"`{text}`" if text else NONE
