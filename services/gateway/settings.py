"""The gateway's settings."""

from __future__ import annotations

from pydantic import Field

from services.gateway.domain.version import LATEST
from shared.settings import Section, ServiceSettings
from shared.stream.settings import StreamSettings
from shared.xapi.model import Version


class GatewaySettings(Section):
    """What the gateway's doors take and serve, and how they wait."""

    recorder: bool = Field(
        default=True, description="Run the recorder in this process too; one of all replicas records at a time"
    )
    definitions: bool = Field(default=True, description="Merge what statements say of activities in this process too")
    forwarding: bool = Field(
        default=True, description="Forward to other LRSs from this process too; one of all replicas sends to a target at a time"
    )
    wait_seconds: float = Field(
        default=1.5,
        gt=0,
        description="Seconds that an answer waits for the recorder; while that takes longer the log's acknowledgement is enough",
    )
    poll_seconds: float = Field(
        default=0.1, gt=0, description="Seconds between two looks at the recorder's progress where no announcement is heard"
    )
    read_seconds: float = Field(
        default=5.0, gt=0, description="Seconds that a read of xAPI's resources may take before it is answered 503"
    )
    statements_per_request: int = Field(default=1000, ge=1, description="Statements that one request may carry; more get 413")
    multipart_bytes: int = Field(
        default=32 * 1024 * 1024, gt=0, description="Largest request of statements with attachments; larger ones get 413"
    )
    page_size: int = Field(default=500, ge=1, description="Statements on one page of an answer at most")
    version_without_header: Version | None = Field(
        default=None, description="The xAPI version of requests without X-Experience-API-Version; default: they get 400"
    )
    version_answered: Version = Field(
        default=LATEST,
        description="The xAPI version that an answer names where neither the request nor, before it, its key names one spoken",
    )
    credentials_refresh: float = Field(
        default=5.0, gt=0, description="Seconds between two readings of the credentials: a revocation takes effect within"
    )
    credentials_keep: float = Field(
        default=86_400.0, gt=0, description="Seconds that known credentials work on while PostgreSQL is down"
    )
    requests_per_minute: int = Field(
        default=0, ge=0, description="Requests a minute that one gateway takes of a credential without a limit of its own; 0: any"
    )
    refusals_per_minute: int = Field(
        default=60, ge=0, description="Refused keys a minute from one address; from then on it gets 429 in their place; 0: any"
    )
    access_token_seconds: int = Field(
        default=3600, ge=60, le=86_400, description="Seconds that an access token of /oauth/token is valid"
    )
    usage_interval: float = Field(
        default=10.0, gt=0, description="Seconds between two writings of last uses and refused requests"
    )


class Settings(ServiceSettings):
    """Everything the gateway is told."""

    stream: StreamSettings = Field(default_factory=StreamSettings)
    gateway: GatewaySettings = Field(default_factory=GatewaySettings)
