"""Run ingest alone: `python -m services.ingest`."""

from __future__ import annotations

import uvloop

from services.ingest.app import NAME, open_service
from services.ingest.settings import Settings
from shared.service import run_alone

if __name__ == "__main__":
    uvloop.run(run_alone(NAME, Settings(), open_service))
