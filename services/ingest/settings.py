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
        description="Seconds until a reply or reaction is told without its root, or an attendance without an end",
    )
    session: float = Field(
        default=3600.0,
        gt=0,
        description="Seconds until an attendance is told of a session whose end is not known",
    )
    patience: float = Field(
        default=7 * 24 * 3600.0, gt=0, description="Seconds until what cannot be told without its root is given up"
    )
    interval: float = Field(default=2.0, gt=0, description="Seconds between two looks for what has waited long enough")
    batch: int = Field(default=200, ge=1, description="Interactions that one look takes at most")


class AskingSettings(Section):
    """How platforms are asked for what they do not deliver."""

    look: float = Field(default=1.0, gt=0, description="Seconds between two looks for what is due to be asked")
    deadline: float = Field(default=20.0, gt=0, description="Seconds within which a platform has to answer")
    most_bytes: int = Field(default=8 * 1024 * 1024, gt=0, description="Largest answer of a platform")
    private_network: bool = Field(
        default=False, description="Ask platforms in private networks too, such as a forum or wiki of one's own"
    )
    user_agent: str = Field(
        default="Symposia/0.1 (learning record system)", description="How we name ourselves; public platforms want a contact"
    )
    first_pause: float = Field(default=5.0, gt=0, description="Seconds until a platform that did not answer is asked again")
    longest_pause: float = Field(default=3600.0, gt=0, description="Seconds between two tries at the most")
    attempts: int = Field(default=12, ge=1, description="Tries after which something that was named by id may be given up")
    patience: float = Field(
        default=7 * 24 * 3600.0,
        ge=0,
        description="Seconds for which it is tried before it is given up; not where strangers name it (ActivityPub, Webmention)",
    )
    batch: int = Field(default=50, ge=1, description="Things named by id that are asked for in one go")
    crowd: int = Field(
        default=1000,
        ge=1,
        description="Things that strangers named to one source (ActivityPub, Webmention) and that wait; who names more gets 429",
    )


class IngestHttpSettings(HttpSettings):
    """Where ingest listens."""

    port: int = Field(default=8081, ge=0, le=65535, description="Port to listen on; 0 takes a free one")


class IngestSettings(Section):
    """What only ingest has to be told."""

    door: DoorSettings = Field(default_factory=DoorSettings)
    waiting: WaitingSettings = Field(default_factory=WaitingSettings)
    asking: AskingSettings = Field(default_factory=AskingSettings)
    background: bool = Field(
        default=True, description="Tell what was heard, and ask platforms; false for doors beside which another process does"
    )
    tally_interval: float = Field(
        default=5.0, gt=0, description="Seconds between two writings of what was counted of each source, for its operators"
    )


class Settings(ServiceSettings):
    """Everything that ingest can be told."""

    http: IngestHttpSettings = Field(default_factory=IngestHttpSettings)
    stream: StreamSettings = Field(default_factory=StreamSettings)
    ingest: IngestSettings = Field(default_factory=IngestSettings)
