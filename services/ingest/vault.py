"""Webhook secrets at rest, each sealed for its source."""

from __future__ import annotations

from shared import vault
from shared.vault import Sealed

__all__ = ["Sealed", "Vault"]


class Vault(vault.Vault):
    """What webhook secrets are sealed with."""

    purpose = b"symposia ingest webhook secrets v1"
