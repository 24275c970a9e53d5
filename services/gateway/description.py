"""What OpenAPI says of the gateway: its plain routes, what all doors answer, and how a key is shown to them."""

from __future__ import annotations

from typing import Any

from services.gateway.credentials import documentation as oauth
from services.gateway.credentials.tokens import TOKEN_PATH
from services.gateway.definitions import documentation as things
from services.gateway.documents import documentation as documents
from services.gateway.impact import documentation as impact
from services.gateway.openapi import SECURITY, components
from services.gateway.sources import documentation as sources
from services.gateway.statements import documentation as statements


def described(base_url: str) -> dict[str, Any]:
    """Return what FastAPI does not find out by itself; *base_url* is the address that others reach the doors by."""
    schemas = {**statements.SCHEMAS, **things.SCHEMAS, **impact.SCHEMAS, **sources.SCHEMAS, **oauth.SCHEMAS}
    return {
        "servers": [{"url": base_url}],
        "paths": {**statements.PATHS, **documents.PATHS, **things.PATHS, **oauth.PATHS},
        "components": components(schemas, f"{base_url}{TOKEN_PATH}"),
        "security": SECURITY,
    }
