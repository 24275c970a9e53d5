"""Scoring's settings."""

from __future__ import annotations

from pydantic import Field

from shared.settings import HttpSettings, ServiceSettings
from shared.stream.settings import StreamSettings


class Settings(ServiceSettings):
    """Everything that scoring can be told; see docs/settings.md."""

    http: HttpSettings = Field(default_factory=lambda: HttpSettings(port=8083))
    stream: StreamSettings = Field(default_factory=StreamSettings)
