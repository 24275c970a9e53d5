"""What the gateway's OpenAPI document says, and whether an answer is as it says."""

from __future__ import annotations

from typing import Any

import jsonschema_rs

from services.gateway.description import described

SCHEMAS = described("https://symposia.example")["components"]["schemas"]


def faults_of(told: Any, schema: str) -> list[str]:
    """Return what of *told* is not as the schema of this name says, what it does not tell of included."""
    components = {"components": {"schemas": _closed(SCHEMAS)}, "$ref": f"#/components/schemas/{schema}"}
    return [error.message for error in jsonschema_rs.validator_for(components).iter_errors(told)]


def _closed(schema: Any) -> Any:
    """Return *schema* with no room for properties that it does not name."""
    if isinstance(schema, list | tuple):
        return [_closed(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    described_whole = {"required", "properties"} <= set(schema)
    return {name: _closed(each) for name, each in schema.items()} | ({"additionalProperties": False} if described_whole else {})
