"""The settings of ingest."""

from __future__ import annotations

from pydantic import Field

from shared.settings import HttpSettings, Section, ServiceSettings
from shared.stream.settings import StreamSettings


class DoorSettings(Section):
    """What the door for deliveries bears."""

    max_body_bytes: int = Field(default=1024 * 1024, gt=0, description="Largest delivery; larger ones get 413")
    max_depth: int = Field(default=64, gt=0, description="Deepest nesting of a delivery's JSON")
    max_values: int = Field(default=100_000, gt=0, description="Most values in a delivery's JSON")
    deadline: float = Field(default=2.5, gt=0, le=3, description="Seconds after which a delivery is answered 503")
    remembered: int = Field(
        default=20_000, ge=0, description="Deliveries that are remembered, to spare the work of repeated ones"
    )
    refresh: float = Field(default=5.0, gt=0, description="Seconds after which a change of a source is seen at the latest")


class WaitingSettings(Section):
    """How long interactions wait for what their meaning depends on."""

    grace: float = Field(
        default=60.0,
        gt=0,
        description="Seconds until a reply or reaction is told without its thread's root, or an attendance by what was seen",
    )
    patience: float = Field(
        default=7 * 24 * 3600.0, gt=0, description="Seconds until what cannot be told without its root is given up"
    )
    interval: float = Field(default=2.0, gt=0, description="Seconds between two looks for what has waited long enough")
    batch: int = Field(default=200, ge=1, description="Interactions that one look takes at most")


class IngestHttpSettings(HttpSettings):
    """Where ingest listens."""

    port: int = Field(default=8081, ge=0, le=65535, description="Port to listen on; 0 takes a free one")


class IngestSettings(Section):
    """What only ingest has to be told."""

    door: DoorSettings = Field(default_factory=DoorSettings)
    waiting: WaitingSettings = Field(default_factory=WaitingSettings)


class Settings(ServiceSettings):
    """Everything that ingest can be told."""

    http: IngestHttpSettings = Field(default_factory=IngestHttpSettings)
    stream: StreamSettings = Field(default_factory=StreamSettings)
    ingest: IngestSettings = Field(default_factory=IngestSettings)
