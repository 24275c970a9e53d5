"""How OpenAPI describes what plain routes take: they read bytes by themselves, so it is said by hand."""

from __future__ import annotations

from typing import Any, Final

from services.gateway.domain.version import VERSION_HEADER


def parameter(name: str, description: str, *, where: str = "query", required: bool = False, **schema: Any) -> dict[str, Any]:
    """Describe a parameter: a string, unless *schema* says more."""
    described = {"type": "string"} | schema
    return {"name": name, "in": where, "required": required, "description": description, "schema": described}


VERSION: Final = parameter(VERSION_HEADER, "The version of xAPI that is spoken: 1.0.x or 2.0.x", where="header", required=True)
