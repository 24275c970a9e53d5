"""Run enrichment alone: `python -m services.enrichment`."""

from __future__ import annotations

import uvloop

from services.enrichment.app import NAME, open_service
from services.enrichment.settings import Settings
from shared.service import run_alone

if __name__ == "__main__":
    uvloop.run(run_alone(NAME, Settings(), open_service))
